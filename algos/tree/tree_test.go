package tree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(slabtest.Main{M: m}) }

const app = 1

// bed is a world of nodes that know each other; the first is the source's.
type bed struct {
	*simtest.World
	nodes []*sim.Node
}

// newBed makes nodes of these bandwidths, in KBps of the node's total.
func newBed(t simtest.TB, seed uint64, policy tree.Policy, kbps map[string]int, change func(*tree.Tree)) *bed {
	return newBedOn(t, seed, policy, kbps, emul.Link{}, change)
}

// newBedOn likewise, with links that are like this one.
func newBedOn(t simtest.TB, seed uint64, policy tree.Policy, kbps map[string]int, link emul.Link, change func(*tree.Tree)) *bed {
	b := &bed{World: simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled})}
	var names []string
	for name := range kbps {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.nodes = append(b.nodes, b.AddNode(name, func() core.Algorithm {
			a := tree.New(policy)
			for _, other := range names {
				if other != name {
					a.AddHost(b.ID(other))
				}
			}
			if change != nil {
				change(a)
			}
			return &limited{a, emul.Bandwidth{Total: emul.Rate(kbps[name] * 1000)}, link}
		}))
	}
	return b
}

// limited is a tree whose node has an emulated bandwidth.
type limited struct {
	*tree.Tree
	bandwidth emul.Bandwidth
	link      emul.Link
}

func (l *limited) Bind(n *core.Node) {
	l.Tree.Bind(n)
	l.SetBandwidth(l.bandwidth)
	l.SetDefaultLink(l.link)
}

func (b *bed) tree(name string) *tree.Tree { return b.Node(name).Algorithm().(*limited).Tree }

// do has a node do something, now.
func (b *bed) do(name string, fn func(*tree.Tree)) {
	b.Node(name).Core().Call(func() { fn(b.tree(name)) })
}

// edges are the links of the tree as parents see them.
func (b *bed) edges() string {
	var all []string
	for _, n := range b.nodes {
		if !n.Running() {
			continue
		}
		for _, child := range b.tree(n.Name()).Children(app) {
			all = append(all, n.Name()+"-"+b.NodeByID(child).Name())
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// fault happens now.
func (b *bed) fault(f sim.Fault) {
	f.At = b.Now()
	b.Schedule(f)
	b.RunFor(time.Millisecond)
}

// NodeByID is the node of an ID.
func (b *bed) NodeByID(id core.NodeID) *sim.Node {
	i := slices.IndexFunc(b.nodes, func(n *sim.Node) bool { return n.ID() == id })
	return b.nodes[i]
}

// check fails the test unless all these are in one tree of the source's.
func (b *bed) check(t simtest.TB, members ...string) {
	t.Helper()
	for _, name := range members {
		at, steps := name, 0
		for at != "S" {
			a := b.tree(at)
			parent := a.Parent(app)
			switch {
			case parent.IsZero() || !a.InTree(app):
				t.Errorf("%s, on the way from %s, has the parent %v; in the tree: %v", at, name, parent, a.InTree(app))
				return
			case !slices.Contains(b.tree(b.NodeByID(parent).Name()).Children(app), b.ID(at)):
				t.Errorf("%s has the parent %s, which does not know it", at, b.NodeByID(parent).Name())
				return
			case steps > len(b.nodes):
				t.Errorf("a circle at %s", name)
				return
			}
			at, steps = b.NodeByID(parent).Name(), steps+1
		}
	}
	links := 0
	for _, n := range b.nodes {
		if n.Running() {
			links += len(b.tree(n.Name()).Children(app))
			if err := b.tree(n.Name()).Invariant(); err != nil {
				t.Errorf("%s: %v", n.Name(), err)
			}
		}
	}
	if links != len(members) {
		t.Errorf("%d links in a tree of %d members", links, len(members))
	}
}

// The paper's figure 5 and table 3: five nodes, which join in the order D, A, C, B.
func TestPaperTable3(t *testing.T) {
	kbps := map[string]int{"S": 200, "A": 500, "B": 100, "C": 200, "D": 100}
	for _, c := range []struct {
		policy tree.Policy
		refine bool
		edges  string
		stress map[string]float64
	}{
		{tree.Unicast, false, "S-A S-B S-C S-D", map[string]float64{"S": 2, "A": 0.2, "B": 1, "C": 0.5, "D": 1}},
		{tree.NodeStress, false, "A-B A-C S-A S-D", map[string]float64{"S": 1, "A": 0.6, "B": 1, "C": 0.5, "D": 1}},
		{tree.NodeStress, true, "A-B A-C A-D S-A", map[string]float64{"S": 0.5, "A": 0.8, "B": 1, "C": 0.5, "D": 1}}, // as the paper suggests
	} {
		for seed := range uint64(10) {
			b := newBed(t, seed, c.policy, kbps, func(a *tree.Tree) { a.Refine = c.refine })
			b.do("S", func(a *tree.Tree) { a.Root(app) })
			for _, name := range []string{"D", "A", "C", "B"} {
				b.RunFor(10 * time.Second)
				b.do(name, func(a *tree.Tree) { a.Join(app) })
			}
			b.RunFor(30 * time.Second)
			if got := b.edges(); got != c.edges {
				t.Errorf("%s, refined %v, seed %d: the tree %s, want %s", c.policy, c.refine, seed, got, c.edges)
			}
			for name, want := range c.stress {
				if got := b.tree(name).Load(app).Stress(); got != want {
					t.Errorf("%s, refined %v: %s has a stress of %v, want %v", c.policy, c.refine, name, got, want)
				}
			}
			b.check(t, "A", "B", "C", "D")
		}
	}
}

// The randomized policy makes one tree of all, of many shapes.
func TestRandomTrees(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(20) {
		b := newBed(t, seed, tree.Random, map[string]int{"S": 100, "A": 100, "B": 100, "C": 100}, nil)
		b.do("S", func(a *tree.Tree) { a.Root(app) })
		for _, name := range []string{"A", "B", "C"} {
			b.do(name, func(a *tree.Tree) { a.Join(app) })
			b.RunFor(10 * time.Second)
		}
		b.check(t, "A", "B", "C")
		seen[b.edges()] = true
	}
	if len(seen) < 4 {
		t.Errorf("20 seeds made %d trees of 4 nodes: %v", len(seen), seen)
	}
}

// Data goes down the tree, each message once and in order, also when everybody joins at once.
func TestData(t *testing.T) {
	for _, policy := range tree.Policies {
		for seed := range uint64(10) {
			kbps := map[string]int{"S": 1000}
			var members []string
			for i := range 20 {
				members = append(members, fmt.Sprint("n", i))
				kbps[members[i]] = 200 + 100*i
			}
			got := make(map[core.NodeID][]uint64)
			b := newBed(t, seed, policy, kbps, func(a *tree.Tree) {
				a.Deliver = func(m *core.Msg) { got[a.ID()] = append(got[a.ID()], m.Seq()) }
			})
			b.do("S", func(a *tree.Tree) { a.Root(app) })
			for _, name := range members {
				b.do(name, func(a *tree.Tree) { a.Join(app) })
			}
			b.RunFor(20 * time.Second)
			b.check(t, members...)
			b.Node("S").Core().AddSource(app, apps.NewBackToBack(apps.Stream{App: app, Payload: 1000, Limit: 300}))
			b.RunFor(60 * time.Second)
			for _, name := range members {
				seqs := got[b.ID(name)]
				if len(seqs) != 300 || !slices.IsSorted(seqs) || seqs[0] != 0 {
					t.Fatalf("%s, seed %d: %s got %d messages, from %v", policy, seed, name, len(seqs), seqs[:min(3, len(seqs))])
				}
			}
		}
	}
}
