package algos_test

import (
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeMeet = wire.FirstUserType + 200 + iota
	typeBye
	typePulse
)

// place is what peers tell each other: where they are, which is never 0.
type place struct{ X uint32 }

func (p *place) Fields(f *pack.Fields) { f.Uint32(&p.X) }

// friend has up to Max peers that are no farther from it than Reach, and sends each something now and then.
type friend struct {
	algos.Base
	peers algos.Peering
	at    place
	reach uint32
	max   int
	told  map[core.NodeID]uint32 // where the peers are
	byes  int
}

func (f *friend) Bind(n *core.Node) {
	f.Base.Bind(n)
	f.told = make(map[core.NodeID]uint32)
	f.peers = algos.Peering{View: algos.View{Max: f.max}, Base: &f.Base, Bye: typeBye}
	f.peers.OnChange(func(peer core.NodeID, up bool) {
		if !up {
			delete(f.told, peer)
		}
	})
	f.Handle(typeBye, func(m *core.Msg) { f.byes++; f.peers.Remove(m.From()) })
	f.OnFailed(func(peer core.NodeID) { f.peers.Remove(peer) })
	f.Handle(typePulse, func(m *core.Msg) { f.peers.Knows(m.From()) })
	algos.Accept(&f.peers, typeMeet, &f.at, f.near)
}

// near takes in where a peer is, and says whether it is near enough.
func (f *friend) near(peer core.NodeID, p *place) bool {
	if p.X == 0 || max(p.X, f.at.X)-min(p.X, f.at.X) > f.reach {
		return false
	}
	f.told[peer] = p.X
	return true
}

func (f *friend) meet(id core.NodeID) {
	algos.Propose(&f.peers, id, typeMeet, &f.at, 2*time.Second, f.near)
}

// Nodes on a line meet those that are near.
func ExamplePeering() {
	w := sim.New(sim.Options{Seed: 1})
	friends := make([]*friend, 4)
	for i := range friends {
		friends[i] = &friend{at: place{uint32(10 * (i + 1))}, reach: 15, max: 8}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return friends[i] })
	}
	for i, f := range friends {
		w.Node(fmt.Sprint("n", i)).Core().Call(func() {
			for _, other := range friends {
				f.meet(other.ID()) // itself it is not asked
			}
		})
	}
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	fmt.Println("n1 has peers at", friends[1].told[friends[0].ID()], "and", friends[1].told[friends[2].ID()])
	w.Node("n0").Core().Call(func() { friends[0].peers.Part(friends[1].ID()) })
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	fmt.Println("n1 is a peer of n0:", friends[1].peers.Has(friends[0].ID()))
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// n1 has peers at 10 and 30
	// n1 is a peer of n0: false
}

// town is a world of friends, all near each other.
func town(t simtest.TB, o sim.Options, n, most int) (*simtest.World, []*sim.Node) {
	w := simtest.New(t, o)
	nodes := w.Add(n, func(int) core.Algorithm { return &friend{at: place{1}, max: most} })
	return w, nodes
}

func friendOf(n *sim.Node) *friend { return n.Algorithm().(*friend) }

// Peers against a set: who comes and goes is told once, there are never more than so many, and those who have to go, and nobody else,
// are told.
func TestPeeringModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n, most, never = 5, 2, 4 // node 0 has up to 2 of nodes 1 to 3 as peers, and never node 4
		w, nodes := town(t, sim.Options{}, n, most)
		f := friendOf(nodes[0])
		f.peers.Not = func(id core.NodeID) bool { return id == nodes[never].ID() }
		wrong := "" // in the node's turn, in which nothing may be thrown
		fail := func(format string, args ...any) {
			if wrong == "" {
				wrong = fmt.Sprintf(format, args...)
			}
		}
		peers, banned := map[core.NodeID]bool{}, map[core.NodeID]bool{}
		f.peers.OnChange(func(peer core.NodeID, up bool) {
			if peers[peer] == up {
				fail("%s is told again as %v", w.Name(peer), up)
			}
			if peers[peer] = up; !up {
				delete(peers, peer)
			}
		})
		byes := make([]int, n)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			i := rapid.IntRange(0, n-1).Draw(t, "node")
			id := nodes[i].ID()
			was, room := peers[id], len(peers) < most
			takes := i != 0 && i != never && !banned[id] && !was
			nodes[0].Core().Call(func() {
				switch rapid.IntRange(0, 5).Draw(t, "what") {
				case 0:
					if got := f.peers.Add(id); got != (takes && room) || got && !peers[id] {
						fail("Add of node %d said %v", i, got)
					}
				case 1:
					before := slices.Clone(f.peers.All())
					out := f.peers.Force(id)
					if peers[id] != (was || takes) || out.IsZero() == (takes && !room) || !out.IsZero() && (!slices.Contains(before, out) || peers[out]) {
						fail("Force of node %d made %s go of %d, and it is a peer: %v", i, w.Name(out), len(before), peers[id])
					}
					if !out.IsZero() {
						byes[slices.IndexFunc(nodes, func(n *sim.Node) bool { return n.ID() == out })]++
					}
				case 2:
					if f.peers.Remove(id) != was || peers[id] {
						fail("Remove of node %d said %v", i, !was)
					}
				case 3:
					if f.peers.Part(id) != was || peers[id] {
						fail("Part of node %d said %v", i, !was)
					}
					if was {
						byes[i]++
					}
				case 4:
					if f.peers.Knows(id) != was {
						fail("Knows of node %d said %v", i, !was)
					}
					if !was && i != 0 {
						byes[i]++
					}
				default:
					f.peers.Ban(id)
					if banned[id] = true; was {
						byes[i]++
					}
				}
			})
			if wrong != "" {
				t.Fatal(wrong)
			}
			w.RunFor(time.Second)
			for id := range peers {
				if !f.peers.Has(id) {
					t.Fatalf("%s is no peer, and was told as one", w.Name(id))
				}
			}
			if f.peers.Len() != len(peers) || len(peers) > most {
				t.Fatalf("peers are %v, and %d were told", f.peers.All(), len(peers))
			}
			for k, n := range nodes[1:] {
				if got := friendOf(n).byes; got != byes[k+1] {
					t.Fatalf("node %d was told %d times that it is none, want %d", k+1, got, byes[k+1])
				}
			}
		}
		if f.Unposted() != 0 {
			t.Fatalf("%d messages were for nobody", f.Unposted())
		}
	})
}

// Of those that were banned the last are remembered.
func TestPeeringForgetsBans(t *testing.T) {
	w, nodes := town(t, sim.Options{}, 1, 1)
	f := friendOf(nodes[0])
	nodes[0].Core().Call(func() {
		for i := range 65 {
			f.peers.Ban(nodeID(i + 1))
		}
	})
	w.RunFor(time.Second)
	if f.peers.IsBanned(nodeID(1)) || !f.peers.IsBanned(nodeID(2)) || !f.peers.IsBanned(nodeID(65)) {
		t.Error("the first of 65 is banned, or others are not")
	}
}

// Whatever was lost meanwhile, and whoever has crashed: once it is quiet, and everybody has sent his peers something, whoever is a
// peer of another has it as one.
func TestPeersComeToAgree(t *testing.T) {
	const n = 12
	seeds := uint64(8)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		dice := rand.New(rand.NewPCG(seed, 7))
		w, nodes := town(t, sim.Options{Seed: seed, Order: sim.Shuffled}, n, 4)
		each := func(fn func(f *friend)) {
			for _, n := range nodes {
				if n.Running() {
					n.Core().Call(func() { fn(friendOf(n)) })
				}
			}
		}
		loss := func(share float64) { each(func(f *friend) { f.SetDefaultLink(emul.Link{Loss: share}) }) }
		uneven := func() (uneven int) {
			each(func(f *friend) {
				for _, peer := range f.peers.All() {
					i := slices.IndexFunc(nodes, func(n *sim.Node) bool { return n.ID() == peer })
					if !nodes[i].Running() || !friendOf(nodes[i]).peers.Has(f.ID()) {
						uneven++
					}
				}
			})
			return uneven
		}
		once := 0
		for range 60 {
			loss(0.3)
			each(func(f *friend) {
				switch other := nodes[dice.IntN(n)].ID(); dice.IntN(4) {
				case 0:
					f.peers.Part(other)
				case 1:
					f.peers.Force(other) // without asking it
				default:
					f.meet(other)
				}
			})
			if dice.IntN(5) == 0 {
				who := fmt.Sprint("n", dice.IntN(n))
				w.Schedule(sim.Fault{At: w.Now(), Kind: sim.Crash, Nodes: []string{who}},
					sim.Fault{At: w.Now() + time.Second, Kind: sim.Restart, Nodes: []string{who}})
			}
			w.RunFor(300 * time.Millisecond)
			once += uneven()
		}
		if once == 0 {
			t.Errorf("seed %d: all have agreed all the time, so nothing was tried", seed)
		}
		loss(0)
		w.RunFor(5 * time.Second) // calls end
		for range 3 {
			each(func(f *friend) {
				for _, peer := range f.peers.All() {
					f.Post(peer, typePulse, nil)
				}
			})
			w.RunFor(time.Second)
		}
		if got := uneven(); got != 0 {
			t.Errorf("seed %d: %d peers are some at one end only", seed, got)
		}
	}
}
