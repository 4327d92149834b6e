package core

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	testAsk    = wire.FirstUserType
	testAnswer = wire.FirstUserType + 1
)

// asks are the counts of a node that asks and answers.
type asks struct{ asked, answered, told uint64 }

// asking is a node's algorithm: on a timer it asks some neighbour so many questions;
// questions with a number above 0 are passed on to a neighbour as they are.
func (c *asks) asking(size, burst int, until time.Duration, neighbours ...int) func(n *Node, m *Msg) Verdict {
	some := func(n *Node) NodeID { return nodeID(neighbours[n.Rand().IntN(len(neighbours))]) }
	return func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeStarted, wire.TypeTimer:
			for range burst {
				q := n.NewMsg(testAsk, 0, size)
				q.SetSeq(uint64(n.Rand().IntN(2)))
				c.asked++
				n.Send(q, some(n))
			}
			if n.Now() < until {
				n.After(time.Duration(1+n.Rand().IntN(100))*time.Millisecond, 1)
			}
		case testAsk:
			if m.Seq() > 0 && n.Rand().IntN(2) == 0 {
				n.Send(m, some(n)) // relayed: a message from upstream, and control all the same
				return Done
			}
			n.Send(n.NewMsg(testAnswer, 0, size), m.Sender())
		case testAnswer:
			c.answered++
		case wire.TypeLinkDown, wire.TypeSendFailed:
			c.told += m.Link().Lost
		}
		return Done
	}
}

// TestRequestsAndAnswers: on any topology, with any queues and sockets, every question
// is answered, or its loss, or that of its answer, is told: to the message.
func TestRequestsAndAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := someConfig(t)
		cfg.OverflowMsgs = rapid.SampledFrom([]int{1, 5, 0}).Draw(t, "overflow messages")
		cfg.OverflowBytes = rapid.SampledFrom([]int{1, 3000, 0}).Draw(t, "overflow bytes")
		nodes := rapid.IntRange(2, 6).Draw(t, "nodes")
		size := rapid.SampledFrom([]int{0, 100}).Draw(t, "payload")
		burst := rapid.SampledFrom([]int{1, 5, 12}).Draw(t, "burst")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := newWorld(t, cfg)
		defer w.close()
		overSock := w.sockDialler(rng, rapid.SampledFrom([]int{500, 5000}).Draw(t, "socket bytes"))
		mem := rapid.IntRange(0, 2).Draw(t, "in memory")
		w.dial = func(l *OutLane) {
			if rng.IntN(2) < mem {
				w.connect(l)
			} else {
				overSock(l)
			}
		}
		counts := make([]asks, nodes)
		for i := range nodes {
			neighbours := []int{(i + 1) % nodes, rng.IntN(nodes)}
			w.node(i, counts[i].asking(size, burst, 50*time.Millisecond, neighbours...))
		}
		if !w.wander(rng, 2_000_000, nil) {
			t.Fatal("the network is still busy")
		}
		var sum asks
		for i, c := range counts {
			sum.asked, sum.answered, sum.told = sum.asked+c.asked, sum.answered+c.answered, sum.told+c.told
			if s := w.nodes[i].Stats(); s.Lost.OutMsgs+s.Lost.InMsgs != c.told {
				t.Fatalf("node %d has lost %+v and was told %d", i, s.Lost, c.told)
			}
		}
		if sum.asked == 0 || sum.asked != sum.answered+sum.told {
			t.Fatalf("asked %d, answered %d, told %d", sum.asked, sum.answered, sum.told)
		}
	})
}

// TestControlStopsNothing: whatever an algorithm makes of control, or does with it, a
// lane of control from upstream is never stopped.
func TestControlStopsNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(n *Node, m *Msg) Verdict
	}{
		{"passed on", func(n *Node, m *Msg) Verdict { n.Send(m, nodeID(1)); return Done }},
		{"copied", func(n *Node, m *Msg) Verdict { n.Send(n.Clone(m), nodeID(1)); return Done }},
		{"answered with data", func(n *Node, _ *Msg) Verdict { n.Send(n.NewMsg(wire.TypeData, 7, 50), nodeID(1)); return Done }},
		{"to many", func(n *Node, m *Msg) Verdict {
			for i := range 5 {
				n.Send(m, nodeID(1+i))
			}
			return Done
		}},
		{"held", func(*Node, *Msg) Verdict { return Hold }},
		{"retained", func(n *Node, m *Msg) Verdict { n.Retain(m); return Done }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 2, OverflowMsgs: 10})
			defer w.close()
			w.ports(0) // downstream takes nothing, ever
			got := 0
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.From().IsZero() {
					return Done
				}
				got++
				return c.do(n, m)
			})
			const rounds, burst = 30, 20
			f := w.feeder(n, 9, 0)
			for range rounds {
				f.give(w.typed(testAsk, 9, 0, burst, 50))
				w.settle()
				w.check()
				if f.lane.Blocked() || f.lane.Busy() {
					t.Fatalf("stopped after %d messages", got)
				}
			}
			if got != rounds*burst {
				t.Errorf("%d of %d messages were switched", got, rounds*burst)
			}
		})
	}
}

// typed is a run of messages of a type.
func (w *world) typed(typ Type, from int, app uint32, count, size int) Run {
	specs := make([]spec, count)
	for i := range specs {
		specs[i] = spec{typ: typ, sender: nodeID(from), app: app, seq: uint64(i), size: size}
	}
	return w.makeRun(specs...)
}

// TestDataStopsExactly: data that came on a lane, was made from it, merged or coded,
// stops that lane as soon as the queue is full, and no message of it is lost.
func TestDataStopsExactly(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(n *Node, m *Msg)
	}{
		{"passed on", func(n *Node, m *Msg) { n.Send(m, nodeID(1)) }},
		{"copied", func(n *Node, m *Msg) { n.Send(n.Clone(m), nodeID(1)) }},
		{"made", func(n *Node, m *Msg) { n.Send(n.NewMsg(wire.TypeData, 5, len(m.Payload())), nodeID(1)) }},
		{"made for another session", func(n *Node, m *Msg) { n.Send(n.NewMsg(wire.TypeData, 6, len(m.Payload())), nodeID(1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			const queue, count = 3, 40
			w := newWorld(t, Config{QueueMsgs: queue, OverflowMsgs: 1})
			defer w.close()
			ps := w.ports(0)
			got := 0
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Type() == wire.TypeData {
					got++
					c.do(n, m)
				}
				return Done
			})
			f := w.feeder(n, 9, 5, w.messages(9, 5, count, 50))
			w.settle()
			for sent := 0; sent < count; {
				if got > sent+queue+1 || got < min(sent+1, count) {
					t.Fatalf("with %d sent %d messages are switched: the queue holds %d, and one waits", sent, got, queue)
				}
				if stopped := f.lane.Blocked(); stopped == (got == count) && got < count {
					t.Fatalf("with %d sent and %d switched the lane is stopped: %v", sent, got, stopped)
				}
				sent = 0
				for _, p := range ps.byLane {
					p.give(wire.HeaderSize + 50)
					fs, _ := frames(t, p.got)
					sent += len(fs)
				}
				w.settle()
				w.check()
			}
			if s := n.Stats(); s.Lost != (LossStats{}) {
				t.Errorf("lost %+v", s.Lost)
			}
		})
	}
}

// TestOverflowBounds: what stops nobody waits up to both bounds, and not beyond; data
// made on a timer as control. What goes over is told, with its number, in time.
func TestOverflowBounds(t *testing.T) {
	const frame = wire.HeaderSize + 100
	for _, app := range []uint32{0, 5} {
		for _, c := range []struct{ msgs, bytes, want int }{
			{10, 0, 10}, {0, 10 * frame, 10}, {0, 10*frame + 1, 11}, {20, 10 * frame, 10}, {1, 1, 1},
		} {
			t.Run(fmt.Sprint(app, c), func(t *testing.T) {
				const queue, count = 4, 50
				w := newWorld(t, Config{QueueMsgs: queue, OverflowMsgs: c.msgs, OverflowBytes: c.bytes})
				defer w.close()
				ps := w.ports(0)
				var j journal
				n := w.recorded(0, &j, nil)
				w.settle()
				n.sw.Call(func() {
					for range count {
						n.Send(n.NewMsg(wire.TypeData, app, 100), nodeID(1))
					}
				})
				w.settle()
				w.check()
				j.take()
				w.pass(lossDelay)
				sameLines(t, "told", j.take(), fmt.Sprintf("send-failed 10.0.0.1:7000/%d downstream: queue full, lost %d", app, count-queue-c.want))
				ps.to(1, app).give(endless)
				for range 20 {
					w.settle()
					ps.to(1, app).Flush(ps.to(1, app).lane)
				}
				if fs, _ := frames(t, ps.to(1, app).got); len(fs) != queue+c.want {
					t.Errorf("%d were sent, want %d", len(fs), queue+c.want)
				}
				if l := ps.to(1, app).lane; l.overMsgs != 0 || l.overBytes != 0 {
					t.Errorf("in the end %d messages, %d bytes count as waiting", l.overMsgs, l.overBytes)
				}
			})
		}
	}
}

// TestWaitingControlPinsNoSlabs: small messages that wait for a peer that takes nothing
// keep memory in proportion to their bytes, not a slab each, whether they came from
// elsewhere or were made among many others.
func TestWaitingControlPinsNoSlabs(t *testing.T) {
	const slab, count = 64 << 10, 600
	for _, relayed := range []bool{false, true} {
		t.Run(fmt.Sprint("relayed ", relayed), func(t *testing.T) {
			pool := slabtest.Shared(bufpool.Options{SlabSize: slab})
			w := newWorldIn(t, Config{QueueMsgs: 10}, pool)
			defer w.close()
			ps := w.ports(0)
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Type() == testAsk {
					n.Send(m, nodeID(1))
				}
				return Done
			})
			f := w.feeder(n, 9, 0)
			for i := range count {
				if relayed {
					f.give(w.typed(testAsk, 9, 0, 1, 100))
				} else {
					n.sw.Call(func() {
						n.Send(n.NewMsg(testAsk, 0, 100), nodeID(1))
						for range 7 { // and much for one who takes it
							n.Send(n.NewMsg(testAsk, 0, 10_000), nodeID(2))
						}
					})
				}
				w.settle()
				ps.room = endless // of lanes other than the first
				if p := ps.to(2, 0); p != nil {
					p.give(endless - p.room)
					p.got = nil
				}
				if held := pool.Held(); held > 8 {
					t.Fatalf("%d slabs of %d bytes are held for %d messages of %d", held, slab, i+1, wire.HeaderSize+100)
				}
			}
			if waits := ps.to(1, 0).lane; waits.msgs+waits.overMsgs != count {
				t.Fatalf("%d messages wait, want %d", waits.msgs+waits.overMsgs, count)
			}
		})
	}
}
