package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// pulled is a node that makes numbered messages for others whenever there is room.
type pulled struct {
	*core.Node
	to    []core.NodeID
	queue int
	limit uint64
	next  map[core.NodeID]uint64
	lost  uint64 // told
	full  uint64 // of them, for want of room
	most  int    // in a queue
}

func (p *pulled) Bind(n *core.Node) {
	p.Node, p.next = n, make(map[core.NodeID]uint64)
	for _, to := range p.to {
		n.Pull(to, 1, func() bool { return p.make(to) })
	}
}

func (p *pulled) make(to core.NodeID) bool {
	if p.next[to] == p.limit {
		return false
	}
	if p.next[to] == 0 {
		p.SetLaneQueue(to, 1, p.queue)
	}
	m := p.NewMsg(wire.TypeData, 1, 1000)
	m.SetSeq(p.next[to])
	clear(m.Payload())
	p.next[to]++
	p.Send(m, to)
	if _, msgs := p.Queued(to, 1); msgs > p.most {
		p.most = msgs
	}
	return true
}

func (p *pulled) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeSendFailed:
		if ev := m.Link(); ev.Direction == core.Downstream {
			p.lost += ev.Lost
			if ev.Reason == core.ReasonFull {
				p.full += ev.Lost
			}
		}
	}
	return core.Done
}

// counter counts what arrives, in order.
type counter struct {
	*core.Node
	got, next, disorder uint64
}

func (c *counter) Bind(n *core.Node) { c.Node = n }

func (c *counter) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		c.got++
		if m.Seq() < c.next {
			c.disorder++
		}
		c.next = m.Seq() + 1
	}
	return core.Done
}

// Made data leaves at the pace of each link, however slow the other is, and no queue is
// longer than its bound.
func TestPullAtThePaceOfTheLink(t *testing.T) {
	w := newWorld(t, Options{Seed: 1})
	fast, slow := &counter{}, &counter{}
	w.AddNode("fast", func() core.Algorithm { return fast })
	w.AddNode("slow", func() core.Algorithm { return slow })
	p := &pulled{to: []core.NodeID{w.ID("fast"), w.ID("slow")}, queue: 4, limit: 1 << 60}
	n := w.AddNode("p", func() core.Algorithm { return p })
	rate := func(perSecond int) emul.Link {
		return emul.Link{Rate: emul.Rate(perSecond * (1000 + wire.HeaderSize)), Latency: 20 * time.Millisecond}
	}
	n.SetLink(w.ID("fast"), rate(1000))
	n.SetLink(w.ID("slow"), rate(10))
	mustRun(t, w, 10*time.Second)
	f, s := fast.got, slow.got
	mustRun(t, w, 100*time.Second)
	f, s = fast.got-f, slow.got-s
	if f < 99_000 || f > 101_000 || s < 990 || s > 1010 {
		t.Errorf("%d and %d messages in 100 s, want 100000 and 1000", f, s)
	}
	// 20 ms of a fast link are 20 messages on their way, which Queued counts too.
	if most := 4 + 20 + 4; p.most > most || p.lost != 0 {
		t.Errorf("%d messages waited at a time, want %d at most; %d lost", p.most, most, p.lost)
	}
}

// A hook goes on by itself when its peer is there again, as soon as the peer dials or its
// pause is over; every message is switched or told as lost, none for want of room; and the same
// seed is the same run.
func TestPullThroughFaults(t *testing.T) {
	run := func() string {
		w := newWorld(t, Options{Seed: 3})
		var lives []*counter
		w.AddNode("a", func() core.Algorithm {
			lives = append(lives, &counter{})
			return lives[len(lives)-1]
		})
		p := &pulled{to: []core.NodeID{w.ID("a")}, queue: 3, limit: 20_000}
		n := w.AddNode("p", func() core.Algorithm { return p })
		n.SetLink(w.ID("a"), emul.Link{Rate: 1000 * 1024})
		for i, kind := range []FaultKind{Crash, Restart, Stop, Restart, Restart} {
			w.Schedule(Fault{At: time.Duration(2*i+2) * time.Second, Kind: kind, Nodes: []string{"a"}})
		}
		mustRun(t, w, time.Minute)
		var got uint64
		for _, l := range lives {
			got += l.got
			if l.disorder > 0 {
				t.Errorf("%d messages came late", l.disorder)
			}
		}
		last := lives[len(lives)-1].got
		if got+p.lost != p.limit || p.full != 0 || len(lives) != 4 || last < 5000 {
			t.Errorf("%d of %d arrived, %d told as lost, %d for want of room; %d lives, the last got %d",
				got, p.limit, p.lost, p.full, len(lives), last)
		}
		at := w.Totals().Events
		mustRun(t, w, time.Hour)
		if idle := w.Totals().Events - at; idle > 20 { // the link is closed, and forgotten
			t.Errorf("%d events in an hour in which nothing was to be sent", idle)
		}
		n.Core().Stop()
		mustRun(t, w, time.Second)
		return fmt.Sprintln(w.Totals(), got, p.lost)
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs of a seed:\n%s%s", a, b)
	}
}
