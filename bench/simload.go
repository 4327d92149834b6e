package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bench/traffic"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// SimLoads are the names of what a virtual-time world can be loaded with.
func SimLoads() []string { return []string{"gossip", "scenario", "tree", "chain", "sources"} }

const (
	simDegree      = 4    // nodes that each node of a gossip knows, and fan-out of a tree
	gossipPayload  = 128  // bytes
	gossipInterval = 4    // new messages a hop
	streamPayload  = 5120 // bytes
	streamRate     = 1000 // messages a second
)

// simLoad is a world and what keeps it busy.
type simLoad struct {
	world *sim.World
	links int          // that there will be
	step  func() error // lets a little time pass
}

// newSimLoad builds a world.
func newSimLoad(s SimSpec) (simLoad, error) {
	w := sim.New(sim.Options{Seed: s.Seed})
	switch s.Load {
	case "gossip":
		return gossipLoad(w, s.Nodes), nil
	case "tree":
		return streamLoad(w, s.Nodes, simDegree), nil
	case "chain":
		return streamLoad(w, s.Nodes, 1), nil
	}
	return simLoad{}, fmt.Errorf("%w: no load is called %q", ErrSpec, s.Load)
}

// flood is gossip in the fewest steps, so that little is measured but the runtime:
// who sees a number for the first time passes the message on to all that it knows.
type flood struct {
	*core.Node
	peers []core.NodeID
	seen  [16]uint64 // one bit a number, of the last thousand or so
	first uint64     // number of the lowest bit
}

// Bind implements core.Algorithm.
func (f *flood) Bind(n *core.Node) { f.Node = n }

// Process implements core.Algorithm.
func (f *flood) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && f.fresh(m.Seq()) {
		for _, p := range f.peers {
			f.Send(m, p)
		}
	}
	return core.Done
}

func (f *flood) fresh(seq uint64) bool {
	const window = 64 * uint64(len(f.seen))
	for seq >= f.first+window {
		f.seen[f.first/64%uint64(len(f.seen))] = 0
		f.first += 64
	}
	word, bit := &f.seen[seq/64%uint64(len(f.seen))], uint64(1)<<(seq%64)
	if seq < f.first || *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// gossipLoad makes a random graph in which every node knows four others, and
// floods it from one node after another.
func gossipLoad(w *sim.World, nodes int) simLoad {
	rng := rand.New(rand.NewPCG(w.Seed(), 1))
	for i := range nodes {
		f := &flood{peers: []core.NodeID{w.ID(fmt.Sprint("n", (i+1)%nodes))}} // so that nobody is left out
		for len(f.peers) < min(simDegree, nodes-1) {
			p := w.ID(fmt.Sprint("n", rng.IntN(nodes)))
			if p != w.ID(fmt.Sprint("n", i)) && !slices.Contains(f.peers, p) {
				f.peers = append(f.peers, p)
			}
		}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return f })
	}
	var seq uint64
	var n *core.Switch
	next := func() {
		m := n.NewMsg(wire.TypeData, traffic.App, gossipPayload)
		m.SetSeq(seq)
		seq++
		clear(m.Payload())
		for _, p := range n.Algorithm().(*flood).peers {
			n.Send(m, p)
		}
	}
	return simLoad{w, nodes * min(simDegree, nodes-1), func() error {
		for range gossipInterval {
			n = w.Nodes()[rng.IntN(nodes)].Core()
			n.Call(next)
		}
		return w.RunFor(sim.DefaultHop)
	}}
}

// streamLoad makes a tree in which every node passes a stream on, from the root.
func streamLoad(w *sim.World, nodes, fanOut int) simLoad {
	for i := range nodes {
		var down []core.NodeID
		for k := i*fanOut + 1; k <= i*fanOut+fanOut && k < nodes; k++ {
			down = append(down, w.ID(fmt.Sprint("n", k)))
		}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return relay.New(nil, down...) })
	}
	source := apps.NewConstantRate(apps.Stream{App: traffic.App, Payload: streamPayload}, streamRate)
	w.Nodes()[0].Core().AddSource(traffic.App, source)
	return simLoad{w, nodes - 1, func() error { return w.RunFor(time.Millisecond) }}
}
