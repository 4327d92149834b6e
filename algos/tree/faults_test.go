package tree_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/tree"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

var seeds = flag.Uint64("seeds", 60, "how many seeds the tests of trees with faults take")

// Whatever happens to whom, the source included: once it is quiet, all members that run are in one tree, nobody else is, and
// data comes to each of them, once and in order.
func TestOneTreeAfterFaults(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 12)
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { faults(t, seed) })
	}
}

// Seeds of TestOneTreeAfterFaults at which a node took data of a life of the source that was over, which had waited in a link that was cut off, for
// that of the life after.
func TestLivesOfTheSource(t *testing.T) {
	for _, seed := range []uint64{429, 773, 1146, 1702, 3921, 3934, 4472, 4907, 6765, 8954} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { faults(t, seed) })
	}
}

func faults(t *testing.T, seed uint64) {
	const every = 50 * time.Millisecond // a message
	const members, trouble, quiet = 14, 60 * time.Second, 60 * time.Second
	dice := rand.New(rand.NewPCG(seed, 1))
	kbps := map[string]int{"S": 300}
	names := []string{"S"}
	for i := range members {
		names = append(names, fmt.Sprint("n", i))
		kbps[names[i+1]] = 50 + dice.IntN(400)
	}
	member := make(map[string]bool) // as a restarted node must be told again
	type place struct {
		life int
		seq  uint64
	}
	var starts []time.Duration // of the source's lives
	last := make(map[*tree.Tree]place)
	out := make(map[core.NodeID]uint64)
	var b *bed
	b = newBed(t, seed, tree.Policies[dice.IntN(len(tree.Policies))], kbps, func(a *tree.Tree) {
		a.Refine = seed%2 == 0
		a.Deliver = func(m *core.Msg) {
			// A source that has started again numbers anew: this is of the latest life that can have made it.
			got := place{len(starts) - 1, m.Seq()}
			for got.life > 0 && starts[got.life]+time.Duration(got.seq)*every > b.Now()+time.Millisecond {
				got.life--
			}
			if before, there := last[a]; there && (got.life < before.life || got.life == before.life && got.seq <= before.seq) {
				t.Errorf("at %v, %s got %v after %v", b.Now(), b.Name(a.ID()), got, before)
			}
			last[a] = got
			out[a.ID()]++
		}
	})
	source := func() {
		starts = append(starts, b.Now())
		b.Node("S").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500}, float64(time.Second/every)))
	}
	source()
	join := func(name string) {
		member[name] = true
		if b.Node(name).Running() {
			b.do(name, func(a *tree.Tree) { a.Join(app) })
		}
	}
	for b.Now() < trouble {
		b.RunFor(time.Duration(dice.Int64N(int64(3 * time.Second))))
		name := names[dice.IntN(len(names))]
		running := b.Node(name).Running()
		switch k := dice.IntN(12); {
		case k < 4 && name != "S":
			join(name)
		case k < 5 && name != "S" && running:
			member[name] = false
			b.do(name, func(a *tree.Tree) { a.Leave(app) })
		case k < 7:
			b.fault(sim.Fault{Kind: sim.Crash, Nodes: []string{name}})
		case k < 8:
			b.fault(sim.Fault{Kind: sim.Stop, Nodes: []string{name}})
		case k < 10:
			b.fault(sim.Fault{Kind: sim.Restart, Nodes: []string{name}})
			if name == "S" {
				source()
			} else if member[name] {
				join(name)
			}
		case k < 11:
			var sides [2][]string
			for _, name := range names {
				i := dice.IntN(2)
				sides[i] = append(sides[i], name)
			}
			b.fault(sim.Fault{Kind: sim.Partition, Groups: sides[:]})
		default:
			b.fault(sim.Fault{Kind: sim.Heal})
		}
	}
	b.fault(sim.Fault{Kind: sim.Heal})
	if !b.Node("S").Running() {
		b.fault(sim.Fault{Kind: sim.Restart, Nodes: []string{"S"}})
		source()
	}
	b.RunFor(quiet)
	var in []string
	for _, name := range names[1:] {
		if b.Node(name).Running() && b.tree(name).Joined(app) {
			in = append(in, name)
		}
	}
	b.check(t, in...)
	before := make(map[core.NodeID]uint64)
	for id, n := range out {
		before[id] = n
	}
	b.RunFor(10 * time.Second)
	for _, name := range in {
		if got := out[b.ID(name)] - before[b.ID(name)]; got < 190 || got > 210 {
			t.Errorf("%s got %d messages in ten seconds, of 200", name, got)
		}
	}
}

// On links that lose messages, those of joining too, the one that says of which life data is can be lost, of the first life of the source and of the next: members
// get what the links leave all the same, and what did not come is counted.
func TestLostMarks(t *testing.T) {
	const loss = 0.1
	for seed := range uint64(30) {
		got := make(map[core.NodeID]uint64)
		names := []string{"A", "B", "C", "D"}
		kbps := map[string]int{"S": 200, "A": 500, "B": 100, "C": 200, "D": 100}
		b := newBedOn(t, seed, tree.NodeStress, kbps, emul.Link{Loss: loss, Latency: 5 * time.Millisecond}, func(a *tree.Tree) {
			a.Deliver = func(*core.Msg) { got[a.ID()]++ }
		})
		b.do("S", func(a *tree.Tree) { a.Root(app) })
		for _, name := range names {
			b.do(name, func(a *tree.Tree) { a.Join(app) })
			b.RunFor(5 * time.Second)
		}
		for life := range 2 {
			clear(got)
			b.Node("S").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500}, 20))
			b.RunFor(40 * time.Second) // 800 messages, at most three links away
			for _, name := range names {
				if n := got[b.ID(name)]; n < 150 || n > 800 {
					t.Errorf("seed %d, life %d: %s got %d messages of 800: %s", seed, life, name, n, b.edges())
				}
			}
			if life == 0 {
				b.fault(sim.Fault{Kind: sim.Crash, Nodes: []string{"S"}})
				b.fault(sim.Fault{Kind: sim.Restart, Nodes: []string{"S"}})
			}
		}
	}
}

// A member whose parent crashes, leaves, or is cut off in silence is in the tree again within the bound that the package states, and what it
// missed is counted: what it has and what it knows to have missed is what the source made.
func TestOrphansAreBack(t *testing.T) {
	for kind, bound := range map[string]time.Duration{"crash": 4 * time.Second, "stop": 3 * time.Second, "leave": 3 * time.Second, "cut": 10 * time.Second} {
		t.Run(kind, func(t *testing.T) {
			for seed := range uint64(20) {
				kbps := map[string]int{"S": 150, "P": 1000, "G": 120, "X": 100, "Y": 100}
				got := make(map[core.NodeID]uint64)
				b := newBed(t, seed, tree.NodeStress, kbps, func(a *tree.Tree) {
					a.Deliver = func(*core.Msg) { got[a.ID()]++ }
				})
				b.do("S", func(a *tree.Tree) { a.Root(app) })
				for _, name := range []string{"P", "X", "Y", "G"} {
					b.do(name, func(a *tree.Tree) { a.Join(app) })
					b.RunFor(5 * time.Second)
				}
				if b.tree("X").Parent(app) != b.ID("P") || b.tree("Y").Parent(app) != b.ID("P") {
					t.Fatalf("the tree is %s", b.edges())
				}
				b.Node("S").Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 500, Limit: 1000}, 50))
				b.RunFor(5 * time.Second)
				switch kind {
				case "crash":
					b.fault(sim.Fault{Kind: sim.Crash, Nodes: []string{"P"}})
				case "stop":
					b.fault(sim.Fault{Kind: sim.Stop, Nodes: []string{"P"}})
				case "leave":
					b.do("P", func(a *tree.Tree) { a.Leave(app) })
				case "cut":
					b.fault(sim.Fault{Kind: sim.Partition, Groups: [][]string{{"P"}, {"S", "G", "X", "Y"}}})
				}
				b.RunFor(bound)
				for _, name := range []string{"X", "Y", "G"} {
					if a := b.tree(name); !a.InTree(app) || a.Parent(app) == b.ID("P") {
						t.Fatalf("seed %d: %v later %s has the parent %v: %s", seed, bound, name, a.Parent(app), b.edges())
					}
				}
				b.RunFor(30 * time.Second)
				for _, name := range []string{"X", "Y", "G"} {
					a := b.tree(name)
					if n, missed := got[b.ID(name)], a.Missed(app); n+missed != 1000 || missed > uint64(50*(bound+time.Second)/time.Second) {
						t.Errorf("seed %d: %s got %d and knows to have missed %d of 1000", seed, name, n, missed)
					}
				}
			}
		})
	}
}
