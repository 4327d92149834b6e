package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/internal/golden"
)

func TestDiffer(t *testing.T) {
	for _, c := range []struct{ got, want, says string }{
		{"", "", ""},
		{"a\nb\n", "a\nb\n", ""},
		{"a\nb\n", "a\nc\n", "2: got\na\nb\nwant\na\nc"},
		{"a\n", "a", "1: got\na\nwant\na"}, // a line's end is part of it
		{"a\nb\n", "a\n", "2: got\na\nb\nwant\na"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", "5: got\n2\n3\n4\n5\n6\n7\n8\nwant\n2\n3\n4\nx\n6\n7\n8"},
	} {
		if says := golden.Differ(c.got, c.want); says != c.says {
			t.Errorf("%q for %q:\n%s\nwant\n%s", c.got, c.want, says, c.says)
		}
	}
}

// failures is a test that notes how it fails.
type failures struct{ text []string }

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, a ...any) {
	f.text = append(f.text, fmt.Sprintf(format, a...))
}
func (f *failures) Fatalf(format string, a ...any) { f.Errorf(format, a...) }

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "run.txt")
	if err := golden.Write(file, "one\n"); err != nil {
		t.Fatal(err)
	}
	var f failures
	if golden.File(&f, file, "one\n"); len(f.text) > 0 {
		t.Error(f.text)
	}
	if golden.File(&f, file, "two\n"); len(f.text) != 1 || !strings.Contains(f.text[0], "run.txt, line 1: got\ntwo") {
		t.Error(f.text)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if golden.File(&f, file, "one\n"); len(f.text) != 3 { // no file, and so nothing that is wanted
		t.Error(f.text)
	}
}

func TestSteps(t *testing.T) {
	file := filepath.Join(t.TempDir(), "steps.txt")
	text := "# it counts\nadd 2\n----\n2\n\nadd 3\n----\n5\n\nsilence\n----\n"
	if err := golden.Write(file, text); err != nil {
		t.Fatal(err)
	}
	sum := 0
	do := func(command string) string {
		n := 0
		if _, err := fmt.Sscanf(command, "add %d", &n); err != nil {
			return ""
		}
		sum += n
		return fmt.Sprintln(sum)
	}
	var f failures
	if golden.Steps(&f, file, do); len(f.text) > 0 {
		t.Error(f.text)
	}
	if golden.Steps(&f, file, do); len(f.text) != 2 || !strings.Contains(f.text[0], "# it counts\nadd 2\ngot:\n7\nwant:\n2") {
		t.Error(f.text)
	}
}
