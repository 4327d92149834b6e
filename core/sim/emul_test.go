package sim_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// chain adds nodes a to d in a line, with a source at a that always has more.
func chain(t *testing.T) *sim.World {
	w := sim.New(sim.Options{Core: core.Config{QueueMsgs: 10}})
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	names := []string{"a", "b", "c", "d"}
	for i, name := range names {
		var next []core.NodeID
		if i+1 < len(names) {
			next = []core.NodeID{w.ID(names[i+1])}
		}
		w.AddNode(name, func() core.Algorithm { return relay.New(nil, next...) })
	}
	w.Node("a").Core().AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 5000}))
	return w
}

// rate is what crosses a link in a second of virtual time, in bytes.
func rate(t *testing.T, w *sim.World, from, to string) float64 {
	t.Helper()
	before := w.Link(w.ID(from), w.ID(to)).Bytes
	const span = 20
	if err := w.RunFor(span * time.Second); err != nil {
		t.Fatal(err)
	}
	return float64(w.Link(w.ID(from), w.ID(to)).Bytes-before) / span
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < want*0.99 || got > want*1.01 {
		t.Errorf("%s: %.0f bytes a second, want %.0f within 1%%", what, got, want)
	}
}

// A bottleneck comes, is felt by all links of the chain, survives a restart of its
// node, and goes.
func TestBottleneck(t *testing.T) {
	w := chain(t)
	w.Node("a").SetBandwidth(emul.Bandwidth{Up: 400 * emul.KBps})
	if err := w.RunFor(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	near(t, "before", rate(t, w, "c", "d"), 400e3)
	w.Node("b").SetLink(w.ID("c"), emul.Link{Rate: 150 * emul.KBps, Latency: 30 * time.Millisecond})
	w.Node("c").SetBandwidth(emul.Bandwidth{Down: 120 * emul.KBps})
	if err := w.RunFor(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	near(t, "at the bottleneck", rate(t, w, "c", "d"), 120e3)
	near(t, "upstream of it", rate(t, w, "a", "b"), 120e3)
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Restart, Nodes: []string{"c"}})
	if err := w.RunFor(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	near(t, "after a restart", rate(t, w, "c", "d"), 120e3)
	w.Node("c").SetBandwidth(emul.Bandwidth{})
	if err := w.RunFor(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	near(t, "when it has gone", rate(t, w, "c", "d"), 150e3)
}
