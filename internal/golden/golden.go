// Package golden holds what a test has made against a file that somebody has looked at: a text ([File]), or steps with what each
// makes happen ([Steps]). Test with -update to write the files anew, as someone who has understood every line that changes.
package golden

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Update reports whether files are to be written anew.
func Update() bool { return *update }

// TB is what is needed of a test.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// File fails the test if got is not what the file has, and shows where they part. With -update it writes the file first.
func File(t TB, file, got string) {
	t.Helper()
	if *update {
		if err := Write(file, got); err != nil {
			t.Fatalf("%v", err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if at := Differ(got, string(want)); at != "" {
		t.Errorf("%s, line %s\nif that is right, test with -update", file, at)
	}
}

// Write writes a golden file, and the folder for it.
func Write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// context is how many lines are shown before and after the first that differs.
const context = 3

// Differ is where a text begins to differ from what is wanted, with the lines around, and "" where it does not.
func Differ(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	at := 0
	for at < len(g) && at < len(w) && g[at] == w[at] {
		at++
	}
	around := func(lines []string) string {
		return strings.TrimSuffix(strings.Join(lines[min(max(at-context, 0), len(lines)):min(at+context+1, len(lines))], ""), "\n")
	}
	return fmt.Sprintf("%d: got\n%s\nwant\n%s", at+1, around(g), around(w))
}

// Steps runs a file of steps, which an empty line parts. A step is some lines of comment, a command, a line "----" and
// what the command makes happen: do is given each command, in order, and says what it made happen.
func Steps(t TB, file string, do func(command string) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var steps []string
	for step := range strings.SplitSeq(strings.Trim(string(text), "\n"), "\n\n") {
		head, want, _ := strings.Cut(step, "\n----")
		lines := strings.Split(head, "\n")
		got, want := strings.TrimRight(do(lines[len(lines)-1]), "\n"), strings.Trim(want, "\n")
		if got != want && !*update {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", head, got, want)
		}
		if got != "" {
			got += "\n" // so that an empty line ends a step, and there is no other
		}
		steps = append(steps, head+"\n----\n"+got)
	}
	if *update {
		if err := Write(file, strings.TrimRight(strings.Join(steps, "\n"), "\n")+"\n"); err != nil {
			t.Fatalf("%v", err)
		}
	}
}
