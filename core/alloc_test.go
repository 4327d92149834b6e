package core

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// mold is a source that sends the same slab of messages again and again.
type mold struct {
	slab        *bufpool.Slab
	size, count int
	seq         uint64
}

// mold adds a source of count messages a run, always ready.
func (w *world) mold(n *Node, app uint32, payload, count int) *mold {
	size := wire.HeaderSize + payload
	slab, err := w.pool.GetSize(size * count)
	if err != nil {
		w.t.Fatalf("no slab: %v", err)
	}
	s := &mold{slab: slab, size: size, count: count}
	for i := range count {
		wire.PutHeader(slab.Bytes()[i*size:], wire.Header{Type: wire.TypeData, Sender: n.ID(), App: app, Size: payload})
	}
	n.AddSource(app, s)
	return s
}

func (s *mold) Produce(*Node) Supply {
	for i := range s.count {
		wire.SetSeq(s.slab.Bytes()[i*s.size:], s.seq)
		s.seq++
	}
	s.slab.Retain()
	return Supply{Run: Run{Slab: s.slab, Len: uint32(s.count * s.size), Msgs: uint32(s.count)}}
}

func (s *mold) Close() { s.slab.Release() }

// setup is a network that switches for as long as it is asked to.
type setup struct {
	name    string
	build   func(w *world, payload, count int)
	hops    int // messages switched for each message of a source
	sources int
}

var setups = []setup{
	{"chain", func(w *world, payload, count int) {
		w.node(0, relay(1))
		w.node(1, relay(2))
		w.node(2, nil)
		w.mold(w.nodes[0], 1, payload, count)
	}, 3, 1},
	{"fan-out 3", func(w *world, payload, count int) {
		w.node(0, relay(1, 2, 3))
		for i := 1; i <= 3; i++ {
			w.node(i, nil)
		}
		w.mold(w.nodes[0], 1, payload, count)
	}, 4, 1},
	{"chain in batches", func(w *world, payload, count int) {
		w.fan(0, &fan{dests: []NodeID{nodeID(1)}, quiet: true})
		w.fan(1, &fan{dests: []NodeID{nodeID(2)}, quiet: true})
		w.fan(2, &fan{quiet: true})
		w.mold(w.nodes[0], 1, payload, count)
	}, 3, 1},
	{"fan-out 3 in batches", func(w *world, payload, count int) {
		w.fan(0, &fan{dests: []NodeID{nodeID(1), nodeID(2), nodeID(3)}, quiet: true})
		for i := 1; i <= 3; i++ {
			w.fan(i, &fan{quiet: true})
		}
		w.mold(w.nodes[0], 1, payload, count)
	}, 4, 1},
	{"fan-in 3", func(w *world, payload, count int) {
		w.node(0, relay(4))
		w.node(4, nil)
		for i := 1; i <= 3; i++ {
			n := w.node(i, relay(0))
			w.mold(n, 1, payload, count)
		}
	}, 3, 3},
	{"three applications", func(w *world, payload, count int) {
		w.node(0, relay(1))
		w.node(1, relay(2))
		w.node(2, nil)
		for app := uint32(1); app <= 3; app++ {
			w.mold(w.nodes[0], app, payload, count)
		}
	}, 3, 3},
	{"made", func(w *world, payload, count int) {
		w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() == wire.TypeData {
				x := n.NewMsg(wire.TypeData, 1, payload)
				x.SetSeq(m.Seq())
				n.Send(x, nodeID(1))
			}
			return Done
		})
		w.node(1, nil)
		w.mold(w.nodes[0], 1, payload, count)
	}, 2, 1},
	{"hold 2", func(w *world, payload, count int) {
		var held [2]*Msg
		k := 0
		w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() != wire.TypeData {
				return Done
			}
			if k < 2 {
				held[k] = m
				k++
				return Hold
			}
			n.Send(held[0], nodeID(1))
			n.Send(held[1], nodeID(1))
			n.Release(held[0])
			n.Release(held[1])
			k = 0
			n.Send(m, nodeID(1))
			return Done
		})
		w.node(1, nil)
		w.mold(w.nodes[0], 1, payload, count)
	}, 2, 1},
	{"full queue", func(w *world, payload, count int) {
		// A socket takes one message a step, so every message waits.
		dial := w.dial
		w.dial = func(l *OutLane) {
			if l.Peer() == nodeID(9) {
				s := &sip{lane: l, size: wire.HeaderSize + payload}
				l.Opened(s)
				w.kick = func() {
					for range 3 * count {
						s.drink()
						w.settle()
					}
				}
				return
			}
			dial(l)
		}
		w.node(0, relay(9))
		for i := 1; i <= 3; i++ {
			n := w.node(i, relay(0))
			w.mold(n, 1, payload, count)
		}
	}, 2, 3},
}

// sip is a transport that takes one message when it is told to.
type sip struct {
	lane *OutLane
	size int
}

func (s *sip) drink() {
	if queued, _ := s.lane.Queued(); queued > 0 {
		s.lane.Wrote(min(queued, s.size))
	}
}

func (s *sip) Flush(*OutLane) {}

func (s *sip) Close(*OutLane, CloseHow) {}

// push runs the network until its sources have produced once and all is switched.
func (w *world) push() {
	w.sh.Inject()
	for w.sh.ServeNext() {
	}
	if w.kick != nil {
		w.kick()
	}
}

// TestNoAllocations: in steady state switching allocates nothing.
func TestNoAllocations(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build records who holds what")
	}
	for _, s := range setups {
		for _, cfg := range []struct {
			name string
			Config
		}{{"default", Config{}}, {"small queues", Config{QueueMsgs: 5, Quantum: 500}}} {
			t.Run(s.name+"/"+cfg.name, func(t *testing.T) {
				w := newWorld(t, cfg.Config)
				defer w.close()
				s.build(w, 100, 24)
				for range 50 {
					w.push()
				}
				before := w.switched()
				allocs := testing.AllocsPerRun(50, w.push)
				if allocs != 0 {
					t.Errorf("%v allocations for some %d messages", allocs, (w.switched()-before)/51)
				}
				if s.name != "full queue" && w.switched()-before != uint64(51*24*s.sources*s.hops) {
					t.Errorf("%d messages switched, want %d", w.switched()-before, 51*24*s.sources*s.hops)
				}
				if w.switched() == before {
					t.Error("nothing was switched")
				}
			})
		}
	}
}

// A link with latency and jitter, on which every message is due at a time of its own,
// allocates nothing either.
func TestDelayAllocatesNothing(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build records who holds what")
	}
	w := newWorld(t, Config{})
	defer w.close()
	w.node(0, relay(1))
	w.node(1, nil)
	w.nodes[0].SetLink(nodeID(1), emul.Link{
		Latency: 5 * time.Millisecond, Loss: 0.01, Jitter: emul.Jitter{Dist: emul.Normal, Spread: time.Millisecond},
	})
	w.mold(w.nodes[0], 1, 100, 24)
	step := func() {
		w.push()
		w.pass(100 * time.Microsecond)
	}
	for range 500 {
		step()
	}
	before := w.nodes[1].ins.lanes[0].msgs
	if allocs := testing.AllocsPerRun(200, step); allocs != 0 {
		t.Errorf("%v allocations for some 24 messages", allocs)
	}
	if got := w.nodes[1].ins.lanes[0].msgs - before; got < 200*20 {
		t.Errorf("%d messages arrived, of some %d", got, 200*24)
	}
}

// switched is how many messages the nodes have switched.
func (w *world) switched() (sum uint64) {
	for _, n := range w.nodes {
		for l := range n.ins.all() {
			sum += l.msgs
		}
	}
	return sum
}

// bench switches b.N messages of a setup; an operation is one message through one
// node. Bytes are payload.
func bench(b *testing.B, s setup, payload int) {
	count := bufpool.DefaultSlabSize / (wire.HeaderSize + payload)
	w := newWorld(b, Config{})
	defer w.close()
	s.build(w, payload, count)
	for range 3 {
		w.push()
	}
	b.SetBytes(int64(payload))
	b.ReportAllocs()
	b.ResetTimer()
	each := count * s.sources * s.hops
	for done := 0; done < b.N; done += each {
		w.push()
	}
}

func find(name string) setup {
	for _, s := range setups {
		if s.name == name {
			return s
		}
	}
	panic("no such setup: " + name)
}

func benchSizes(b *testing.B, s setup) {
	b.Run("payload=5120", func(b *testing.B) { bench(b, s, 5120) })
	b.Run("payload=64", func(b *testing.B) { bench(b, s, 64) })
}

// BenchmarkSwitch is one message through one node of a chain.
func BenchmarkSwitch(b *testing.B) { benchSizes(b, find("chain")) }

// BenchmarkBatch is the same with algorithms that take batches, and look at each message.
func BenchmarkBatch(b *testing.B) { benchSizes(b, find("chain in batches")) }

// BenchmarkFanOut is a message to three downstreams and through them.
func BenchmarkFanOut(b *testing.B) { benchSizes(b, find("fan-out 3")) }

// BenchmarkFanIn is three upstreams for one output.
func BenchmarkFanIn(b *testing.B) { benchSizes(b, find("fan-in 3")) }

// BenchmarkApps is three applications side by side.
func BenchmarkApps(b *testing.B) { benchSizes(b, find("three applications")) }

// BenchmarkHold is a node that holds two messages of three.
func BenchmarkHold(b *testing.B) { benchSizes(b, find("hold 2")) }

// BenchmarkNewMsg is a node that makes a message for each that it gets.
func BenchmarkNewMsg(b *testing.B) { benchSizes(b, find("made")) }
