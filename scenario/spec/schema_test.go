package spec_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// validator is the schema, compiled.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := spec.Schema(known{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asJSON(t *testing.T, src string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(src), &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaTakesWhatParseTakes(t *testing.T) {
	s := validator(t)
	for _, src := range []string{everything, small} {
		if err := s.Validate(asJSON(t, src)); err != nil {
			t.Error(err)
		}
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	s := validator(t)
	for _, change := range [][2]string{
		{"duration: 10s", "duratoin: 10s"}, {"duration: 10s", "duration: 10"}, {"100KBps}", "100kbps}"},
		{"source: back-to-back", "source: constant"}, {"kill: B", "kil: B"}, {"name: small\n", ""},
	} {
		src := string(bytes.Replace([]byte(small), []byte(change[0]), []byte(change[1]), 1))
		if s.Validate(asJSON(t, src)) == nil {
			t.Errorf("%q for %q passes", change[1], change[0])
		}
	}
}
