package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/internal/interleave/interleavetest"
)

// The tests of interleave_test.go: two loops under many orders of their steps.
func TestEverySchedule(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("runs in a process of its own, which this build's records have no part in")
	}
	interleavetest.Run(t)
}

// Each guard against a lost wake-up is needed: without it a schedule is found in which a loop sleeps while there is
// work for it. So the tests of interleave_test.go can fail.
func TestGuardsAreNeeded(t *testing.T) {
	if testing.Short() || bufpool.Tracing {
		t.Skip("builds the package once for each guard")
	}
	for _, g := range []struct{ name, file, guard, without string }{
		{"receiver looks again", "mempipe.go",
			"if r, res = p.ring.Pop(); res == ring.Empty {\n\t\t\treturn false\n\t\t}\n\t\tp.idle.Store(false)", "return false"},
		{"sender looks again", "mempipe.go",
			"if p.bytes.Load() >= limit || p.ring.Len() == p.ring.Cap() || !p.starved.Swap(false) {\n\t\t\t\treturn moved\n\t\t\t}", "return moved"},
		{"loop looks again", "turn.go", "lp.raised.Store(false)\n\tlp.settle()", "lp.raised.Store(false)"},
		{"receiver wakes the sender", "mempipe.go",
			"if p.starved.Load() && p.starved.Swap(false) {\n\t\tp.wake(p.from, pipeOut)\n\t}", ""},
		{"sender wakes the receiver", "mempipe.go", "if p.fill(l) && p.idle.Load() && p.idle.Swap(false) {\n\t\tp.wake(p.to, pipeIn)\n\t}", "p.fill(l)"},
		{"lower before it says so", "turn.go", "lp.wake.lower()\n\tlp.raised.Store(false)", "lp.raised.Store(false)\n\tlp.wake.lower()"},
		{"a note wakes the loop", "inbox.go", "if r == ring.OK {\n\t\tlp.raise()\n\t}", ""},
		{"a ring's writer looks again", "shmring.go", "if !halfFree(w.tail, w.head, len(w.bytes)) {\n\t\treturn true, nil\n\t}\n\tw.words.full.Store(false)\n\treturn false, nil", "return true, nil"},
		{"a ring's reader looks again", "shmring.go", "if have == 0 && err == nil {\n\t\treturn true, nil\n\t}\n\tr.words.asleep.Store(false)\n\treturn false, err", "_ = have\n\treturn true, err"},
		{"a ring's writer says first", "shmring.go", "w.words.full.Store(true)\n\t// The reader may have made room before it could see that.\n\tif err := w.look(); err != nil {\n\t\treturn false, err\n\t}",
			"if err := w.look(); err != nil {\n\t\treturn false, err\n\t}\n\tw.words.full.Store(true)"},
		{"a ring's reader says first", "shmring.go", "r.words.asleep.Store(true)\n\t// The writer may have written before it could see that.\n\thave, err := r.look()",
			"have, err := r.look()\n\tr.words.asleep.Store(true)"},
		{"a full inbox loses no note", "mempipe.go", "lp.post(func() { p.noted(end) })", "_ = end"},
	} {
		t.Run(g.name, func(t *testing.T) {
			out, err := interleavetest.Try(t, "-overlay="+overlay(t, g.file, g.guard, g.without))
			if err == nil {
				t.Error("nothing goes wrong without this guard")
			} else if !strings.Contains(out, "schedule ") || strings.Contains(out, "[build failed]") {
				t.Errorf("failed for another reason: %v\n%s", err, out)
			}
		})
	}
}

// overlay makes a file for the go command's -overlay in which one piece of a source file is another.
func overlay(t *testing.T, file, piece, other string) string {
	t.Helper()
	abs, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(abs)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), piece); n != 1 {
		t.Fatalf("%s has this %d times; it should have it once:\n%s", file, n, piece)
	}
	changed := filepath.Join(t.TempDir(), file)
	list := filepath.Join(t.TempDir(), "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {abs: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{changed: []byte(strings.Replace(string(src), piece, other, 1)), list: replace} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return list
}
