package tree_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/core/sim"
)

// The paper's session (figure 5) where nobody is told a bandwidth: each measures its own, and the tree is the one of bandwidths that
// are told. A's 500 KBps are seen as 200, which is the most that anybody else takes.
func TestLastMileMeasured(t *testing.T) {
	kbps := map[string]int{"S": 200, "A": 500, "B": 100, "C": 200, "D": 100}
	measured := map[string]float64{"S": 200e3, "A": 200e3, "B": 100e3, "C": 200e3, "D": 100e3}
	for seed := range uint64(10) {
		b := newBed(t, seed, tree.NodeStress, kbps, func(a *tree.Tree) { a.Measure = 4 })
		b.do("S", func(a *tree.Tree) { a.Root(app) })
		b.RunFor(20 * time.Second)
		for _, name := range []string{"D", "A", "C", "B"} {
			b.do(name, func(a *tree.Tree) { a.Join(app) })
			b.RunFor(20 * time.Second)
		}
		for name, want := range measured {
			if got := b.tree(name).Load(app).Bandwidth; got < 0.9*want || got > 1.1*want {
				t.Errorf("seed %d: %s measures %.0f bytes a second, want %.0f", seed, name, got, want)
			}
		}
		b.check(t, "A", "B", "C", "D")
	}
}

// Whom a node measures to is not there: the node comes in all the same, with what it is told.
func TestLastMileThatCannotBeMeasured(t *testing.T) {
	b := newBed(t, 1, tree.NodeStress, map[string]int{"S": 200, "A": 300, "B": 100, "C": 100}, func(a *tree.Tree) { a.Measure = 2 })
	b.do("S", func(a *tree.Tree) { a.Root(app) })
	b.RunFor(20 * time.Second)
	b.fault(sim.Fault{Kind: sim.Crash, Nodes: []string{"B", "C"}})
	b.do("A", func(a *tree.Tree) {
		a.RemoveHost(b.ID("S")) // it knows those alone who are gone
		a.Join(app)
	})
	b.RunFor(20 * time.Second)
	b.do("A", func(a *tree.Tree) { a.AddHost(b.ID("S")) })
	b.RunFor(10 * time.Second)
	b.check(t, "A")
	if got := b.tree("A").Load(app).Bandwidth; got != 300e3 {
		t.Errorf("A reckons with %.0f bytes a second, and is told 300000", got)
	}
}

// A member that leaves while it measures does not come in when that ends.
func TestLeaveWhileMeasuring(t *testing.T) {
	b := newBed(t, 1, tree.NodeStress, map[string]int{"S": 200, "A": 300}, func(a *tree.Tree) { a.Measure = 1 })
	b.do("S", func(a *tree.Tree) { a.Root(app) })
	b.RunFor(20 * time.Second)
	b.do("A", func(a *tree.Tree) { a.Join(app) })
	b.RunFor(10 * time.Millisecond)
	b.do("A", func(a *tree.Tree) { a.Leave(app) })
	b.RunFor(30 * time.Second)
	if a := b.tree("A"); a.InTree(app) || a.Joined(app) {
		t.Error("A has left, and is in the tree")
	}
	b.check(t)
}
