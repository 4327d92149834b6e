package netcode_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// whole fails unless all receivers have all that was sent, and none has skipped anything.
func (g *graph) whole(t *testing.T) {
	t.Helper()
	for name, r := range g.read {
		if c := g.nodes[name].Counters(); r.next != g.src.limit || c.Skipped != 0 {
			t.Errorf("%s got %d of %d packets: %+v", name, r.next, g.src.limit, c)
		}
	}
	for name, m := range g.nodes {
		if m.Oldest() != g.nodes["s"].Oldest() {
			t.Errorf("%s still holds generation %d, the source %d", name, m.Oldest(), g.nodes["s"].Oldest())
		}
	}
}

// A relay that is sent nothing of a generation, because those below it have it from others,
// is told that there is such a generation, and lets go of it. Else it holds up everybody for
// ever.
func TestRelayThatIsNotNeededHoldsNobodyUp(t *testing.T) {
	lossy, slow, feed := emul.Link{Loss: 0.4}, emul.Link{Loss: 0.4, Rate: 20 * emul.KBps}, emul.Link{Rate: 50 * emul.KBps}
	edges := []edge{{"s", "a", slow}, {"s", "b", lossy}, {"s", "c", lossy}, {"s", "hop", emul.Link{}}, {"a", "x", lossy},
		{"hop", "r", emul.Link{Loss: 0.05}}, {"a", "r", feed}, {"b", "r", feed}, {"c", "r", feed}, {"x", "r", feed}}
	for seed := range uint64(10) {
		src := &counted{app: 1, size: always(100), limit: 600, every: 10 * time.Millisecond}
		g := newGraph(t, seed, netcode.Session{K: 2}, []string{"s", "a", "b", "c", "x", "hop", "r"}, edges, []string{"a", "b", "c", "r"}, src)
		g.runFor(t, 50*time.Second)
		g.whole(t)
	}
}

// A lane that is closed because it rested is no failure: whoever is behind it misses nothing,
// and is waited for.
func TestSourceThatPausesLosesNothing(t *testing.T) {
	for _, pause := range []time.Duration{59 * time.Second, 61 * time.Second, 200 * time.Second} {
		for seed := range uint64(5) {
			src := &counted{app: 1, size: always(100), limit: 40, every: pause}
			edges := []edge{{"s", "near", emul.Link{}}, {"s", "far", emul.Link{Latency: 200 * time.Millisecond, Loss: 0.2}},
				{"s", "a", emul.Link{Latency: 50 * time.Millisecond}}, {"a", "r", emul.Link{Loss: 0.2}}, {"near", "r", emul.Link{}}}
			g := newGraph(t, seed, netcode.Session{K: 2}, []string{"s", "near", "far", "a", "r"}, edges, []string{"near", "far", "r"}, src)
			g.runFor(t, 41*pause)
			g.whole(t)
		}
	}
}

// And one that ends while its link rests is found to have gone when there is something for it
// again.
func TestReceiverThatEndsWhileItsLinkRests(t *testing.T) {
	const pause = 100 * time.Second
	for _, kind := range []sim.FaultKind{sim.Crash, sim.Stop, sim.Restart} {
		src := &counted{app: 1, size: always(100), limit: 60, every: pause}
		g := newGraph(t, 1, netcode.Session{K: 2, Window: 2}, []string{"s", "ends", "stays"},
			[]edge{{"s", "ends", emul.Link{}}, {"s", "stays", emul.Link{}}}, []string{"ends", "stays"}, src)
		g.read["ends"].gaps, g.read["ends"].restarts = true, true
		g.w.Schedule(sim.Fault{At: 5*pause + 90*time.Second, Kind: kind, Nodes: []string{"ends"}})
		g.runFor(t, 62*pause)
		if c := g.nodes["stays"].Counters(); g.read["stays"].next != src.limit || c.Skipped != 0 {
			t.Errorf("%v: the one that stays got %d of %d packets: %+v", kind, g.read["stays"].next, src.limit, c)
		}
		if got := g.read["ends"].next; kind == sim.Restart && got != src.limit {
			t.Errorf("%v: the one that ended got up to %d of %d packets: %+v", kind, got, src.limit, g.nodes["ends"].Counters())
		}
	}
}
