package engine_test

import (
	"os"
	"strings"
	"testing"
)

// Each block of Go on the testbed's page stands in the example file, line by line, so
// that it is compiled and run.
func TestTheTestbedPageQuotesCode(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, code := read("../../docs/testbed.md"), read("example_test.go")
	blocks := strings.Split(page, "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the page shows no code")
	}
	for _, b := range blocks {
		block, _, closed := strings.Cut(b, "```\n")
		if !closed || !strings.Contains(code, "\n"+block) {
			t.Errorf("this is not in the example file:\n%s", block)
		}
	}
}
