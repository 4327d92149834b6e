package live_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/observer/report"
)

// eventually waits for something that must come, on however slow a machine.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(5 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("after five minutes it is not so that %s", what)
		}
	}
}

// An observer goes under many nodes and comes back at the same address: it has all of them again, with what it has
// remembered and without. IOVERLAY_OBSERVER_NODES says how many; 50 without it.
func TestAnObserverIsLostUnderManyNodes(t *testing.T) {
	count := 50
	if text := os.Getenv("IOVERLAY_OBSERVER_NODES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	o := live.Options{StateFile: t.TempDir() + "/state.json"}
	l, err := live.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Listen = l.ID().String()
	eng, err := engine.New(engine.Options{Loops: 1, ExpectNodes: count})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	eng.AllUp()
	for i := range count {
		alg := &algos.Base{}
		if err := report.To(alg, report.Options{Observers: []core.NodeID{l.ID()}, Name: "n" + strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
		if _, err := eng.AddNode(alg, engine.NodeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	all := func() bool {
		c, err := l.Counts()
		return err == nil && c.Up == count
	}
	eventually(t, "all nodes are shown", all)
	for _, remember := range []bool{true, false} {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if !remember {
			if err := os.Remove(o.StateFile); err != nil {
				t.Fatal(err)
			}
		}
		if l, err = live.Start(o); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		eventually(t, "all nodes are shown again", all)
		t.Logf("%d nodes are shown again after %v (remembered: %v; %d goroutines)", count, time.Since(began).Round(time.Millisecond), remember, runtime.NumGoroutine())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
