package algos_test

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// cube is an overlay whose keys belong to the nodes that are nearest by XOR, as in Kademlia: nothing of a ring.
type cube struct {
	algos.Base
	router         algos.Router
	self           algos.Peer
	peers          algos.Peers
	silent, failed []core.NodeID
	found          []*algos.Found
	errs           []error
}

func (c *cube) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.self = algos.PeerOf(n.ID())
	r := &c.router
	r.Base, r.Type, r.Timeout, r.Next = &c.Base, wire.FirstUserType, time.Second, c.next
	r.Silent = func(p algos.Peer) { c.silent = append(c.silent, p.ID) }
	r.Failed = func(p algos.Peer) {
		c.failed = append(c.failed, p.ID)
		c.peers = slices.DeleteFunc(c.peers, func(q algos.Peer) bool { return q == p })
	}
	r.Open()
}

// next is the node nearest to a key, which is this one if it knows nobody nearer.
func (c *cube) next(key algos.Key, except core.NodeID) (algos.Peer, bool) {
	best := c.self
	for _, p := range c.peers {
		if p.ID != except && p.Key^key < best.Key^key {
			best = p
		}
	}
	return best, best == c.self
}

func (c *cube) lookup(key algos.Key) {
	c.router.Lookup(key, func(f *algos.Found, err error) { c.found, c.errs = append(c.found, f), append(c.errs, err) })
}

// cubes are nodes that know two others, if there are any, for each number of bits that their keys have in common.
func cubes(t *testing.T, n int) (*simtest.World, []*cube) {
	w := simtest.New(t, sim.Options{Seed: 1, Hop: time.Millisecond})
	cs := make([]*cube, n)
	w.Add(n, func(i int) core.Algorithm {
		cs[i] = &cube{router: algos.Router{Tries: 3}}
		return cs[i]
	})
	for _, c := range cs {
		var common [65]int
		for _, other := range cs {
			if at := bits.LeadingZeros64(uint64(c.self.Key ^ other.self.Key)); other != c && common[at] < 2 {
				common[at]++
				c.peers = append(c.peers, other.self)
			}
		}
	}
	return w, cs
}

// nearest is the owner of a key among those that run.
func nearest(w *simtest.World, cs []*cube, key algos.Key) (best algos.Peer) {
	for i, c := range cs {
		if w.Nodes()[i].Running() && (best.None() || c.self.Key^key < best.Key^key) {
			best = c.self
		}
	}
	return best
}

// each has every node that runs look a key up, and holds what it finds against the owner.
func each(t *testing.T, w *simtest.World, cs []*cube) (hops int) {
	t.Helper()
	keys := make([]algos.Key, len(cs))
	for i, n := range w.Nodes() {
		if n.Running() {
			n.Core().Call(func() {
				keys[i] = algos.Key(cs[i].Rand().Uint64())
				cs[i].lookup(keys[i])
			})
		}
	}
	w.RunFor(10 * time.Second)
	for i, n := range w.Nodes() {
		if !n.Running() {
			continue
		}
		c := cs[i]
		if len(c.found) != 1 || c.errs[0] != nil || c.found[0].Key != keys[i] || c.found[0].Owner != nearest(w, cs, keys[i]) {
			t.Fatalf("%s has found %v, %v; the owner is %v", n.Name(), c.found, c.errs, nearest(w, cs, keys[i]))
		}
		hops = max(hops, int(c.found[0].Hops))
		c.found, c.errs = nil, nil
	}
	return hops
}

// Owners are found through nodes that know few, in few hops, and so they are when some of those have failed.
func TestRouter(t *testing.T) {
	const n = 64
	w, cs := cubes(t, n)
	w.RunFor(time.Second)
	if hops := each(t, w, cs); hops < 2 || hops > 8 {
		t.Errorf("a question was passed on %d times", hops)
	}
	var gone []string
	for i := 0; i < n; i += 8 {
		gone = append(gone, fmt.Sprint("n", i))
	}
	w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: gone})
	w.RunFor(time.Second)
	each(t, w, cs)
	failed := 0
	for _, c := range cs {
		failed += len(c.failed)
		if len(c.silent) > 0 {
			t.Errorf("%v held %v for silent", c.ID(), c.silent)
		}
	}
	if failed == 0 {
		t.Error("nobody was told who has failed")
	}
}

// threeCubes has the first of three nodes, whose ways a test decides, look a key up.
func threeCubes(t *testing.T, know func(cs []*cube), faults ...sim.Fault) []*cube {
	w := simtest.New(t, sim.Options{Seed: 1, Hop: time.Millisecond})
	cs := make([]*cube, 3)
	w.Add(3, func(i int) core.Algorithm {
		cs[i] = &cube{router: algos.Router{Tries: 3}}
		return cs[i]
	})
	know(cs)
	for _, f := range faults {
		w.Schedule(f)
	}
	w.RunFor(time.Second)
	w.Nodes()[0].Core().Call(func() { cs[0].lookup(1) })
	w.RunFor(time.Minute)
	if s := cs[0].CallStats(); s.Open != 0 || len(cs[0].errs) != 1 {
		t.Fatalf("the lookup has ended %d times: %v; %+v", len(cs[0].errs), cs[0].errs, s)
	}
	return cs
}

// A question that gets no answer in time takes another way, Tries times in all.
func TestRouterTakesAnotherWay(t *testing.T) {
	cut := sim.Fault{Kind: sim.CutOneWay, Nodes: []string{"n0", "n1"}}
	ways := func(cs []*cube) {
		cs[0].router.Next = func(_ algos.Key, except core.NodeID) (algos.Peer, bool) {
			if except == cs[1].ID() {
				return cs[2].self, false
			}
			return cs[1].self, false
		}
		cs[2].router.Next = func(algos.Key, core.NodeID) (algos.Peer, bool) { return cs[2].self, true }
	}
	cs := threeCubes(t, ways, cut)
	if c := cs[0]; c.errs[0] != nil || c.found[0].Owner != cs[2].self || c.found[0].Hops != 1 || !slices.Equal(c.silent, []core.NodeID{cs[1].ID()}) {
		t.Errorf("found %v, %v; %v are silent", c.found, c.errs, c.silent)
	}
	cs = threeCubes(t, func(cs []*cube) {
		ways(cs)
		cs[0].router.Tries = 1
	}, cut)
	if c := cs[0]; !errors.Is(c.errs[0], algos.ErrTimeout) || len(c.silent) != 1 {
		t.Errorf("one try came to %v, %v; %v are silent", c.found, c.errs, c.silent)
	}
}

// Nodes that pass a question round in a circle come to an end, and say so.
func TestRouterEndsCircles(t *testing.T) {
	cs := threeCubes(t, func(cs []*cube) {
		for i, c := range cs {
			c.router.MaxHops = 20
			c.router.Next = func(algos.Key, core.NodeID) (algos.Peer, bool) { return cs[(i+1)%3].self, false }
		}
	})
	far := cs[0].router.TooFar() + cs[1].router.TooFar() + cs[2].router.TooFar()
	if !errors.Is(cs[0].errs[0], algos.ErrTimeout) || far != 3 {
		t.Errorf("the lookup came to %v, and %d questions went too far, want one for each try", cs[0].errs, far)
	}
}

// A node that cannot be reached is not asked for ever, though Next names it again; nor is one that knows nobody.
func TestRouterLeavesWhoHasFailed(t *testing.T) {
	stubborn := func(cs []*cube) {
		cs[0].router.Next = func(algos.Key, core.NodeID) (algos.Peer, bool) { return cs[1].self, false }
		cs[1].router.Next = func(algos.Key, core.NodeID) (algos.Peer, bool) { return algos.Peer{}, true }
	}
	for _, faults := range [][]sim.Fault{{{Kind: sim.Crash, Nodes: []string{"n1"}}}, nil} {
		if c := threeCubes(t, stubborn, faults...)[0]; !errors.Is(c.errs[0], algos.ErrUnreachable) || len(c.failed) != 1 {
			t.Errorf("the lookup came to %v, and %v have failed", c.errs, c.failed)
		}
	}
	for _, c := range []struct {
		owner bool // nobody is the owner, or the next one to ask
		want  error
	}{{true, algos.ErrNoOwner}, {false, algos.ErrNoPeer}} {
		alone := threeCubes(t, func(cs []*cube) {
			cs[0].router.Next = func(algos.Key, core.NodeID) (algos.Peer, bool) { return algos.Peer{}, c.owner }
		})[0]
		if !errors.Is(alone.errs[0], c.want) || alone.found[0] != nil {
			t.Errorf("the lookup came to %v, %v, want %v", alone.found, alone.errs, c.want)
		}
	}
}

// A Router that lacks something says so at once.
func TestRouterOpenPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was opened without functions")
		}
	}()
	(&algos.Router{Base: &algos.Base{}, Timeout: time.Second}).Open()
}
