package netcode_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core/emul"
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
