package scenario_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

const docs = "../docs/scenario.md"

func readDocs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What a fragment of the documentation leaves out.
var skeleton = []struct{ key, text string }{
	{"name", "name: fragment\n"},
	{"duration", "duration: 10s\n"},
	{"nodes", "nodes: [A..G]\n"},
	{"applications", "applications: [{name: stream, at: A, source: back-to-back}]\n"},
}

// Every YAML snippet of the documentation is a scenario, or becomes one with what it
// leaves out.
func TestSnippetsOfTheDocumentation(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	multicast, err := os.ReadFile("../docs/coding-multicast.md")
	if err != nil {
		t.Fatal(err)
	}
	snippets := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readDocs(t)+string(readme)+string(multicast), -1)
	if len(snippets) < 7 {
		t.Fatalf("only %d snippets", len(snippets))
	}
	for _, s := range snippets {
		var keys map[string]any
		if err := yaml.Unmarshal([]byte(s[1]), &keys); err != nil {
			t.Fatalf("%v in\n%s", err, s[1])
		}
		src := s[1]
		for _, part := range skeleton {
			if _, there := keys[part.key]; !there {
				src = part.text + src
			}
		}
		if _, err := spec.Parse("snippet.yaml", []byte(src), spec.Options{Algorithms: scenario.Shipped()}); err != nil {
			t.Errorf("%v\nin\n%s", err, src)
		}
	}
}

// Every key, unit, measure, algorithm and parameter is in the documentation.
func TestTheDocumentationHasEverything(t *testing.T) {
	text := readDocs(t)
	has := func(what, name string) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("the %s `%s` is not documented", what, name)
		}
	}
	schema, err := spec.Schema(scenario.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	var s any
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatal(err)
	}
	for _, key := range properties(s) {
		has("key", key)
	}
	for _, u := range spec.Units {
		has("unit", u.Name)
	}
	for _, m := range spec.Measures {
		if has("measure", m.Name); m.Name != "goodput" && m.Name != "throughput" && !strings.Contains(text, m.About) {
			t.Errorf("the measure %s is not documented as %q", m.Name, m.About)
		}
	}
	for _, name := range scenario.Shipped().Names() {
		has("algorithm", name)
	}
}

// properties lists the names of all properties in a schema.
func properties(v any) (names []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			names = append(names, properties(x)...)
		}
	case map[string]any:
		for key, x := range v {
			if props, ok := x.(map[string]any); ok && key == "properties" {
				for name := range props {
					names = append(names, name)
				}
			}
			names = append(names, properties(x)...)
		}
	}
	return names
}

// The schema beside the documentation is the one that "ioverlay schema" prints.
func TestTheSchemaIsCurrent(t *testing.T) {
	want, err := spec.Schema(scenario.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../docs/scenario.schema.json")
	if err != nil || string(got) != string(want)+"\n" {
		t.Errorf("%v; run: ioverlay schema > docs/scenario.schema.json", err)
	}
}
