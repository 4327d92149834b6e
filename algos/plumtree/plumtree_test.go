package plumtree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

// overlay is a world of nodes that count what each life of each is delivered.
type overlay struct {
	*simtest.World
	t     *testing.T
	nodes []*sim.Node
	got   []map[algos.MsgID]int // by node: of its life that is now
}

// newOverlay makes a world whose nodes all join by the first, in the same instant; that one
// comes back through the second.
func newOverlay(t *testing.T, o sim.Options, nodes int) *overlay {
	v := &overlay{World: simtest.New(t, o), t: t, got: make([]map[algos.MsgID]int, nodes)}
	v.nodes = v.Add(nodes, func(i int) core.Algorithm {
		p := New()
		got := make(map[algos.MsgID]int)
		v.got[i] = got
		p.Deliver = func(m *core.Msg) {
			if got[algos.IDOf(m)]++; got[algos.IDOf(m)] > 1 {
				t.Errorf("seed %d: n%d was delivered %v again", o.Seed, i, algos.IDOf(m))
			}
		}
		contact := 0
		if i == 0 && len(v.Nodes()) > 0 {
			contact = 1
		}
		if contact != i {
			p.AddHost(v.ID(fmt.Sprint("n", contact)))
		}
		return p
	})
	return v
}

func (v *overlay) at(i int) *Plumtree { return v.nodes[i].Algorithm().(*Plumtree) }

// stream has a node send some messages.
func (v *overlay) stream(from int, app uint32, count int, perSecond float64) {
	v.nodes[from].Core().AddSource(app, apps.NewConstantRate(apps.Stream{App: app, Payload: 100, Limit: uint64(count)}, perSecond))
}

// checkViews sees to what holds in quiet times.
func (v *overlay) checkViews(what string) {
	v.t.Helper()
	index := make(map[core.NodeID]int)
	for i, n := range v.nodes {
		index[n.ID()] = i
	}
	for i := range v.nodes {
		p := v.at(i)
		active := slices.Clone(p.Neighbours())
		if len(active) > p.Active || len(active) == 0 {
			v.t.Errorf("%s: n%d has %d neighbours", what, i, len(active))
		}
		for k, q := range active {
			if q == p.ID() || slices.Contains(active[:k], q) {
				v.t.Errorf("%s: n%d has itself or a node twice among its neighbours: %v", what, i, active)
			}
			if !v.at(index[q]).IsNeighbour(p.ID()) {
				v.t.Errorf("%s: n%d has n%d as neighbour, who has not it", what, i, index[q])
			}
		}
		if bad := p.BadMessages() + p.Unhandled(); bad > 0 {
			v.t.Errorf("%s: n%d had %d messages that it had no use for", what, i, bad)
		}
	}
	reached := []int{0}
	for k := 0; k < len(reached); k++ {
		for _, q := range v.at(reached[k]).Neighbours() {
			if j := index[q]; !slices.Contains(reached, j) {
				reached = append(reached, j)
			}
		}
	}
	if len(reached) != len(v.nodes) {
		v.t.Errorf("%s: %d of %d nodes are connected to the first", what, len(reached), len(v.nodes))
	}
}

// checkDelivered wants each node to have so many messages of an application, but for
// those that are excused.
func (v *overlay) checkDelivered(what string, app uint32, want int, excused func(i int) bool) {
	v.t.Helper()
	for i, got := range v.got {
		count := 0
		for id := range got {
			if id.App == app {
				count++
			}
		}
		if count != want && !excused(i) {
			v.t.Errorf("%s: n%d was delivered %d of %d messages", what, i, count, want)
		}
	}
}

func nobody(int) bool { return false }

// Many join by one node at once: the views come to rest, and fast. (A handshake in which both
// sides asked kept them exchanging neighbours for ever: 24,000 messages a node and second.)
func TestJoinsAtOnce(t *testing.T) {
	const nodes = 100
	v := newOverlay(t, sim.Options{Seed: 7}, nodes)
	v.RunFor(5 * time.Second)
	if m := v.Totals().Messages; m > 100*nodes {
		t.Errorf("%d messages for %d joins", m, nodes)
	}
	v.RunFor(time.Minute)
	v.checkViews("after a minute")
}

// A stream settles on a tree: then each message comes to each node once, and nobody waits.
func TestTree(t *testing.T) {
	const nodes, warm, rest = 60, 20, 100
	v := newOverlay(t, sim.Options{Seed: 3, Order: sim.Shuffled}, nodes)
	v.RunFor(5 * time.Minute) // until no view has room
	v.stream(5, 1, warm, 20)
	v.RunFor(10 * time.Second)
	before := v.received()
	v.stream(7, 2, rest, 20) // another source, on the same tree
	v.RunFor(10 * time.Second)
	v.checkDelivered("the first source", 1, warm, nobody)
	v.checkDelivered("the second source", 2, rest, nobody)
	if copies, want := v.received()-before, uint64(rest*nodes); copies != want {
		t.Errorf("%d messages came, want %d: one a node, the source's own with it", copies, want)
	}
}

// received is how many data messages have come to all nodes.
func (v *overlay) received() (n uint64) {
	for i := range v.nodes {
		n += v.at(i).Consumed()
	}
	return n
}

// Whatever happens for a while, in the end the overlay is one again, and what was sent
// meanwhile is with everybody who lived through it, once.
func TestFaults(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			const nodes, storm, sent = 25, 40 * time.Second, 100
			v := newOverlay(t, sim.Options{Seed: seed, Order: sim.Shuffled}, nodes)
			rng := rand.New(rand.NewPCG(seed, 1))
			v.RunFor(5 * time.Second)
			v.stream(2, 1, sent, 3)
			restarted := v.storm(rng, v.Now(), storm, seed%2 == 1)
			v.RunFor(storm + 3*time.Minute)
			v.checkViews("after the faults")
			v.checkDelivered("sent among faults", 1, sent, func(i int) bool { return restarted[i] })
			v.stream(3, 2, sent, 20)
			v.RunFor(30 * time.Second)
			v.checkDelivered("sent afterwards", 2, sent, nobody)
		})
	}
}

// storm schedules faults for a while, and then heals everything. It returns who was started again: neither of
// the sources, n2 and n3.
func (v *overlay) storm(rng *rand.Rand, from, d time.Duration, lossy bool) map[int]bool {
	restarted := make(map[int]bool)
	name := func(i int) string { return fmt.Sprint("n", i) }
	for at := from; at < from+d; at += time.Duration(500+rng.IntN(3000)) * time.Millisecond {
		back := at + time.Duration(100+rng.IntN(15000))*time.Millisecond
		i, j := rng.IntN(len(v.nodes)), rng.IntN(len(v.nodes)-1)
		if j >= i {
			j++
		}
		switch kind := rng.IntN(4); {
		case kind == 0 && i != 2 && i != 3:
			restarted[i] = true
			v.Schedule(sim.Fault{At: at, Kind: sim.Crash, Nodes: []string{name(i)}}, sim.Fault{At: back, Kind: sim.Restart, Nodes: []string{name(i)}})
		case kind == 1:
			var sides [2][]string
			for k := range v.nodes {
				s := rng.IntN(2)
				sides[s] = append(sides[s], name(k))
			}
			v.Schedule(sim.Fault{At: at, Kind: sim.Partition, Groups: sides[:]}, sim.Fault{At: back, Kind: sim.Heal})
		case kind == 2:
			v.Schedule(sim.Fault{At: at, Kind: sim.CutOneWay, Nodes: []string{name(i), name(j)}})
		}
	}
	v.Schedule(sim.Fault{At: from + d + 15*time.Second, Kind: sim.Heal})
	if lossy {
		for i := range v.nodes {
			v.nodes[i].Core().SetDefaultLink(emul.Link{Loss: 0.05})
			v.At(from+d, func() { v.nodes[i].Core().SetDefaultLink(emul.Link{}) })
		}
	}
	return restarted
}

// A partition that lasts until both sides have replaced all whom they lost heals all the same,
// and so do the messages.
func TestLongPartition(t *testing.T) {
	const nodes = 40
	v := newOverlay(t, sim.Options{Seed: 11}, nodes)
	v.RunFor(30 * time.Second)
	var sides [2][]string
	for i := range nodes {
		sides[i%2] = append(sides[i%2], fmt.Sprint("n", i))
	}
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Partition, Groups: sides[:]})
	v.RunFor(time.Second)
	v.stream(0, 1, 50, 1)
	v.stream(1, 2, 50, 1)
	v.RunFor(5 * time.Minute)
	for i := range nodes {
		for _, q := range v.at(i).Neighbours() {
			for k, n := range v.nodes {
				if n.ID() == q && (k-i)%2 != 0 {
					t.Fatalf("n%d still has n%d on the other side", i, k)
				}
			}
		}
	}
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Heal})
	v.RunFor(3 * time.Minute)
	v.checkViews("healed")
	v.checkDelivered("of one side", 1, 50, nobody)
	v.checkDelivered("of the other", 2, 50, nobody)
}

// Two who have each other and know nobody else are not content with that: they join by their
// contacts again. (They did not, as they were not alone; three of 180 survivors kept to themselves.)
func TestFewJoinAgain(t *testing.T) {
	const nodes = 12
	v := newOverlay(t, sim.Options{Seed: 9}, nodes)
	var pair [2]*Plumtree
	for i := range pair {
		v.AddNode(fmt.Sprint("pair", i), func() core.Algorithm {
			pair[i] = New()
			if i == 1 {
				pair[i].AddHost(pair[0].ID())
			}
			return pair[i]
		})
	}
	v.RunFor(time.Minute)
	if len(pair[0].Neighbours()) != 1 || len(pair[1].Neighbours()) != 1 {
		t.Fatal("the two are no pair")
	}
	pair[1].AddHost(v.nodes[0].ID())
	v.RunFor(time.Minute)
	for i, p := range pair {
		if len(p.Neighbours()) < 2 {
			t.Errorf("number %d of the pair has %d neighbours", i, len(p.Neighbours()))
		}
	}
}
