package scenario

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// ways watches virtual time for single messages: each leaves a node, for an emulated way or for the link itself, and is
// given to an algorithm at the other end. On a lane they stay in order, so what is overtaken was lost.
type ways struct {
	r    *recorder
	node map[core.NodeID]uint32
	base time.Duration // the run's beginning by the world's clock
	open map[way]*underWay
	of   []way // the keys of open, in the order in which they were first used
}

type way struct {
	from, to core.NodeID
	app      uint32
}

// underWay are the messages of a way that have left and not arrived, in order.
type underWay struct {
	all  []leaving
	head int
}

// leaving is a message that has left.
type leaving struct {
	sender core.NodeID
	seq    uint64
	left   time.Duration
	kind   core.Type
	bytes  uint32
	sent   bool // it is behind its emulated way, or has none
}

func newWays(r *recorder) *ways { return &ways{r: r, open: make(map[way]*underWay)} }

// attach learns who is who.
func (s *ways) attach(d *driver) {
	s.node = make(map[core.NodeID]uint32, len(d.byID))
	for id, i := range d.byID {
		s.node[id] = uint32(i)
	}
}

// watch is who is told of all that happens: whoever was asked for, and the recorder if it needs to.
func (r *recorder) watch(w sim.Watcher) sim.Watcher {
	switch {
	case r == nil || r.ways == nil:
		return w
	case w == nil:
		return r.ways
	}
	return both{r.ways, w}
}

func (s *ways) at(f, t core.NodeID, app uint32) *underWay {
	k := way{f, t, app}
	u := s.open[k]
	if u == nil {
		u = new(underWay)
		s.open[k] = u
		s.of = append(s.of, k)
	}
	return u
}

// crosses reports whether messages of a type are given to the algorithm at the other end: what the switches say to each
// other is not.
func crosses(t core.Type) bool {
	return t == wire.TypeData || t >= wire.FirstAlgorithmType || !t.Local() && t != wire.TypeBrokenSource && t != wire.TypeSessionEnd
}

// each goes through the messages of a run.
func each(r core.Run, fn func(frame []byte)) {
	for b := r.Bytes(); len(b) >= wire.HeaderSize; {
		n := wire.FrameSize(b)
		if n > len(b) {
			return
		}
		if crosses(wire.TypeOf(b)) {
			fn(b[:n])
		}
		b = b[n:]
	}
}

func (l *leaving) is(frame []byte) bool {
	return l.seq == wire.Seq(frame) && l.kind == wire.TypeOf(frame) && l.sender == wire.Sender(frame)
}

func leave(frame []byte, at time.Duration, sent bool) leaving {
	return leaving{wire.Sender(frame), wire.Seq(frame), at, wire.TypeOf(frame), uint32(len(frame)), sent}
}

// Placed implements sim.Placer.
func (s *ways) Placed(at time.Duration, from, to core.NodeID, _ uint32, r core.Run, lost bool) {
	each(r, func(frame []byte) {
		l := leave(frame, at, false)
		if lost {
			s.over(from, to, wire.App(frame), &l, record.Never)
			return
		}
		u := s.at(from, to, wire.App(frame))
		u.all = append(u.all, l)
	})
}

// Sent implements sim.Watcher.
func (s *ways) Sent(at time.Duration, from, to *sim.Node, _ uint32, r core.Run) {
	each(r, func(frame []byte) {
		u := s.at(from.ID(), to.ID(), wire.App(frame))
		for i := u.head; i < len(u.all); i++ {
			if l := &u.all[i]; !l.sent && l.is(frame) {
				l.sent = true
				return
			}
		}
		u.all = append(u.all, leave(frame, at, true))
	})
}

// Message implements sim.Watcher.
func (s *ways) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	from := m.From()
	if from.IsZero() || m.Type().Local() || !crosses(m.Type()) {
		return
	}
	u := s.at(from, n.ID(), m.App())
	for i := u.head; i < len(u.all); i++ {
		if l := &u.all[i]; !l.sent || !l.is(m.Frame()) {
			continue
		}
		for k := u.head; k < i; k++ {
			s.over(from, n.ID(), m.App(), &u.all[k], record.Never)
		}
		s.over(from, n.ID(), m.App(), &u.all[i], timeOf(at-s.base))
		u.drop(i + 1)
		return
	}
	s.r.w.Dropped(1) // nobody has seen it leave
}

// drop forgets the first messages.
func (u *underWay) drop(until int) {
	u.head = until
	if u.head == len(u.all) {
		u.all, u.head = u.all[:0], 0
	} else if u.head > 64 && 2*u.head > len(u.all) {
		u.all = u.all[:copy(u.all, u.all[u.head:])]
		u.head = 0
	}
}

// over writes a message whose way is over.
func (s *ways) over(from, to core.NodeID, app uint32, l *leaving, arrived record.Time) {
	f, ok := s.node[from]
	t, both := s.node[to]
	if !ok || !both {
		s.r.w.Dropped(1) // to somebody who is none of the scenario's
		return
	}
	s.r.fail(s.r.w.Transfer(record.Transfer{From: f, To: t, App: app, Type: uint32(l.kind), Seq: l.seq, Bytes: l.bytes, Left: timeOf(l.left - s.base), Arrived: arrived}))
}

// end writes what has not arrived.
func (s *ways) end() {
	for _, k := range s.of {
		u := s.open[k]
		for i := u.head; i < len(u.all); i++ {
			s.over(k.from, k.to, k.app, &u.all[i], record.Never)
		}
		u.drop(len(u.all))
	}
}

// Fault implements sim.Watcher.
func (s *ways) Fault(time.Duration, sim.Fault) {}

// Warned implements sim.Watcher.
func (s *ways) Warned(time.Duration, *sim.Node, core.NodeID, uint32, error) {}

// Ended implements sim.Watcher.
func (s *ways) Ended(time.Duration, *sim.Node, *core.Crash) {}

// both are two who are told of everything.
type both struct {
	ways *ways
	sim.Watcher
}

// Placed implements sim.Placer.
func (b both) Placed(at time.Duration, from, to core.NodeID, app uint32, r core.Run, lost bool) {
	b.ways.Placed(at, from, to, app, r, lost)
	if p, ok := b.Watcher.(sim.Placer); ok {
		p.Placed(at, from, to, app, r, lost)
	}
}

// Sent implements sim.Watcher.
func (b both) Sent(at time.Duration, from, to *sim.Node, app uint32, r core.Run) {
	b.ways.Sent(at, from, to, app, r)
	b.Watcher.Sent(at, from, to, app, r)
}

// Message implements sim.Watcher.
func (b both) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	b.ways.Message(at, n, m)
	b.Watcher.Message(at, n, m)
}
