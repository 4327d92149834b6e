package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"

	"pgregory.net/rapid"
)

// books is a watcher that keeps accounts of every lane.
type books struct {
	t        *rapid.T
	sent     map[pair]uint64 // taken by lanes
	received map[pair]uint64 // given to algorithms
	last     map[pair]uint64 // sequence number
	unserved uint64          // had come to lives that have ended, and were not given to their algorithms
}

func (b *books) Message(_ time.Duration, n *Node, m *core.Msg) {
	if m.Type() != wire.TypeData || m.From().IsZero() {
		return
	}
	key := pair{n.world.byID[m.From()].index, n.index}
	b.received[key]++
	if m.Seq() <= b.last[key] {
		b.t.Fatalf("message %d of %v came after %d", m.Seq(), key, b.last[key])
	}
	b.last[key] = m.Seq()
}

func (b *books) Sent(_ time.Duration, from, to *Node, _ uint32, r core.Run) {
	b.sent[pair{from.index, to.index}] += uint64(r.Msgs)
}

func (b *books) Fault(time.Duration, Fault)                              {}
func (b *books) Warned(time.Duration, *Node, core.NodeID, uint32, error) {}
func (b *books) Ended(_ time.Duration, n *Node, crash *core.Crash) {
	b.unserved += n.Stats().Lost.InMsgs
	if crash != nil {
		b.t.Fatalf("a node crashed: %v\n%s", crash.Value, crash.Stack)
	}
}

// drawFault makes any fault among some nodes.
func drawFault(t *rapid.T, nodes int) Fault {
	name := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("n", rapid.IntRange(0, nodes-1).Draw(t, "node")) })
	f := Fault{
		At:   time.Duration(rapid.IntRange(0, 300).Draw(t, "at")) * hop,
		Kind: rapid.SampledFrom([]FaultKind{Crash, Restart, Stop, Cut, CutOneWay, Partition, Heal, Slow}).Draw(t, "kind"),
	}
	switch f.Kind {
	case Cut, CutOneWay:
		f.Nodes = rapid.SliceOfNDistinct(name, 2, 2, rapid.ID).Draw(t, "pair")
	case Partition:
		f.Groups = [][]string{rapid.SliceOfNDistinct(name, 1, nodes-1, rapid.ID).Draw(t, "side")}
	case Heal:
		if rapid.Bool().Draw(t, "between") {
			f.Nodes = rapid.SliceOfNDistinct(name, 2, 2, rapid.ID).Draw(t, "pair")
		}
	default:
		f.Nodes = []string{name.Draw(t, "node")}
		if f.Kind == Slow {
			f.Cost = time.Duration(rapid.IntRange(0, 3).Draw(t, "cost")) * hop
		}
	}
	return f
}

// Whatever goes wrong, messages arrive at most once and in order, and every message
// that a lane took is given to an algorithm, or counted as lost by somebody.
func TestBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &books{t: t, sent: make(map[pair]uint64), received: make(map[pair]uint64), last: make(map[pair]uint64)}
		w := New(Options{
			Hop: hop, Watch: b, Order: Order(rapid.IntRange(0, 1).Draw(t, "order")), DialTimeout: 50 * hop,
			WindowMsgs: rapid.IntRange(1, 5).Draw(t, "window"), Core: core.Config{QueueMsgs: 4, RedialMin: 5 * hop, StallTimeout: 80 * hop, FailTimeout: 60 * hop},
			Pool: bufpool.Options{SlabSize: 4 << 10},
		})
		const nodes = 4
		for i := range nodes {
			w.AddNode(fmt.Sprint("n", i), does(func(n *core.Node, m *core.Msg) core.Verdict {
				if m.Type() == wire.TypeBrokenSource {
					n.Repair() // so that only what the test sends is sent
				}
				return core.Done
			}))
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "traffic"), 1))
		for i := range nodes {
			if rapid.Bool().Draw(t, "emulated") {
				w.nodes[i].SetBandwidth(emul.Bandwidth{Total: emul.Rate(rapid.IntRange(0, 3).Draw(t, "total")) * 2 * emul.KBps, Down: 3 * emul.KBps})
				w.nodes[i].SetLink(w.ID(fmt.Sprint("n", (i+1)%nodes)), emul.Link{
					Latency: time.Duration(rapid.IntRange(0, 20).Draw(t, "latency")) * hop, Loss: 0.1,
					Jitter: emul.Jitter{Dist: emul.Exponential, Spread: 3 * hop},
				})
			}
		}
		var seq uint64 // of all messages, in the order in which they are sent
		for range 200 {
			at, from, to := time.Duration(rng.IntN(300))*hop, rng.IntN(nodes), rng.IntN(nodes)
			w.At(at, func() {
				if n := w.nodes[from]; n.Running() {
					seq++
					say(n, w.nodes[to].id, 1, seq, "payload")
				}
			})
		}
		for range rapid.IntRange(0, 12).Draw(t, "faults") {
			w.Schedule(drawFault(t, nodes))
		}
		if err := w.RunFor(300 * hop); err != nil {
			t.Fatal(err)
		}
		w.Schedule(Fault{At: 301 * hop, Kind: Heal}, Fault{At: 301 * hop, Kind: Slow, Nodes: []string{"n0", "n1", "n2", "n3"}})
		if err := w.RunFor(5000 * hop); err != nil { // all that can arrive has
			t.Fatal(err)
		}
		b.balance(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// balance compares the books with the world's counters.
func (b *books) balance(w *World) {
	var taken, received uint64
	w.Links(func(s LinkStats) bool {
		key := pair{w.byID[s.From].index, w.byID[s.To].index}
		if b.sent[key] != s.Msgs+s.LostMsgs || s.Msgs < b.received[key] {
			b.t.Fatalf("%v to %v: %d sent, %d taken, %d lost, %d received", s.From, s.To, b.sent[key], s.Msgs, s.LostMsgs, b.received[key])
		}
		taken += s.Msgs
		return true
	})
	for _, n := range b.received {
		received += n
	}
	for _, n := range w.nodes {
		if !n.core.Ended() { // else it has been counted
			b.unserved += n.Stats().Lost.InMsgs
		}
	}
	// The rest is news of broken sessions, which is the switch's own.
	if taken < received+b.unserved {
		b.t.Fatalf("%d taken, %d received, %d lost by their receivers", taken, received, b.unserved)
	}
	for _, k := range w.links {
		for _, l := range k.lanes {
			if l.q.n > 0 || l.out != nil && l.usedMsgs != 0 {
				b.t.Fatalf("in the end %d runs are under way from %v to %v, and %d messages of the window are in use", l.q.n, k.from.id, k.to.id, l.usedMsgs)
			}
			if l.out != nil && l.in == nil && k.from.Running() && k.to.Running() { // the other way round may be: see abandon
				b.t.Fatalf("in the end a lane from %v to %v is half open: %v, %v", k.from.id, k.to.id, l.out != nil, l.in != nil)
			}
		}
	}
}

// In steady state nothing is allocated for a message, nor for a timer.
func TestNoAllocations(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build allocates for every reference")
	}
	w := flood(t, 50, Options{})
	ticks := w.AddNode("ticks", does(func(n *core.Node, m *core.Msg) core.Verdict {
		n.After(time.Millisecond, 1)
		n.After(time.Second, 2) // put off again and again
		return core.Done
	}))
	seq := uint64(0)
	step := func() {
		rumour(w, seq)
		seq++
		mustRun(t, w, 20*time.Millisecond)
	}
	for range 100 {
		step()
	}
	before := w.messages
	// One allocation a rumour is the closure that the test itself hands to Call.
	if allocs := testing.AllocsPerRun(50, step); allocs > 2 {
		t.Errorf("%v allocations for about %d messages", allocs, (w.messages-before)/51)
	}
	_ = ticks
}
