package engine

import (
	"sync/atomic"
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// press makes numbered messages for a node whenever the lane there has room.
type press struct {
	to    core.NodeID
	queue int
	limit atomic.Uint64
	made  atomic.Uint64
	full  atomic.Uint64 // messages told as lost for want of room
	most  int           // messages in the queue
}

// hook registers the press at a node.
func (p *press) hook(c *core.Node) {
	c.SetLaneQueue(p.to, 1, p.queue)
	c.Pull(p.to, 1, func() bool {
		seq := p.made.Load()
		if seq == p.limit.Load() {
			return false
		}
		m := c.NewMsg(wire.TypeData, 1, 1000)
		m.SetSeq(seq)
		clear(m.Payload())
		p.made.Store(seq + 1)
		c.Send(m, p.to)
		_, msgs := c.Queued(p.to, 1)
		p.most = max(p.most, msgs)
		return true
	})
}

// presses is a node with presses.
func presses(ps ...*press) *scripted {
	return script(func(c *core.Node, m *core.Msg) core.Verdict {
		switch m.Type() {
		case wire.TypeStarted:
			for _, p := range ps {
				p.hook(c)
			}
		case wire.TypeSendFailed, wire.TypeLinkDown:
			for _, p := range ps {
				if ev := m.Link(); ev.Peer == p.to && ev.Reason == core.ReasonFull {
					p.full.Add(ev.Lost)
				}
			}
		}
		return core.Done
	})
}

// desk counts messages, and keeps the first ones until it is told to let go.
type desk struct {
	keeps    bool
	kept     []*core.Msg
	got      atomic.Uint64
	last     atomic.Uint64
	disorder atomic.Uint64
}

func (d *desk) alg() *scripted {
	return script(func(c *core.Node, m *core.Msg) core.Verdict {
		if m.Type() != wire.TypeData {
			return core.Done
		}
		if d.got.Add(1) > 1 && m.Seq() <= d.last.Load() {
			d.disorder.Add(1)
		}
		d.last.Store(m.Seq())
		if d.keeps {
			d.kept = append(d.kept, m)
			return core.Hold
		}
		return core.Done
	})
}

func (d *desk) letGo(c *core.Node) {
	d.keeps = false
	for _, m := range d.kept {
		c.Release(m)
	}
	d.kept = nil
}

// Over every kind of link: a hook goes as fast as its lane, stops when nobody takes what
// it makes, holds up no other, and costs nothing while it waits.
func TestPull(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		msgs := scaled(uint64(50_000))
		o := w.options()
		o.Core.QueueMsgs = 64 // which is what the slow one may hold
		e := newEngine(t, o)
		slow, fast := &desk{keeps: true}, &desk{}
		slowNode := e.add(t, slow.alg(), NodeOptions{Loop: OnLoop(1 % w.loops)})
		fastNode := e.add(t, fast.alg(), NodeOptions{Loop: OnLoop(1 % w.loops)})
		toSlow, toFast := &press{to: slowNode.ID(), queue: 3}, &press{to: fastNode.ID(), queue: 3}
		toSlow.limit.Store(msgs)
		toFast.limit.Store(msgs)
		n := e.add(t, presses(toSlow, toFast), NodeOptions{Loop: OnLoop(0)})

		eventually(t, "the fast one gets everything", func() bool { return fast.got.Load() == msgs })
		eventually(t, "the other is full", func() bool { return resting(t, n) && slow.got.Load() >= 64 })
		if toFast.limit.Load() != toFast.made.Load() || toSlow.made.Load() == msgs {
			t.Errorf("%d made for the fast one, %d for the slow one, of %d", toFast.made.Load(), toSlow.made.Load(), msgs)
		}
		do(t, slowNode, slow.letGo)
		eventually(t, "the slow one gets everything", func() bool { return slow.got.Load() == msgs })
		eventually(t, "the loop rests", func() bool { return resting(t, n) })
		do(t, n, func(c *core.Node) {
			for _, p := range []*press{toSlow, toFast} {
				p.limit.Add(10)
				c.WakePull(p.to, 1)
			}
		})
		eventually(t, "a hook that was woken goes on", func() bool { return slow.got.Load()+fast.got.Load() == 2*(msgs+10) })
		do(t, n, func(*core.Node) {
			if toSlow.most > 3 || toFast.most > 3 || toSlow.full.Load()+toFast.full.Load() != 0 || slow.disorder.Load()+fast.disorder.Load() != 0 {
				t.Errorf("%d and %d in a queue of 3; %d and %d lost for want of room", toSlow.most, toFast.most, toSlow.full.Load(), toFast.full.Load())
			}
		})
	})
}

// A hook goes on by itself when its peer comes back at its address, with the queue's bound
// as before, and ends with its node.
func TestPullAfterItsPeer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		first := &desk{}
		a := e.add(t, first.alg(), NodeOptions{Loop: OnLoop(1 % w.loops)})
		p := &press{to: a.ID(), queue: 5}
		p.limit.Store(1 << 60)
		n := e.add(t, presses(p), NodeOptions{Loop: OnLoop(0)})
		eventually(t, "messages flow", func() bool { return first.got.Load() > 1000 })
		a.Kill()
		<-a.Done()
		second := &desk{}
		b := e.add(t, second.alg(), NodeOptions{Listen: a.ID().String(), Loop: OnLoop(1 % w.loops)})
		eventually(t, "messages flow again", func() bool { return second.got.Load() > 1000 })
		if err := b.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		third := &desk{}
		e.add(t, third.alg(), NodeOptions{Listen: a.ID().String(), Loop: OnLoop(1 % w.loops)})
		eventually(t, "messages flow again", func() bool { return third.got.Load() > 1000 })
		do(t, n, func(*core.Node) {
			if p.most > 5 || p.full.Load() != 0 {
				t.Errorf("%d messages in a queue of 5, %d lost for want of room", p.most, p.full.Load())
			}
		})
		if err := n.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		made := p.made.Load()
		eventually(t, "what was made has come", func() bool { return third.last.Load() == made-1 })
		if first.disorder.Load()+second.disorder.Load()+third.disorder.Load() != 0 {
			t.Error("messages came late")
		}
	})
}
