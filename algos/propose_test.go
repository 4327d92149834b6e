package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// What may come of asking a node.
func TestPropose(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(w *simtest.World, a, b *friend, n *sim.Node) // before a asks b; n is b's
		peers  [2]bool                                           // a's, at once and in the end
		other  bool                                              // b's
	}{
		{"it says yes", nil, [2]bool{true, true}, true},
		{"they ask each other", func(_ *simtest.World, a, b *friend, n *sim.Node) { n.Core().Call(func() { b.meet(a.ID()) }) }, [2]bool{true, true}, true},
		{"it has that one as a peer already", func(_ *simtest.World, a, b *friend, _ *sim.Node) { b.peers.Add(a.ID()) }, [2]bool{true, true}, true},
		{"it says no, as it is too far", func(_ *simtest.World, _, b *friend, _ *sim.Node) { b.at.X = 9 }, [2]bool{true, false}, false},
		{"it says no to who was a peer", func(_ *simtest.World, a, b *friend, _ *sim.Node) { b.at.X = 9; b.peers.Add(a.ID()) }, [2]bool{true, false}, false},
		{"it is full", func(_ *simtest.World, _, b *friend, _ *sim.Node) { b.peers.Max = 0 }, [2]bool{true, false}, false},
		{"it has banned it", func(_ *simtest.World, a, b *friend, _ *sim.Node) { b.peers.Ban(a.ID()) }, [2]bool{true, false}, false},
		{"it is banned", func(_ *simtest.World, a, b *friend, _ *sim.Node) { a.peers.Ban(b.ID()) }, [2]bool{false, false}, false},
		{"there is no room", func(_ *simtest.World, a, _ *friend, _ *sim.Node) { a.peers.Max = 0 }, [2]bool{false, false}, false},
		{"it cannot be reached", func(w *simtest.World, _, _ *friend, n *sim.Node) {
			w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{n.Name()}})
			w.RunFor(0)
		}, [2]bool{true, false}, false},
		{"it is silent", func(w *simtest.World, a, _ *friend, n *sim.Node) {
			w.Schedule(sim.Fault{At: w.Now(), Kind: sim.CutOneWay, Nodes: []string{w.Name(a.ID()), n.Name()}})
			w.RunFor(0)
		}, [2]bool{true, false}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			w, nodes := town(t, sim.Options{Seed: 1}, 2, 1)
			w.RunFor(time.Second)
			a, b := friendOf(nodes[0]), friendOf(nodes[1])
			if c.change != nil {
				c.change(w, a, b, nodes[1])
			}
			nodes[0].Core().Call(func() { a.meet(b.ID()); a.meet(core.NodeID{}); a.meet(a.ID()) })
			if got := a.peers.Has(b.ID()); got != c.peers[0] {
				t.Errorf("at once it is a peer: %v", got)
			}
			w.RunFor(5 * time.Second)
			if got := a.peers.Has(b.ID()); got != c.peers[1] || a.peers.Len() > 1 {
				t.Errorf("in the end it is a peer: %v, of %d", got, a.peers.Len())
			}
			if got := nodes[1].Running() && b.peers.Has(a.ID()); got != c.other {
				t.Errorf("who asked is a peer there: %v", got)
			}
			if calls := a.CallStats(); calls.Refused+calls.Open > 0 || a.BadMessages()+b.BadMessages() > 0 {
				t.Errorf("calls were made that cannot be, or have not ended: %+v", calls)
			}
		})
	}
}
