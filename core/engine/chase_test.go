package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

func stream(payload int, limit uint64) apps.Stream {
	return apps.Stream{App: 1, Payload: payload, Limit: limit}
}

// say has a node send so many small messages of application 1, which keep the lane open.
func say(t *testing.T, n *Node, to core.NodeID, times int) {
	do(t, n, func(c *core.Node) {
		for range times {
			c.Send(c.NewMsg(wire.TypeData, 1, 40), to)
		}
	})
}

// pairs counts the lanes of a loop whose ends know each other, and the connections that still wait to be
// recognised.
func pairs(t *testing.T, n *Node) (paired, waiting int) {
	do(t, n, func(*core.Node) {
		for _, h := range n.loop.fds {
			if c, ok := h.(*tcpOut); ok && c.local != nil {
				if c.local.remote != c {
					t.Error("one end knows the other, and not the other way round")
				}
				paired++
			}
		}
		waiting = len(n.loop.dialled)
	})
	return paired, waiting
}

// Ends on one loop find each other, and those on two do not.
func TestEndsFindEachOther(t *testing.T) {
	for loops, want := range map[int]int{1: 3, 2: 2} {
		e, sink := newEngine(t, Options{Loops: loops}), &gauge{}
		nodes := make([]*Node, 4)
		nodes[3] = e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(loops - 1)})
		for i := 2; i >= 0; i-- {
			nodes[i] = e.add(t, relay.New(nil, nodes[i+1].ID()), NodeOptions{Loop: OnLoop(i * loops / 4)})
		}
		send(t, nodes[0], stream(5000, 0))
		eventually(t, "it flows", func() bool { return sink.n.Load() > 500 })
		sum := 0
		for i := range e.loops {
			p, left := pairs(t, nodes[i*3])
			sum += p
			if left != 0 {
				t.Errorf("%d loops: %d connections wait to be recognised", loops, left)
			}
		}
		if sum != want {
			t.Errorf("%d loops: %d lanes are followed, want %d", loops, sum, want)
		}
	}
}

// What was written is read without the poller: a chain is done in a few of its turns.
func TestWritesAreFollowed(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1}), &gauge{}
	nodes := e.row(t, 8, sink)
	send(t, nodes[0], stream(5000, 0))
	eventually(t, "it flows", func() bool { return sink.n.Load() > 500 })
	events := countEvents(t, nodes[0], func(h handler) bool { _, ok := h.(*tcpIn); return ok })
	reads := func() (n uint64) {
		do(t, nodes[0], func(*core.Node) {
			for _, h := range nodes[0].loop.fds {
				if c, ok := h.(counted); ok {
					h = c.handler
				}
				if c, ok := h.(*tcpIn); ok {
					n += c.reads
				}
			}
		})
		return n
	}
	before, seen, upto := reads(), events(), sink.n.Load()+20_000
	eventually(t, "it flows on", func() bool { return sink.n.Load() > upto })
	if r, ev := reads()-before, events()-seen; r < 7 || uint64(ev) > r/2 {
		t.Errorf("%d reads, and %d reports of the poller", r, ev)
	}
}

// Frames of all lengths, some of them longer than slabs and socket buffers, and receivers that stop and go on: everything
// arrives whole and in order.
func TestFollowedLanesKeepWhatTheyCarry(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 7))
		o := Options{Loops: 1}
		if seed%2 == 1 {
			o.Buffers = Buffers{Messages: 1 + int(seed), Payload: 3000}
		}
		e, sink := newEngine(t, o), &gauge{}
		end := e.add(t, relay.New(sink), NodeOptions{})
		held := &keeper{}
		side := e.add(t, held, NodeOptions{})
		mid := e.add(t, relay.New(nil, end.ID(), side.ID()), NodeOptions{})
		first := e.add(t, relay.New(nil, mid.ID()), NodeOptions{})
		const lanes = 4
		var want uint64
		for app := range uint32(lanes) {
			s := apps.Stream{App: app + 1, Payload: rng.IntN(1 << (6 + 14*rng.IntN(2))), Limit: 20 + rng.Uint64N(30)}
			if app == 0 {
				s.Payload = 1 << 20
			}
			s.Payload = max(s.Payload, 40)
			want += s.Limit
			send(t, first, s)
		}
		eventually(t, "the side stops", func() bool {
			n := uint64(0)
			do(t, side, func(*core.Node) { n = held.seen })
			return n > 0
		})
		do(t, side, func(*core.Node) { held.release() })
		eventually(t, "all arrives", func() bool { return sink.n.Load() == want })
		eventually(t, "at the side too", func() bool {
			n := uint64(0)
			do(t, side, func(*core.Node) { n = held.seen })
			return n == want
		})
	}
}

// A guess that is wrong is not repeated at every write, and costs nothing but the read.
func TestWrongGuessesAreGivenUp(t *testing.T) {
	e, sink, other := newEngine(t, Options{Loops: 1}), &gauge{}, &gauge{}
	nodes := e.row(t, 2, sink)
	quiet := e.row(t, 2, other)
	say(t, nodes[0], nodes[1].ID(), 1)
	say(t, quiet[0], quiet[1].ID(), 1)
	eventually(t, "both lanes are there", func() bool { return sink.n.Load() == 1 && other.n.Load() == 1 })
	var wrong *tcpIn
	do(t, nodes[0], func(*core.Node) {
		var out, idle *tcpOut
		for _, h := range nodes[0].loop.fds {
			if c, ok := h.(*tcpOut); ok && c.lane.Peer() == nodes[1].ID() {
				out = c
			} else if ok {
				idle = c
			}
		}
		in := idle.local
		part(out, out.local)
		part(idle, in)
		out.local, in.remote, wrong = in, out, in
	})
	send(t, nodes[0], stream(1000, 5000))
	eventually(t, "all arrives", func() bool { return sink.n.Load() == 5001 })
	do(t, nodes[0], func(*core.Node) {
		if wrong.pairing.miss == 0 {
			t.Error("no guess was found to be wrong")
		}
	})
}

// A receiver that is gone before it has read the next piece of a long frame leaves the sender to the poller, which
// tells it.
func TestTheOtherEndGoesInTheMiddle(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1}), &gauge{}
	nodes := e.row(t, 2, sink)
	say(t, nodes[0], nodes[1].ID(), 1)
	eventually(t, "the lane is there", func() bool { return sink.n.Load() == 1 })
	do(t, nodes[0], func(*core.Node) {
		for _, h := range nodes[0].loop.fds {
			if c, ok := h.(*tcpOut); ok {
				c.more = true
				part(c, c.local)
				if c.more || !c.waiting {
					t.Errorf("more %v, waiting %v: nobody would go on", c.more, c.waiting)
				}
			}
		}
	})
	send(t, nodes[0], stream(1000, 50))
	eventually(t, "the poller goes on", func() bool { return sink.n.Load() == 51 })
}
