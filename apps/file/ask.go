package file

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
)

// How a receiver has what it lacks again. It tells the source: within the window of a poll, at a moment that is drawn such that of
// many receivers few are early (the most of several draws: the first of n comes after the n-th part's fourth root of the window); unless
// the source has said meanwhile that all of it is asked for already. A receiver that hears nothing for long asks without a poll, for its
// part of the overlay may be broken, and the source should know that somebody is not done.

// draws is of how many draws the most counts.
const draws = 4

// asking is what a transfer knows of the source, and of what is missing.
type asking struct {
	source   core.NodeID
	round    uint32
	have     *Set
	promised *Set // of what is missing, what is asked for already in this round

	asks, tells bool          // the source is to be told what is missing, or that nothing is
	askAt       time.Duration // when
	last        time.Duration // when something true was heard, or asked without a poll
	silence     time.Duration // how long until it is asked without one
	armed       time.Duration // when the timer goes off
	waits       bool          // it is set
}

// heard notes that something true has come.
func (t *Transfer) heard(n *core.Node, h Header) {
	if h.Round != t.round {
		t.round = h.Round
		t.promised.Clear()
	}
	t.last, t.silence = n.Now(), t.sink.opt.Silence
	if !t.waits {
		t.arm(n)
	}
}

// polled answers a poll, some time.
func (t *Transfer) polled(n *core.Node, h Header) {
	if !h.Poll || t.state == opening || t.state == failed {
		return
	}
	if h.Round != t.round {
		t.promised.Clear()
	}
	t.asks, t.tells = t.state == open, t.state == whole && h.Tell
	if !t.asks && !t.tells {
		return
	}
	at := time.Duration(0)
	for range draws {
		at = max(at, time.Duration(n.Rand().Int64N(int64(h.Window))))
	}
	t.askAt = n.Now() + at
	t.arm(n)
}

// pending notes what others have asked for.
func (t *Transfer) pending(h Header, body []byte) {
	if t.state != open || h.Round != t.round {
		return
	}
	for r := range eachRange(body) {
		for i := int(r.First); i < min(int(r.First+r.Count), t.have.Len()); i++ {
			t.promised.Add(i)
		}
	}
}

func (t *Transfer) timer() uint64 {
	return firstTimer | uint64(t.index)<<timerShift | uint64(t.sink.opt.App)
}

// arm sets the timer to what is next, if anything is.
func (t *Transfer) arm(n *core.Node) {
	var at time.Duration
	switch {
	case t.asks || t.tells:
		at = t.askAt
		if t.state == open {
			at = min(at, t.last+t.silence)
		}
	case t.state == open:
		at = t.last + t.silence
	default:
		return
	}
	if t.waits && t.armed <= at {
		return
	}
	t.armed, t.waits = at, true
	n.After(max(at-n.Now(), 0), t.timer())
}

// due does what its time has come for.
func (t *Transfer) due(n *core.Node) {
	t.waits = false
	now := n.Now()
	if (t.asks || t.tells) && now >= t.askAt {
		if t.asks && t.state == open {
			t.ask(n, t.promised)
		} else if t.tells && t.state == whole {
			t.tell(n)
		}
		t.asks, t.tells = false, false
	}
	if t.state == open && now >= t.last+t.silence {
		t.promised.Clear()
		t.ask(n, t.promised)
		t.last = now
		t.silence = min(2*t.silence+time.Duration(n.Rand().Int64N(int64(t.silence))), mostSilence)
	}
	t.arm(n)
}

// ask tells the source what is missing, but for what it knows of.
func (t *Transfer) ask(n *core.Node, known *Set) {
	s := t.sink
	s.ranges = lacking(s.ranges[:0], MaxRanges, t.have, known)
	if len(s.ranges) == 0 {
		s.counts.Suppressed++
		return
	}
	if cap(s.packed) < len(s.ranges)*rangeLen {
		s.packed = make([]byte, len(s.ranges)*rangeLen)
	}
	b := s.packed[:len(s.ranges)*rangeLen]
	putRanges(b, s.ranges)
	t.send(n, Request{Round: t.round, ID: t.id, App: s.opt.App, Ranges: b})
}

// tell tells the source that nothing is missing.
func (t *Transfer) tell(n *core.Node) {
	t.send(n, Request{Round: t.round, ID: t.id, App: t.sink.opt.App, Whole: true})
}

func (t *Transfer) send(n *core.Node, r Request) {
	if t.source == n.ID() || !t.source.Dialable() {
		return // nobody who could be told
	}
	m := n.NewMsg(TypeRequest, 0, r.Len())
	r.Put(m.Payload())
	n.Send(m, t.source)
	s := t.sink
	s.count(&s.counts.Requests, func(m *sinkMetrics) *metric.Counter { return m.requests })
}
