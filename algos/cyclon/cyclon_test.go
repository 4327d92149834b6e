package cyclon_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/cyclon"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

func TestScenario(t *testing.T) { scenariotest.Run(t, "testdata/cyclon.yaml") }

// rig is a world of nodes.
type rig struct {
	*simtest.World
	t *testing.T
}

// eachSeed runs a test with several seeds, in a world of nodes each of which knows some that started before.
func eachSeed(t *testing.T, n int, test func(r rig)) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})
			dice := rand.New(rand.NewPCG(seed, 1))
			w.Add(n, func(i int) core.Algorithm {
				c := cyclon.New()
				c.Size, c.Shuffle = 8, 4
				for range 2 {
					c.AddHost(w.ID(fmt.Sprint("n", dice.IntN(max(i, 1)))))
				}
				return c
			})
			test(rig{w, t})
		})
	}
}

// whole looks at every view for a while, and at the end for what must hold of all of them: they know no
// node that is gone, and are one network.
func (r rig) whole(d time.Duration, gone func(core.NodeID) bool) {
	r.t.Helper()
	for end := r.Now() + d; r.Now() < end; r.RunFor(1777 * time.Millisecond) {
		for _, n := range r.Nodes() {
			if n.Running() {
				if err := n.Algorithm().(*cyclon.Cyclon).Invariant(); err != nil {
					r.t.Fatalf("at %v: %v", r.Now(), err)
				}
			}
		}
	}
	near := make(map[core.NodeID][]core.NodeID)
	var some core.NodeID
	live := 0
	for _, n := range r.Nodes() {
		if !n.Running() {
			continue
		}
		c := n.Algorithm().(*cyclon.Cyclon)
		if c.BadMessages()+c.Unhandled() > 0 {
			r.t.Errorf("%s could not use %d messages, and did not know %d", n.Name(), c.BadMessages(), c.Unhandled())
		}
		live, some = live+1, n.ID()
		for _, e := range c.View() {
			if gone(e.ID) {
				r.t.Errorf("at %v %s has an entry of %s, that is gone", r.Now(), n.Name(), r.Name(e.ID))
			}
			near[n.ID()], near[e.ID] = append(near[n.ID()], e.ID), append(near[e.ID], n.ID())
		}
	}
	seen := map[core.NodeID]bool{some: true}
	for walk := []core.NodeID{some}; len(walk) > 0; walk = walk[1:] {
		for _, id := range near[walk[0]] {
			if !seen[id] {
				seen[id] = true
				walk = append(walk, id)
			}
		}
	}
	if len(seen) != live {
		r.t.Errorf("at %v %d of %d nodes are in the network of %s", r.Now(), len(seen), live, r.Name(some))
	}
}

func nobody(core.NodeID) bool { return false }

// Views fill, and come to hold others all the time.
func TestJoins(t *testing.T) {
	eachSeed(t, 40, func(r rig) {
		r.whole(2*time.Minute, nobody)
		first := r.Nodes()[0].Algorithm().(*cyclon.Cyclon)
		met := make(map[core.NodeID]bool)
		for range 60 {
			r.RunFor(10 * time.Second)
			if id := first.Peer(); !id.IsZero() {
				met[id] = true
			}
		}
		for _, n := range r.Nodes() {
			if got := len(n.Algorithm().(*cyclon.Cyclon).View()); got < 6 {
				r.t.Errorf("%s has a view of %d", n.Name(), got)
			}
		}
		if len(met) < 20 { // of 39, in 60 draws
			r.t.Errorf("%d nodes were drawn in ten minutes", len(met))
		}
	})
}

// Half of the nodes fail at once, others start again: entries of those that are gone go, and what is left is one network.
func TestFaults(t *testing.T) {
	const n = 40
	eachSeed(t, n, func(r rig) {
		r.whole(2*time.Minute, nobody)
		dice := rand.New(rand.NewPCG(r.Nodes()[3].Core().Rand().Uint64(), 1))
		gone := make(map[core.NodeID]bool)
		for _, i := range dice.Perm(n - 1)[:n/2] { // the first is a contact of most
			f := sim.Fault{At: r.Now(), Kind: sim.Crash, Nodes: []string{fmt.Sprint("n", i+1)}}
			gone[r.ID(f.Nodes[0])] = true
			r.Schedule(f)
		}
		for i := range 10 {
			id := r.ID(fmt.Sprint("n", i+1))
			if !gone[id] {
				r.Schedule(sim.Fault{At: r.Now() + time.Duration(i)*time.Second, Kind: sim.Restart, Nodes: []string{r.Name(id)}})
			}
		}
		r.whole(5*time.Minute, func(id core.NodeID) bool { return gone[id] })
	})
}

// Sides that never had entries of each other come together through contacts. (Those that were one before do by what
// still waits on their links.)
func TestPartitionHeals(t *testing.T) {
	const n = 30
	eachSeed(t, n, func(r rig) {
		var sides [2][]string
		for i := range n {
			k := i % 2
			sides[k] = append(sides[k], fmt.Sprint("n", i))
		}
		r.Schedule(sim.Fault{At: r.Now(), Kind: sim.Partition, Groups: sides[:]})
		r.RunFor(15 * time.Minute)
		r.Schedule(sim.Fault{At: r.Now(), Kind: sim.Heal})
		r.whole(5*time.Minute, nobody)
	})
}

// What strangers send leaves views as they must be.
func TestStrangers(t *testing.T) {
	eachSeed(t, 10, func(r rig) {
		x := &algos.Base{}
		stranger := r.AddNode("x", func() core.Algorithm { return x })
		r.RunFor(time.Minute)
		victim := r.Nodes()[3]
		body := func(ids ...core.NodeID) *entries {
			e := &entries{}
			for _, id := range ids {
				e.list = append(e.list, cyclon.Entry{ID: id, Age: 1<<16 - 1})
			}
			return e
		}
		stranger.Core().Call(func() {
			x.Post(victim.ID(), typeShuffle+2, body(victim.ID(), core.NodeID{}, x.ID(), x.ID()))
			x.Post(victim.ID(), typeShuffle+2, nil)  // malformed
			x.Post(victim.ID(), typeShuffle, body()) // asks nothing
			algos.Ask(x, victim.ID(), typeShuffle, body(), time.Second, func(got *entries, err error) {
				if err != nil || len(got.list) > 0 {
					r.t.Errorf("for no entries it gave %v, %v", got, err)
				}
			})
		})
		r.RunFor(2 * time.Second)
		c := victim.Algorithm().(*cyclon.Cyclon)
		if err := c.Invariant(); err != nil {
			r.t.Error(err)
		}
		if c.BadMessages() != 2 {
			r.t.Errorf("%d messages were bad, want 2", c.BadMessages())
		}
	})
}
