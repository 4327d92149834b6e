package observer

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/report"
)

// An observer in a process of its own is killed (SIGKILL) under many nodes, and started again: it shows all of them, whether
// they report together or each for itself, with a file of those that were there and without. IOVERLAY_KILLED_NODES says how
// many there are; 100 without it. How long it took is logged.
func TestAnObserverIsKilledUnderManyNodes(t *testing.T) {
	count := 100
	if text := os.Getenv("IOVERLAY_KILLED_NODES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	for _, together := range []bool{true, false} {
		t.Run(map[bool]string{true: "together", false: "alone"}[together], func(t *testing.T) {
			at, state := freePort(t), filepath.Join(t.TempDir(), "state.json")
			args := []string{"--listen", at, "--state", state}
			r := startObserver(t, args...)
			manyNodes(t, at, count, together)
			all := func() bool { return len(r.nodes(t)) == count }
			eventually(t, "all nodes are shown", all)
			who := count // that the file names
			if together {
				who = 1
			}
			for _, remembered := range []bool{true, false} {
				if remembered {
					eventually(t, "the file has all of them", func() bool {
						text, err := os.ReadFile(state)
						return err == nil && strings.Count(string(text), "127.0.0.1:") == who
					})
				}
				r.kill(t)
				if !remembered {
					if err := os.Remove(state); err != nil {
						t.Fatal(err)
					}
				}
				r = startObserver(t, args...)
				began := time.Now()
				eventually(t, "all nodes are shown again", all)
				t.Logf("%d nodes are shown again %v after the page was there (remembered: %v)", count, time.Since(began).Round(time.Millisecond), remembered)
			}
		})
	}
}

// manyNodes starts nodes of this process that report to an observer.
func manyNodes(t *testing.T, observer string, count int, together bool) {
	t.Helper()
	id, err := core.ParseNodeID(observer)
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.New(engine.Options{Loops: 1, ExpectNodes: count})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(eng.Close)
	eng.AllUp()
	to := report.To
	if together {
		shared, err := report.Share(eng, engine.NodeOptions{}, id)
		if err != nil {
			t.Fatal(err)
		}
		to = shared.To
	}
	for i := range count {
		alg := &algos.Base{}
		if err := to(alg, report.Options{Observers: []core.NodeID{id}, Name: fmt.Sprintf("n%d", i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := eng.AddNode(alg, engine.NodeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}
