package netcode_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

const tutorial = "../../docs/coding-multicast.md"

// TestDocQuotesCode holds the tutorial to code that is compiled and run: each of its
// blocks stands in the example file, line by line.
func TestDocQuotesCode(t *testing.T) {
	code, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(tutorial)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```go\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the tutorial shows no code")
	}
	for _, b := range blocks {
		block, _, closed := strings.Cut(b, "```\n")
		if !closed || !strings.Contains(string(code), "\n"+block) {
			t.Errorf("this is not in the example file:\n%s", block)
		}
	}
}

// The whole program that the tutorial promises has at most 80 lines.
func TestExampleIsShort(t *testing.T) {
	text, err := os.ReadFile("../../examples/coding-multicast/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 80 {
		t.Errorf("the example has %d lines", n)
	}
}
