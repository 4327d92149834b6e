package node

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// rings counts the rings that a process has mapped.
func rings(t *testing.T, c *child) int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", c.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(maps, []byte("memfd:ioverlay-ring"))
}

// awaitLog waits until a node's standard error has a line with all the words.
func awaitLog(t *testing.T, c *child, words ...string) {
	t.Helper()
	f, ok := c.cmd.Stderr.(*os.File)
	if !ok {
		t.Fatal("standard error is no file")
	}
	for hung := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return
			}
		}
		if time.Now().After(hung) {
			t.Fatalf("no line has %q", words)
		}
	}
}

// Processes of one host share memory by themselves, unless either is told not to; what
// arrives is checked, and kill -9 at either end is a failure of the link, told to the
// other.
func TestNodesOfAHostShareMemory(t *testing.T) {
	for _, c := range []struct{ from, to bool }{{true, true}, {true, false}, {false, true}} {
		t.Run(fmt.Sprintf("%v to %v", c.from, c.to), func(t *testing.T) {
			shm := func(on bool) string { return fmt.Sprintf("--shm=%v", on) }
			sink := startNode(t, "--sink", shm(c.to))
			relay := startNode(t, "--downstream", sink.id, shm(c.from))
			source := startNode(t, "--downstream", relay.id, "--source", "back-to-back", shm(c.from))
			r := sink.until(func(r nodereport.Report) bool { return r.Messages > 10_000 })
			if r.Missing+r.OutOfOrder+r.Corrupt != 0 {
				t.Errorf("%+v", r)
			}
			want := []int{0, 1, 1} // the link between source and relay has it whenever both want to
			if !c.from {
				want = []int{0, 0, 0}
			} else if c.to {
				want = []int{1, 2, 1}
			}
			if got := []int{rings(t, sink), rings(t, relay), rings(t, source)}; !slices.Equal(got, want) {
				t.Errorf("sink, relay and source have mapped %v rings, want %v", got, want)
			}
			if err := relay.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			awaitLog(t, source, "event=link-down", "direction=downstream", "reason=reset")
			awaitLog(t, sink, "event=link-down", "direction=upstream", "reason=reset")
			if n := rings(t, sink) + rings(t, source); n != 0 {
				t.Errorf("%d rings are still mapped", n)
			}
		})
	}
}
