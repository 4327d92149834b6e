package mesh_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/mesh"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

func TestMain(m *testing.M) { os.Exit(slabtest.Main{M: m}.Run()) }

// The file goes to all with their own bandwidths, though some crash, come late, or the source does not stay.
func TestScenario(t *testing.T) { scenariotest.Run(t, "testdata/mesh.yaml") }

const app, fileBytes, block = 1, 100_300, 1000 // the last block is shorter

// rig is a world whose node 0 has a file, and whose others know some of those before them.
type rig struct {
	*sim.World
	t      *testing.T
	dice   *rand.Rand
	data   []byte
	sums   *mesh.Sums
	copies map[string]*mesh.Copy // what is on the disk of a node
}

// eachSeed runs a test with several seeds.
func eachSeed(t *testing.T, n int, test func(r *rig)) {
	seeds := uint64(5)
	if testing.Short() {
		seeds = 2
	}
	if n, err := strconv.Atoi(os.Getenv("MESH_SEEDS")); err == nil { // to look at many
		seeds = uint64(n)
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := &rig{t: t, dice: rand.New(rand.NewPCG(seed, 1)), data: make([]byte, fileBytes), copies: make(map[string]*mesh.Copy),
				World: sim.New(sim.Options{Seed: seed, Order: sim.Shuffled, Hop: 5 * time.Millisecond})}
			if _, err := rand.NewChaCha8([32]byte{byte(seed)}).Read(r.data); err != nil {
				t.Fatal(err)
			}
			r.sums = mesh.Split(r.data, block)
			for i := range n {
				r.add(i)
			}
			test(r)
			for _, p := range r.Panics() {
				t.Errorf("%s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// add adds node i. One that is restarted has on its disk what it had.
func (r *rig) add(i int) {
	name := fmt.Sprint("n", i)
	r.copies[name] = r.sums.Empty()
	if i == 0 {
		r.copies[name] = r.sums.Whole(r.data)
	}
	contacts := []core.NodeID{}
	for range 3 {
		contacts = append(contacts, r.ID(fmt.Sprint("n", r.dice.IntN(max(i, 1)))))
	}
	n := r.AddNode(name, func() core.Algorithm {
		x := mesh.New(app, r.copies[name])
		x.Peers = 4
		for _, id := range contacts {
			x.AddHost(id)
		}
		return x
	})
	up := []emul.Rate{50 * emul.KBps, 20 * emul.KBps, 10 * emul.KBps}[i%3]
	n.SetBandwidth(emul.Bandwidth{Up: up, Down: 8 * up})
}

func (r *rig) node(i int) *mesh.Mesh { return r.Node(fmt.Sprint("n", i)).Algorithm().(*mesh.Mesh) }

func (r *rig) pass(d time.Duration) {
	r.t.Helper()
	if err := r.RunFor(d); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) schedule(at time.Duration, kind sim.FaultKind, nodes ...int) {
	f := sim.Fault{At: r.Now() + at, Kind: kind}
	for _, i := range nodes {
		f.Nodes = append(f.Nodes, fmt.Sprint("n", i))
	}
	r.Schedule(f)
}

// whole fails the test unless all that run have the file, byte by byte, and could use all that they were sent.
func (r *rig) whole() {
	r.t.Helper()
	for _, n := range r.Nodes() {
		x := n.Algorithm().(*mesh.Mesh)
		if !n.Running() {
			continue
		}
		if !bytes.Equal(r.copies[n.Name()].Bytes(), r.data) || !x.Have().Full() {
			r.t.Errorf("at %v %s has %d of %d blocks, or not the right ones", r.Now(), n.Name(), x.Have().Count(), x.Have().Len())
		}
		if x.BadMessages()+x.Unhandled()+x.Refused() > 0 {
			r.t.Errorf("%s could not use %d messages, did not know %d, and refused %d", n.Name(), x.BadMessages(), x.Unhandled(), x.Refused())
		}
	}
}

// figure is the sum of a counter over the nodes that run. It can be asked once.
func (r *rig) figure(name string) (sum uint64) {
	for _, n := range r.Nodes() {
		if c := n.Core().TakeMetrics(); c != nil && n.Running() {
			for _, count := range c.Counters {
				if count.Name == name {
					sum += count.More
				}
			}
		}
	}
	return sum
}

// All get the file in not much more than the time in which their uplinks can carry it, and then have no peers any more.
func TestAllGetTheFile(t *testing.T) {
	const n = 24
	eachSeed(t, n, func(r *rig) {
		least := time.Duration(float64(fileBytes*(n-1)) / float64(80*emul.KBps*n/3) * float64(time.Second)) // 3.6 s
		r.pass(3*least + 3*time.Second)                                                                     // and to find peers
		r.whole()
		r.pass(30 * time.Second)
		for i := range n {
			if got := r.node(i).Have().Count(); got != r.sums.Blocks() {
				t.Errorf("node %d has %d blocks", i, got)
			}
		}
		before := r.Totals().Messages
		r.pass(9 * time.Second)
		if got := r.Totals().Messages - before; got > 4*n { // shuffles of Cyclon, and no more
			r.t.Errorf("%d messages in nine seconds when all have the file", got)
		}
	})
}

// Some crash halfway, some of them come back with what they had on their disks, others come late.
func TestFaults(t *testing.T) {
	eachSeed(t, 24, func(r *rig) {
		for range 8 {
			i, at := 1+r.dice.IntN(23), time.Duration(r.dice.Int64N(int64(6*time.Second)))
			r.schedule(at, sim.Crash, i)
			if r.dice.IntN(2) == 0 {
				r.schedule(at+time.Duration(r.dice.Int64N(int64(4*time.Second))), sim.Restart, i)
			}
		}
		r.pass(2 * time.Second)
		for i := range 6 {
			r.add(24 + i)
		}
		r.pass(time.Minute)
		r.whole()
		r.add(30) // when all have it
		r.pass(20 * time.Second)
		r.whole()
	})
}

// Peers that fall silent, and links of which nobody learns that they are cut, cost time and nothing else.
func TestPartition(t *testing.T) {
	eachSeed(t, 20, func(r *rig) {
		var sides [2][]string
		for i := range 20 {
			sides[i%2] = append(sides[i%2], fmt.Sprint("n", i))
		}
		r.Schedule(sim.Fault{At: r.Now() + 2*time.Second, Kind: sim.Partition, Groups: sides[:]},
			sim.Fault{At: r.Now() + 60*time.Second, Kind: sim.Heal})
		r.pass(3 * time.Minute)
		r.whole()
	})
}

// The source goes, in order or not, as soon as there is a copy of each block on the others together; and all get all.
func TestSourceLeavesAfterOneCopy(t *testing.T) {
	for _, kind := range []sim.FaultKind{sim.Crash, sim.Stop} {
		t.Run(kind.String(), func(t *testing.T) {
			eachSeed(t, 20, func(r *rig) {
				for copied := false; !copied; {
					r.pass(10 * time.Millisecond)
					all := algos.NewBits(r.sums.Blocks())
					for i := 1; i < 20; i++ {
						for b := range all.Len() {
							if r.node(i).Have().Has(b) {
								all.Add(b)
							}
						}
					}
					copied = all.Full()
				}
				if r.node(1).Have().Full() {
					r.t.Fatal("the first node has all when the source goes")
				}
				r.schedule(0, kind, 0)
				r.pass(time.Minute)
				r.whole()
			})
		})
	}
}

// forger is a node of the mesh that claims to have all blocks, and sends others than it says.
type forger struct{ *mesh.Copy }

func (f forger) Has(int) bool      { return true }
func (f forger) Read(b int) []byte { return bytes.Repeat([]byte{byte(b)}, block) }

// What liars send is not kept, each is found out by whomever it lies to, and all get the file from the others.
func TestLiars(t *testing.T) {
	eachSeed(t, 20, func(r *rig) {
		for i := range 4 {
			r.AddNode(fmt.Sprint("x", i), func() core.Algorithm {
				x := mesh.New(app, forger{r.sums.Empty()})
				x.AddHost(r.ID("n1"))
				return x
			})
		}
		r.pass(2 * time.Minute)
		for i := range 20 {
			name := fmt.Sprint("n", i)
			if !bytes.Equal(r.copies[name].Bytes(), r.data) {
				r.t.Errorf("%s has not the file", name)
			}
		}
		if bad := r.figure("bad"); bad == 0 || bad > 4*20*2 { // InFlight are on their way when one is found to be wrong, and the peer has gone
			r.t.Errorf("%d blocks were wrong", bad)
		}
	})
}

// What the package documents of its messages, for those that forge them.
const (
	typeMeet    = wire.FirstAlgorithmType + 112
	typeHave    = typeMeet + 1
	typeRequest = typeMeet + 2
	typeBye     = typeMeet + 3
)

type blocks []uint32

func (b *blocks) Fields(f *pack.Fields) { pack.List(f, (*[]uint32)(b), (*pack.Fields).Uint32) }

// Who is no peer is told so, and gets nothing and changes nothing; a peer gets no more than may wait for it, and nothing that is not there.
func TestStrangers(t *testing.T) {
	eachSeed(t, 3, func(r *rig) {
		x := &algos.Base{}
		got, byes := 0, 0
		s := r.AddNode("x", func() core.Algorithm { return x })
		x.Handle(typeBye, func(*core.Msg) { byes++ })
		x.Handle(wire.TypeData, func(m *core.Msg) { got++ })
		r.pass(500 * time.Millisecond)
		victim, few := r.node(0), blocks{0, 1, 100, 101, 1 << 20}
		block := func(seq uint64) {
			m := x.NewMsg(wire.TypeData, app, block)
			clear(m.Payload())
			m.SetSeq(seq)
			x.Send(m, victim.ID())
		}
		s.Core().Call(func() {
			x.Post(victim.ID(), typeHave, &few)
			x.Post(victim.ID(), typeHave, nil) // malformed
			x.Post(victim.ID(), typeBye, nil)
			x.Post(victim.ID(), typeRequest, &few)
			block(0)
			block(1 << 40)
			strange := algos.NewBits(7)
			algos.Ask(x, victim.ID(), typeMeet, &strange, time.Second, func(has *algos.Bits, err error) {
				if err != nil || has.Len() != 0 {
					r.t.Errorf("with another file it was made a peer: %v", err)
				}
			})
		})
		r.pass(2 * time.Second)
		if got != 0 || byes != 1 || victim.BadMessages() != 1 {
			r.t.Errorf("a stranger got %d blocks, was sent away %d times, and sent %d bad messages; want 0, 1 and 1", got, byes, victim.BadMessages())
		}
		mine := algos.NewBits(r.sums.Blocks())
		many := make(blocks, 50)
		s.Core().Call(func() {
			algos.Ask(x, victim.ID(), typeMeet, &mine, time.Second, func(has *algos.Bits, err error) {
				if err != nil || !has.Full() {
					r.t.Errorf("it was not made a peer: %v", err)
				}
			})
			x.Post(victim.ID(), typeRequest, &few)
			x.Post(victim.ID(), typeRequest, &many)
		})
		r.pass(10 * time.Second)
		if most := 3 + 4*victim.InFlight; got < 4 || got > most {
			r.t.Errorf("a peer that asked for 55 blocks at once got %d, want 4 to %d", got, most)
		}
		if unasked := r.figure("unasked"); unasked != 2 {
			r.t.Errorf("%d blocks that were not asked for, want 2", unasked)
		}
	})
}
