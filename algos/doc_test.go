package algos_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
)

const tutorial = "../docs/algorithm.md"

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocQuotesCode holds the tutorial to code that is compiled and run: each of its
// blocks stands in one of the example files, line by line.
func TestDocQuotesCode(t *testing.T) {
	code := readFile(t, "example_test.go") + readFile(t, "algorithms_test.go") + readFile(t, "kit_example_test.go") + readFile(t, "figures_test.go")
	blocks := strings.Split(readFile(t, tutorial), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the tutorial shows no code")
	}
	for _, b := range blocks {
		block, _, closed := strings.Cut(b, "```\n")
		if !closed || !strings.Contains(code, "\n"+block) {
			t.Errorf("this is not in the example files:\n%s", block)
		}
	}
}

// TestDocListsStatus holds the tutorial's list of the report's fields complete.
func TestDocListsStatus(t *testing.T) {
	_, text, found := strings.Cut(readFile(t, tutorial), "### The status report")
	if !found {
		t.Fatal("the tutorial has no part on the status report")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	for _, s := range []any{algos.Status{}, algos.StatusUp{}, algos.StatusDown{}, algos.StatusLoss{}, algos.StatusSession{}} {
		for f := range reflect.TypeOf(s).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("cbor"), ",")
			if name == "" || !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%T.%s, %q on the wire, is not in the tutorial", s, f.Name, name)
			}
		}
	}
}
