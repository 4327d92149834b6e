package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/internal/protocoltest"
)

// protocolLife is one life of a node of a random protocol.
type protocolLife struct {
	*protocoltest.Peer
	node *Node
}

// startProtocol starts all nodes and has them begin.
func startProtocol(t *testing.T, e *testEngine, rng *rand.Rand, nodes int) (lives []*protocolLife, plan *protocoltest.Plan) {
	var ids []core.NodeID
	for i := range nodes {
		l := &protocolLife{Peer: protocoltest.NewPeer(nil, i)}
		l.node = e.add(t, l.Peer, NodeOptions{})
		lives, ids = append(lives, l), append(ids, l.node.ID())
	}
	plan = protocoltest.Draw(rng, ids)
	plan.Tick = 20 * time.Millisecond
	do(t, lives[0].node, func(n *core.Node) { plan.Until = n.Now() + 400*time.Millisecond })
	for _, l := range lives {
		do(t, l.node, func(*core.Node) { l.Follow(plan) })
	}
	for _, l := range lives {
		do(t, l.node, func(*core.Node) { l.Begin() })
	}
	return lives, plan
}

// TestRandomProtocols: live, in the end nothing waits, nothing is left and nothing is
// lost without being told, whatever the links, the loops and the queues. The engine's
// own check holds goroutines, descriptors and slabs level.
func TestRandomProtocols(t *testing.T) {
	inWorlds(t, func(t *testing.T, wd world) {
		for seed := range uint64(scaled(4)) {
			rng := rand.New(rand.NewPCG(seed, uint64(wd.loops)))
			o := wd.options()
			o.Seed = seed + 1
			o.Core = core.Config{QueueMsgs: []int{0, 1, 2, 10}[seed%4], OverflowMsgs: []int{0, 20}[rng.IntN(2)], IdleTimeout: 200 * time.Millisecond}
			e := newEngine(t, o)
			lives, plan := startProtocol(t, e, rng, 2+rng.IntN(5))
			faults := protocoltest.Faults{}
			if seed%2 == 1 { // one crashes, and begins again
				i := rng.IntN(len(lives))
				old := lives[i]
				do(t, old.node, func(*core.Node) {})
				old.node.Kill()
				faults.Ended = true
				if wd.links != Mem {
					l := &protocolLife{Peer: protocoltest.NewPeer(plan, i)}
					l.node = e.add(t, l.Peer, NodeOptions{Listen: old.node.ID().String()})
					lives = append(lives, l)
				}
			}
			e.quiet(t, plan, lives)
			var books protocoltest.Books
			for _, l := range lives {
				if err := l.node.loop.do(func() { books.Add(l.Peer, l.node.core.Stats()) }); err != nil {
					t.Fatal(err)
				}
			}
			if err := books.Check(faults); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	})
}

// quiet waits until nobody does anything any more, and nothing is left of what they did.
func (e *testEngine) quiet(t *testing.T, plan *protocoltest.Plan, lives []*protocolLife) {
	t.Helper()
	eventually(t, "all lanes have ended", func() bool {
		lingering := 0
		for _, lp := range e.loops {
			if err := lp.do(func() { lingering += len(lp.lingering.list) }); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range lives {
			idle := false
			if err := l.node.loop.do(func() {
				s := l.node.core.Stats()
				idle = l.node.core.Ended() || l.node.core.Now() > plan.Until && len(s.Upstream)+len(s.Downstream)+s.Held == 0
			}); err != nil {
				t.Fatal(err)
			}
			if !idle {
				return false
			}
		}
		return lingering == 0
	})
}
