package engine

import (
	"fmt"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Full queues, short memory: what stands and what must go on.

// route sends an application's data on, or to the sink if it has no next node.
type route struct {
	algos.Base
	next map[uint32]core.NodeID
	sink core.Sink
}

func (r *route) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		if next, ok := r.next[m.App()]; ok {
			r.Send(m, next)
		} else {
			r.sink.Consume(r.Node, m)
		}
	}
	return core.Done
}

// Three saturated sessions around a ring of three nodes, each over two links,
// with the smallest buffers: on shared connections each could wait for the next
// for ever. None may stop.
func TestRingOfSaturatedSessionsNeverStops(t *testing.T) {
	for _, c := range []struct{ socketBytes, rounds, msgs int }{
		{1 << 15, 20, 100},
		// Windows below half a segment, which is 64 KB on the loopback, move when
		// the kernel's timers say so: slow, and no reason to stop either.
		{4096, 2, 10},
	} {
		t.Run(fmt.Sprintf("%dB", c.socketBytes), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) {
				o := w.options()
				o.Core.QueueMsgs, o.Core.Quantum = 1, 100
				o.SocketBytes, o.ReadBytes = c.socketBytes, 100
				testRing(t, o, c.rounds, scaled(uint64(c.msgs)))
			})
		})
	}
}

func testRing(t *testing.T, o Options, rounds int, msgs uint64) {
	const size = 3
	e := newEngine(t, o)
	var nodes [size]*Node
	var routes [size]*route
	var sinks [size]*gauge
	for i := range size {
		sinks[i] = &gauge{}
		routes[i] = &route{sink: sinks[i]}
		nodes[i] = e.add(t, routes[i], NodeOptions{Loop: OnLoop(i % o.Loops)})
	}
	for i := range size { // session i+1 goes i -> i+1 -> i+2
		next := nodes[(i+1)%size].ID()
		do(t, nodes[i], func(*core.Node) {
			routes[i].next = map[uint32]core.NodeID{
				uint32(i + 1):               next,
				uint32((i+size-1)%size + 1): next,
			}
		})
	}
	for i := range size {
		send(t, nodes[i], apps.Stream{App: uint32(i + 1), Payload: 300 + 50*i})
	}
	for round := range rounds {
		for i, s := range sinks {
			before := s.n.Load()
			eventually(t, fmt.Sprintf("round %d: the session that ends at node %d goes on", round, i), func() bool {
				return s.n.Load() > before+msgs
			})
		}
	}
	for i := range size {
		end := (i + 2) % size
		checkStream(t, nodes[end], sinks[end], nodes[i].ID(), uint32(i+1))
	}
}

// checkStream checks what has come of a stream that still flows.
func checkStream(t testing.TB, at *Node, g *gauge, from core.NodeID, app uint32) {
	t.Helper()
	do(t, at, func(*core.Node) {
		if got := g.Session(from, app); got.Messages == 0 || got.Lost != 0 || got.OutOfOrder != 0 || got.Corrupt != 0 {
			t.Errorf("application %d from %v: %+v; want messages in order and whole", app, from, got)
		}
	})
}

// hoarder holds all data of one application until it is told to let go, and
// counts the rest.
type hoarder struct {
	gauge
	node *core.Node
	app  uint32
	held []*core.Msg
	open bool
}

func (h *hoarder) Bind(n *core.Node) { h.node = n }

func (h *hoarder) Process(m *core.Msg) core.Verdict {
	switch {
	case m.Type() == wire.TypeData && m.App() == h.app && !h.open:
		h.held = append(h.held, m)
		return core.Hold
	case m.Type() == wire.TypeData || m.Type() == wire.FirstUserType:
		h.Consume(h.node, m)
	}
	return core.Done
}

// letGo consumes and releases what is held.
func (h *hoarder) letGo(c *core.Node) {
	h.open = true
	for _, m := range h.held {
		h.Consume(c, m)
		c.Release(m)
	}
	h.held = nil
}

// A session whose receiver holds everything stands still, back to its source.
// Another on the same links goes on, and so does the control lane.
func TestStalledSessionLeavesOthersGoing(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		o := w.options()
		o.Core.QueueMsgs, o.SocketBytes = 50, 1<<16
		e := newEngine(t, o)
		h := &hoarder{app: 1}
		end := e.add(t, h, NodeOptions{Loop: OnLoop(w.loops - 1)})
		middle := e.add(t, relay.New(nil, end.ID()), NodeOptions{})
		first := e.add(t, relay.New(nil, middle.ID()), NodeOptions{Loop: OnLoop(w.loops - 1)})
		stalled := send(t, first, apps.Stream{App: 1, Payload: 1000})
		send(t, first, apps.Stream{App: 2, Payload: 1000})

		goesOn := func() {
			t.Helper()
			was := h.n.Load()
			eventually(t, "the other session goes on", func() bool { return h.n.Load() > was+2000 })
		}
		eventually(t, "the receiver has its buffer full", func() bool { return stats(t, end).Held == 50 })
		var before uint64
		eventually(t, "the stall reaches the source", func() bool {
			before = sentBy(t, first, stalled)
			goesOn()
			return sentBy(t, first, stalled) == before
		})
		// Control messages pass the jam, on every hop of the way.
		control := func(from *Node, to core.NodeID, seq uint64) {
			do(t, from, func(c *core.Node) {
				m := c.NewMsg(wire.FirstUserType, 0, 8)
				m.SetSeq(seq)
				c.Send(m, to)
			})
		}
		for seq := range uint64(20) {
			control(middle, end.ID(), seq)
			goesOn()
		}
		eventually(t, "control messages pass", func() bool {
			var got apps.Tally
			do(t, end, func(*core.Node) { got = h.Session(middle.ID(), 0) })
			return got.Messages == 20
		})
		for _, n := range []*Node{end, middle, first} {
			for _, l := range stats(t, n).Upstream {
				if l.App == 1 && !l.Blocked && n == end {
					t.Errorf("at the receiver the stalled session's lane is not blocked: %+v", l)
				}
			}
		}
		if held := stats(t, end).Held; held != 50 {
			t.Errorf("%d messages held; the lane's buffer is 50", held)
		}
		do(t, end, h.letGo)
		sent := sentBy(t, first, stalled) + 5000
		eventually(t, "the stalled session goes on", func() bool {
			var got apps.Tally
			do(t, end, func(*core.Node) { got = h.Session(first.ID(), 1) })
			return got.Messages > sent
		})
		checkStream(t, end, &h.gauge, first.ID(), 1)
		checkStream(t, end, &h.gauge, first.ID(), 2)
	})
}

// With little memory, links wait for it in turn. Nothing is lost and the budget
// holds.
func TestSmallBudget(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const budget, sources, msgs, payload = 4 << 20, 60, 30, 30_000
		o := w.options()
		o.Pool = bufpool.Options{Budget: budget}
		e, sink := newEngine(t, o), &gauge{}
		end := e.add(t, relay.New(sink), NodeOptions{})
		middle := e.add(t, relay.New(nil, end.ID()), NodeOptions{Loop: OnLoop(w.loops - 1)})
		var from []*Node
		for i := range sources {
			from = append(from, e.add(t, relay.New(nil, middle.ID()), NodeOptions{Loop: OnLoop(i % w.loops)}))
		}
		for _, lp := range e.loops { // all at once: each source alone needs a slab
			if err := lp.do(func() {
				for _, n := range from {
					if n.loop == lp {
						n.core.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: payload, Limit: msgs}))
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "everything arrives", func() bool { return sink.n.Load() == sources*msgs })
		for _, n := range from {
			verify(t, end, sink, n.ID(), 1, msgs)
		}
		if s := e.Pool().Stats(); s.Peak > s.Budget+overdraft || s.Refusals == 0 {
			t.Errorf("%d bytes of slabs at the peak, %d refusals; the budget is %d and must be felt", s.Peak, s.Refusals, s.Budget)
		}
	})
}
