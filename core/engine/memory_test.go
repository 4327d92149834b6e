package engine

import (
	"fmt"
	"sync"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
)

// overdraft is what may be taken beyond the budget: blocks for events and other
// messages that are made on the loops.
const overdraft = 1 << 20

// Many peers are in the middle of large messages, and together they have begun
// more than the budget holds. Each gets its messages through, and so does the
// bystander.
func TestUnfinishedMessagesBeyondTheBudget(t *testing.T) {
	for _, loops := range []int{1, 2} {
		t.Run(fmt.Sprint(loops, "loops"), func(t *testing.T) {
			const budget, peers, payload, msgs = 4 << 20, 80, 200_000, 3
			e := newEngine(t, Options{Loops: loops, Pool: bufpool.Options{Budget: budget}})
			strays := &gauge{}
			b := newBystander(t, e, sinkFunc(func(n *core.Node, m *core.Msg) {
				if len(m.Payload()) == payload {
					strays.Consume(n, m)
				}
			}))
			var all []*peer
			for i := range peers {
				all = append(all, greet(t, b.node, stranger(i), 1))
			}
			for seq := range uint64(msgs) {
				begun := e.Pool().Stats().Refusals
				for _, p := range all { // each begins, and none is finished before all have
					p.say(p.data(1, seq, payload)[:payload/4])
				}
				eventually(t, "the budget is used up, or the share of it that strangers have", func() bool {
					used := false
					do(t, b.node, func(*core.Node) { used = b.node.loop.strangers.owed >= b.node.loop.strangersShare() })
					return used || e.Pool().Stats().Refusals > begun
				})
				var wg sync.WaitGroup
				for _, p := range all {
					wg.Go(func() {
						if _, err := p.Write(p.data(1, seq, payload)[payload/4:]); err != nil {
							t.Errorf("peer %v: %v", p.id, err)
						}
					})
				}
				wg.Wait()
				eventually(t, "every message gets through", func() bool { return strays.n.Load() == peers*(seq+1) })
			}
			if s := e.Pool().Stats(); s.Peak > s.Budget+overdraft {
				t.Errorf("%d bytes of slabs at the peak; the budget is %d", s.Peak, s.Budget)
			}
			b.finish()
		})
	}
}

// Peers that begin large messages and never go on use the budget up. Others are
// served all the same, and one that keeps the reserve is disconnected.
func TestPeersThatHoardMemory(t *testing.T) {
	const budget, peers, payload = 2 << 20, 60, 300_000
	e := newEngine(t, Options{Loops: 1, Pool: bufpool.Options{Budget: budget}})
	honest := &gauge{}
	b := newBystander(t, e, sinkFunc(func(n *core.Node, m *core.Msg) {
		if m.Sender() == stranger(1000) && len(m.Payload()) == payload {
			honest.Consume(n, m)
		}
	}))
	var hoarders []*peer
	for i := range peers {
		hoarders = append(hoarders, greet(t, b.node, stranger(i), 1))
	}
	eventually(t, "all have lanes", func() bool { return len(stats(t, b.node).Upstream) == peers+1 })
	for _, p := range hoarders {
		p.say(p.data(1, 0, payload)[:payload/3])
	}
	// One of them has the reserve, and will not let go of it.
	var hoarder core.NodeID
	eventually(t, "one has the reserve", func() bool {
		do(t, b.node, func(*core.Node) {
			if c := b.node.loop.reserveHolder; c != nil {
				hoarder = c.lane.From()
			}
		})
		return !hoarder.IsZero()
	})
	timeIsUp := func() {
		do(t, b.node, func(*core.Node) {
			lp := b.node.loop
			if c := lp.reserveHolder; c == nil && lp.strangers.elder == nil {
				return
			} else if c == nil {
				for _, h := range lp.fds {
					if c, ok := h.(*tcpIn); ok && c.credit.stranger && c.credit.reads == c.reads && c.watch == watching {
						c.credit.quiet -= memoryTimeout
					}
				}
				return
			} else if c.lane == nil || c.lane.From() == b.source.ID() {
				return
			}
			for _, h := range lp.fds {
				// In ten seconds the bystander would have been heard of.
				c, ok := h.(*tcpIn)
				if ok && c.lane.From() == b.source.ID() && c.watch == watching && c.readsSeen == c.reads {
					return
				}
			}
			lp.strict.lapse()
			for _, h := range lp.fds {
				if c, ok := h.(*tcpIn); ok && c.credit.reads == c.reads && c.watch == watching {
					c.credit.quiet -= memoryTimeout
				}
			}
			lp.strict.check()
		})
	}
	// Those who wait begin where others had to stop, until there is enough for
	// the rest.
	eventually(t, "the memory pressure is over", func() bool {
		timeIsUp()
		over := false
		do(t, b.node, func(*core.Node) {
			lp := b.node.loop
			over = lp.reserveHolder == nil
			for _, h := range lp.fds {
				if c, ok := h.(*tcpIn); ok && (c.watch == starving || c.lane.From() != b.source.ID() && unread(c.fd)) {
					over = false
				}
			}
		})
		return over
	})
	b.goesOn()
	last := greet(t, b.node, stranger(1000), 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for seq := range uint64(20) {
			if _, err := last.Write(last.data(1, seq, payload)); err != nil {
				t.Error(err)
			}
		}
	})
	eventually(t, "the honest peer gets through", func() bool { return honest.n.Load() == 20 })
	wg.Wait()
	b.probe.await(t, "the hoarder is disconnected", func(e linkEvent) bool {
		return down(core.Upstream, core.ReasonNoRoom)(e) && e.Peer == hoarder
	})
	b.finish()
	do(t, b.node, func(*core.Node) {
		if got := honest.Session(stranger(1000), 1); got.Messages != 20 || got.Lost+got.OutOfOrder != 0 {
			t.Errorf("of the honest peer: %+v; want 20 messages in order", got)
		}
	})
}

// Messages so small that a hello is larger.
func TestTinyMaxPayload(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, Core: core.Config{MaxPayload: 8}})
	got := make(chan uint64, 10)
	n := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.From() == stranger(1) && m.App() == 1 {
			got <- m.Seq()
		}
		return core.Done
	}), NodeOptions{})
	p := connect(t, n)
	p.id = stranger(1)
	hello := helloOf(p.id, 1)
	p.say(hello[:len(hello)-3])
	eventually(t, "the connection", func() bool { return waiting(t, n) == 1 })
	do(t, n, func(*core.Node) {})
	p.say(hello[len(hello)-3:])
	p.say(p.data(1, 5, 8))
	for {
		if receive(t, "a tiny message", got) == 5 {
			break
		}
	}
	p.say(p.data(1, 6, 9))
	p.closed("a message over the maximum")
}
