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
	heardAt     time.Duration // when something true was heard
	last        time.Duration // the same, or when the source was asked without a poll
	calm        time.Duration // until when the source gathers what is lacking, and need not say anything
	silence     time.Duration // for how long after both it may be silent until it is asked without a poll
	armed       time.Duration // when the timer goes off
	waits       bool          // it is set
}

// heard notes that something true has come.
func (t *Transfer) heard(n *core.Node, h Header) {
	if h.Round != t.round {
		t.round, t.calm = h.Round, 0
		t.promised.Clear()
	}
	t.heardAt, t.last, t.silence = n.Now(), n.Now(), t.sink.opt.Silence
	if h.Poll {
		t.calm = n.Now() + gathering(h.Window)
	}
	if !t.waits {
		t.arm(n)
	}
}

// silentAt is when the source has been silent for too long. While it gathers it may be: else in a window that is longer than that, all
// who lack something would ask at once, and the window is longest when they are many.
func (t *Transfer) silentAt() time.Duration { return max(t.last, t.calm) + t.silence }

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
			at = min(at, t.silentAt())
		}
	case t.state == open:
		at = t.silentAt()
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
	if t.state == open && now >= t.silentAt() {
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
