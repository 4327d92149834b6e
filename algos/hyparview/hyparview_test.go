package hyparview

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// overlay is a world of HyParView in which each node but the first joins by one before it.
type overlay struct {
	*simtest.World
	t     *testing.T
	nodes []*sim.Node
}

func newOverlay(t *testing.T, seed uint64, nodes int) *overlay {
	v := &overlay{World: simtest.New(t, sim.Options{Seed: seed, Order: sim.Shuffled}), t: t}
	dice := rand.New(rand.NewPCG(seed, 1))
	contacts := make([]string, nodes)
	for i := 1; i < nodes; i++ {
		contacts[i] = fmt.Sprint("n", dice.IntN(i))
	}
	contacts[0] = "n1" // if it is started again
	v.nodes = v.Add(nodes, func(i int) core.Algorithm {
		h := New()
		h.AddHost(v.ID(contacts[i]))
		return h
	})
	return v
}

func (v *overlay) at(i int) *HyParView { return v.nodes[i].Algorithm().(*HyParView) }

// check sees to what the package guarantees in quiet times, of the nodes that run.
func (v *overlay) check(what string) {
	v.t.Helper()
	index := make(map[core.NodeID]int)
	first := -1
	alive := 0
	for i, n := range v.nodes {
		if !n.Running() {
			continue
		}
		index[n.ID()] = i
		if alive++; first < 0 {
			first = i
		}
	}
	for i, n := range v.nodes {
		if !n.Running() {
			continue
		}
		h := v.at(i)
		for _, view := range []*algos.View{&h.active.View, &h.passive, &h.lost} {
			if view.Len() > view.Max || view.Has(h.ID()) || view.Has(core.NodeID{}) {
				v.t.Errorf("%s: n%d has a view of %d nodes, itself or nobody among them: %v", what, i, view.Len(), view.All())
			}
		}
		if h.active.Len() == 0 {
			v.t.Errorf("%s: n%d has no neighbours", what, i)
		}
		for _, q := range h.Neighbours() {
			if j, lives := index[q]; !lives || !v.at(j).IsNeighbour(h.ID()) {
				v.t.Errorf("%s: n%d has %s as neighbour, which is dead or has not it", what, i, v.Name(q))
			}
			if h.passive.Has(q) {
				v.t.Errorf("%s: n%d has %s in both views", what, i, v.Name(q))
			}
		}
		if h.BadMessages()+h.Unhandled() > 0 || h.Unposted() > 0 {
			v.t.Errorf("%s: n%d could not use %d messages, did not know %d, and would have sent %d to nobody", what, i, h.BadMessages(), h.Unhandled(), h.Unposted())
		}
	}
	reached := []int{first}
	for k := 0; k < len(reached); k++ {
		for _, q := range v.at(reached[k]).Neighbours() {
			if j, lives := index[q]; lives && !slices.Contains(reached, j) {
				reached = append(reached, j)
			}
		}
	}
	if len(reached) != alive {
		v.t.Errorf("%s: %d of %d nodes are connected to the first", what, len(reached), alive)
	}
}

// Views fill, are symmetric and connected, and nothing is sent to nobody. (Nodes whose passive view was empty, or that had lost
// nobody, posted to the zero ID each Period.)
func TestQuiet(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		v := newOverlay(t, seed, 60)
		v.RunFor(3 * time.Minute)
		v.check(fmt.Sprint("seed ", seed))
		full := 0
		for i := range v.nodes {
			if h := v.at(i); h.active.Full() {
				full++
			}
			if h := v.at(i); h.passive.Len() < h.Passive/2 {
				t.Errorf("seed %d: n%d knows of %d nodes that are no neighbours", seed, i, h.passive.Len())
			}
		}
		if full < 50 {
			t.Errorf("seed %d: %d of 60 active views are full", seed, full)
		}
	}
}

// One and two nodes are overlays, too.
func TestFew(t *testing.T) {
	v := newOverlay(t, 1, 2)
	v.RunFor(2 * time.Minute)
	v.check("two")
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Crash, Nodes: []string{"n1"}})
	v.RunFor(2 * time.Minute)
	if h := v.at(0); h.active.Len() != 0 || h.Unposted() > 0 {
		t.Errorf("who is alone has %d neighbours, and would have sent %d messages to nobody", h.active.Len(), h.Unposted())
	}
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Restart, Nodes: []string{"n1"}})
	v.RunFor(2 * time.Minute)
	v.check("two again")
}

// Once it is quiet after half of the nodes have crashed at once, and again after a third of the rest, those that live are one
// overlay, and OnNeighbour has told of all that came and went.
func TestCrashes(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		told := make(map[core.NodeID]map[core.NodeID]bool)
		v := newOverlay(t, seed, 60)
		for i := range v.nodes {
			h, mine := v.at(i), make(map[core.NodeID]bool)
			told[v.nodes[i].ID()] = mine
			h.OnNeighbour = func(peer core.NodeID, up bool) {
				if mine[peer] == up {
					t.Errorf("seed %d: n%d is told again that %s is a neighbour: %v", seed, i, v.Name(peer), up)
				}
				if mine[peer] = up; !up {
					delete(mine, peer)
				}
			}
		}
		v.RunFor(2 * time.Minute)
		dice := rand.New(rand.NewPCG(seed, 2))
		for _, share := range []int{2, 3} {
			for i, n := range v.nodes {
				if n.Running() && dice.IntN(share) == 0 {
					v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Crash, Nodes: []string{fmt.Sprint("n", i)}})
				}
			}
			v.RunFor(2 * time.Minute)
			v.check(fmt.Sprintf("seed %d, one in %d", seed, share))
		}
		for i, n := range v.nodes {
			if n.Running() && len(told[n.ID()]) != v.at(i).active.Len() {
				t.Errorf("seed %d: n%d was told of %d neighbours, and has %d", seed, i, len(told[n.ID()]), v.at(i).active.Len())
			}
		}
	}
}

// A cut that nobody is told of leaves no neighbour that is none for the other, in a few Periods after it has healed.
func TestCutsHeal(t *testing.T) {
	v := newOverlay(t, 3, 30)
	v.RunFor(time.Minute)
	for i := range 10 {
		v.Schedule(sim.Fault{At: v.Now() + time.Duration(i)*time.Second, Kind: sim.CutOneWay, Nodes: []string{fmt.Sprint("n", i), fmt.Sprint("n", i+10)}})
	}
	v.RunFor(time.Minute)
	v.Schedule(sim.Fault{At: v.Now(), Kind: sim.Heal})
	v.RunFor(2 * time.Minute)
	v.check("healed")
}

// rude is a node that is no member and sends what it likes.
type rude struct{ algos.Base }

// What only neighbours should send changes nothing if it comes from somebody else, who is told so; walks about nobody are no messages.
func TestStrangers(t *testing.T) {
	v := newOverlay(t, 1, 10)
	bad := v.AddNode("rude", func() core.Algorithm { return &rude{} })
	v.RunFor(time.Minute)
	h := v.at(4)
	active, passive := slices.Clone(h.Neighbours()), slices.Clone(h.passive.All())
	about := walk{Walk: algos.Walk{Who: v.ID("nobody"), TTL: 6}, Nodes: []core.NodeID{v.ID("nobody2")}}
	v.Send(bad, h.ID(), typeJoin, 0, 0, pack.Append(nil, &about))
	v.Send(bad, h.ID(), typeShuffle, 0, 0, pack.Append(nil, &about))
	v.Send(bad, h.ID(), typeShuffle, 0, 0, pack.Append(nil, &walk{}))
	v.Send(bad, h.ID(), typeJoin, 0, 0, pack.Append(nil, &walk{Walk: algos.Walk{TTL: 6}}))
	many := sample(slices.Repeat([]core.NodeID{v.ID("nobody")}, most+1))
	v.Send(bad, h.ID(), typeSample, 0, 0, pack.Append(nil, &many))
	v.RunFor(time.Second)
	if !slices.Equal(active, h.Neighbours()) || !slices.Equal(passive, h.passive.All()) {
		t.Errorf("views were %v and %v, and are %v and %v", active, passive, h.Neighbours(), h.passive.All())
	}
	if told := len(v.Saw("rude").Type(typeDisconnect)); told != 2 || h.BadMessages() != 3 || h.Unposted() != 0 {
		t.Errorf("the stranger was told %d times, %d messages were bad and %d not sent, want 2, 3 and 0", told, h.BadMessages(), h.Unposted())
	}
	if v.Link(h.ID(), v.ID("nobody")).Dials != 0 {
		t.Error("nobody was dialled")
	}
}

// Islands whose nodes know of each other, as after joins or failures that left them apart, become one overlay: with full
// views, which nobody who asks would get into, and with views that are not full among others that are.
func TestIslands(t *testing.T) {
	for _, island := range []int{3, 4, 7, 20} {
		v := &overlay{World: simtest.New(t, sim.Options{Seed: uint64(island), Order: sim.Shuffled}), t: t}
		v.nodes = v.Add(60, func(i int) core.Algorithm {
			h := New()
			first := 0
			if i < island {
				h.AddHost(v.ID(fmt.Sprint("n", (i+1)%island)))
				return h
			} else if i > island {
				first = island + (i-island)/2
			}
			h.AddHost(v.ID(fmt.Sprint("n", max(first, island))))
			return h
		})
		v.RunFor(2 * time.Minute) // views are full
		for i := range v.nodes {  // what a node of an island of a large overlay knows of the rest
			other := island + (i*7+1)%(60-island)
			if i >= island {
				other = i % island
			}
			v.at(i).passive.Add(v.nodes[other].ID())
		}
		v.RunFor(4 * time.Minute)
		v.check(fmt.Sprintf("an island of %d", island))
	}
}
