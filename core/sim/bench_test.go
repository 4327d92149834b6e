package sim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// flooder is gossip in the fewest steps: who sees a number for the first time
// passes the message on to all that it knows.
type flooder struct {
	*core.Node
	peers []core.NodeID
	seen  [16]uint64 // one bit a number, of the last thousand
	first uint64     // number of the lowest bit
}

func (f *flooder) Bind(n *core.Node) { f.Node = n }

func (f *flooder) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && f.fresh(m.Seq()) {
		for _, p := range f.peers {
			f.Send(m, p)
		}
	}
	return core.Done
}

func (f *flooder) fresh(seq uint64) bool {
	const window = 64 * uint64(len(f.seen))
	for seq >= f.first+window {
		f.seen[f.first/64%uint64(len(f.seen))] = 0
		f.first += 64
	}
	word, bit := &f.seen[seq/64%uint64(len(f.seen))], uint64(1)<<(seq%64)
	if seq < f.first || *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// flood makes a world of nodes that each know four others.
func flood(t testing.TB, nodes int, o Options) *World {
	w := newWorld(t, o)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range nodes {
		f := &flooder{}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return f })
	}
	for _, n := range w.Nodes() {
		f := n.Algorithm().(*flooder)
		for range 4 {
			f.peers = append(f.peers, w.Nodes()[rng.IntN(nodes)].ID())
		}
	}
	return w
}

// rumour starts the flood of one message.
func rumour(w *World, seq uint64) {
	n := w.Nodes()[seq*7919%uint64(len(w.Nodes()))].Core()
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, 1, 128)
		m.SetSeq(seq)
		clear(m.Payload())
		for _, p := range n.Algorithm().(*flooder).peers {
			n.Send(m, p)
		}
	})
}

// BenchmarkFlood reports what one message over one link costs: one operation is
// one message that a node takes from another.
func BenchmarkFlood(b *testing.B) {
	for _, nodes := range []int{1000, 10000} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			w := flood(b, nodes, Options{})
			seq := uint64(0)
			next := func() {
				rumour(w, seq)
				seq++
				mustRun(b, w, time.Millisecond/4)
			}
			for range 20 {
				next()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for end := w.Totals().Messages + uint64(b.N); w.messages < end; {
				next()
			}
		})
	}
}

// BenchmarkQueue reports what an event costs to put in and take out again while
// 40,000 others are in the queue.
func BenchmarkQueue(b *testing.B) {
	const others = 40_000
	for _, way := range []string{"ring", "heap"} {
		b.Run(way, func(b *testing.B) {
			var q queue
			rng := rand.New(rand.NewPCG(1, 2))
			add := func(now time.Duration) {
				e := event{ord: q.order()}
				if way == "ring" {
					e.at = now + time.Millisecond
					q.soon(e)
				} else {
					e.at = now + time.Duration(rng.Uint32()%1e9)
					q.push(e)
				}
			}
			for range others {
				add(0)
			}
			b.ReportAllocs()
			for b.Loop() {
				e := q.pop(q.first())
				add(e.at)
			}
		})
	}
}
