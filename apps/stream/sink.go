package stream

import (
	"math"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// SinkOptions say how a stream is played. Zero values have defaults.
type SinkOptions struct {
	App   uint32        // application (session), not 0
	Delay time.Duration // between when a message could have come at the earliest and when it is played; 0: 1 s, negative: none
	Max   int           // messages that wait at most, then the first is played before its time; 0: 65536
	// Out is handed what is played: whole transport packets, valid until it returns. It is called on the node's loop and must not block.
	Out func(packets []byte)
	// Ended, if set, is called when all of a stream has been played.
	Ended func()
}

// SinkCounts are of a sink. Messages are media messages.
type SinkCounts struct {
	Counts
	Repaired uint64 `json:"repaired"`  // did not come, and were found by the code in time
	Repairs  uint64 `json:"repairs"`   // repair messages that came
	Bad      uint64 `json:"bad"`       // messages that make no sense
	Old      uint64 `json:"old"`       // messages of an earlier life of the source
	Restarts uint64 `json:"restarts"`  // times that the source began anew
	Skipped  uint64 `json:"skipped"`   // transport packets that came and were left out after a gap: of units without a beginning
	Bytes    uint64 `json:"bytes"`     // played
	MaxDelay int64  `json:"max_delay"` // ns from when media came to the source until they were played, at most, by the world's clock
	SumDelay int64  `json:"sum_delay"` // ns, of all messages played
	MaxGap   int64  `json:"max_gap"`   // ns of media between two messages played with lost ones between them, at most
	SumGap   int64  `json:"sum_gap"`   // ns, of all gaps
	Silence  int64  `json:"silence"`   // ns between two media messages that came, at most
}

// Sink is an application that plays a stream: it implements core.Sink, and needs its timer (Timer). [Beside] sees to both. It
// plays what one source of its application sends. All methods belong to the node's loop.
type Sink struct {
	opt    SinkOptions
	jitter *Jitter
	past   Counts // of earlier epochs
	dec    repairDecoder
	resume Resumer

	begun   bool
	epoch   uint32
	before  uint32 // the epoch before, if Restarts > 0
	end     uint64 // messages in all
	over    bool   // end is known
	ended   bool   // and all played
	closing bool   // the node is about to end: nothing waits any more
	armed   time.Duration
	waits   bool          // the timer is set
	last    time.Duration // the time of the message played last
	heard   time.Duration // when a media message came last
	counts  SinkCounts
	buf     []byte
	free    [][]byte
	metrics *sinkMetrics
}

// NewSink makes a sink. Options out of range are a programmer's mistake.
func NewSink(o SinkOptions) *Sink {
	if o.App == 0 || o.Max < 0 {
		panic("stream: a sink needs an application above 0, and room for messages")
	}
	if o.Delay == 0 {
		o.Delay = time.Second
	}
	if o.Max == 0 {
		o.Max = 1 << 16
	}
	if o.Out == nil {
		o.Out = func([]byte) {}
	}
	return &Sink{opt: o, jitter: NewJitter(o.Delay, o.Max)}
}

// Counts are what happened so far.
func (s *Sink) Counts() SinkCounts {
	c := s.counts
	c.Counts = s.past.plus(s.jitter.Counts())
	c.Skipped = s.resume.Skipped()
	return c
}

func (c Counts) plus(o Counts) Counts {
	c.Played += o.Played
	c.Lost += o.Lost
	c.Late += o.Late
	c.Gaps += o.Gaps
	c.Duplicate += o.Duplicate
	c.Damaged += o.Damaged
	c.Hurried += o.Hurried
	return c
}

// Idle is for how long no media have come of a stream that has begun and of which the end is not known; otherwise 0.
func (s *Sink) Idle(now time.Duration) time.Duration {
	if s.heard == 0 || s.over {
		return 0
	}
	return now - s.heard
}

// Waiting is how many messages wait for their time.
func (s *Sink) Waiting() int { return s.jitter.Waiting() }

// Passive implements core.PassiveSink: a sink sends nothing.
func (s *Sink) Passive() {}

// Consume implements core.Sink.
func (s *Sink) Consume(n *core.Node, m *core.Msg) {
	if m.App() != s.opt.App {
		return
	}
	h, body, err := Parse(m.Payload())
	if err != nil {
		s.counts.Bad++
		return
	}
	if !s.follow(n, h.Epoch) {
		return
	}
	got := func(seq uint64, at time.Duration, body []byte) { s.found(n.Now(), seq, at, body) }
	switch h.Kind {
	case KindMedia:
		if s.heard > 0 {
			s.counts.Silence = max(s.counts.Silence, int64(n.Now()-s.heard))
		}
		s.heard = n.Now()
		s.put(n.Now(), h.Seq, h.Time, body)
		err = s.dec.media(h, body, got)
	case KindRepair:
		s.counts.Repairs++
		err = s.dec.repair(h, body, got)
	case KindEnd:
		s.end, s.over = h.Seq, true
	}
	if err != nil {
		s.counts.Bad++
	}
	s.play(n)
}

// follow goes over to another life of the source. It reports false for a message of one that is past.
func (s *Sink) follow(n *core.Node, epoch uint32) bool {
	switch {
	case s.begun && epoch == s.epoch:
		return true
	case s.counts.Restarts > 0 && epoch == s.before:
		s.counts.Old++
		return false
	case s.begun:
		s.flush(n)
		s.counts.Restarts++
		s.resume.Gap()
	}
	s.past = s.past.plus(s.jitter.Counts())
	s.jitter, s.dec = NewJitter(s.opt.Delay, s.opt.Max), repairDecoder{}
	s.begun, s.before, s.epoch, s.over, s.ended = true, s.epoch, epoch, false, false
	return true
}

// put keeps a message for its time.
func (s *Sink) put(now time.Duration, seq uint64, at time.Duration, body []byte) Arrival {
	var b []byte
	if n := len(s.free); n > 0 && cap(s.free[n-1]) >= len(body) {
		b, s.free = s.free[n-1][:len(body)], s.free[:n-1]
	} else {
		b = make([]byte, len(body))
	}
	copy(b, body)
	a := s.jitter.Put(now, seq, at, b)
	if a != Buffered {
		s.free = append(s.free, b)
	}
	return a
}

// found takes what the code knows, which is also what came.
func (s *Sink) found(now time.Duration, seq uint64, at time.Duration, body []byte) {
	if s.jitter.Wants(seq) && s.put(now, seq, at, body) == Buffered {
		s.counts.Repaired++
	}
}

// play hands on all whose time has come, and sets the timer for the next.
func (s *Sink) play(n *core.Node) {
	if s.closing {
		s.flush(n)
		return
	}
	now := n.Now()
	for s.one(now, now) {
	}
	s.finish()
	s.tell()
	if due, waits := s.jitter.Due(); waits && (!s.waits || due < s.armed) {
		s.armed, s.waits = due, true
		n.After(max(due-now, 0), s.timer())
	}
}

// one plays the next message if its time has come at a time, now being the time.
func (s *Sink) one(by, now time.Duration) bool {
	_, at, body, lost, ok := s.jitter.Next(by)
	if !ok {
		return false
	}
	if lost > 0 {
		gap := max(at-s.last, 0)
		s.counts.SumGap += int64(gap)
		s.counts.MaxGap = max(s.counts.MaxGap, int64(gap))
		s.resume.Gap()
		if s.metrics != nil {
			s.metrics.gap.RecordTime(gap)
		}
	}
	s.last = at
	delay := now - at
	s.counts.SumDelay += int64(delay)
	s.counts.MaxDelay = max(s.counts.MaxDelay, int64(delay))
	if s.metrics != nil {
		s.metrics.delay.RecordTime(delay)
	}
	s.buf = append(s.buf[:0], body...)
	if left := s.resume.Filter(s.buf); len(left) > 0 {
		s.counts.Bytes += uint64(len(left))
		s.opt.Out(left)
	}
	if len(s.free) < readyQueue {
		s.free = append(s.free, body)
	}
	return true
}

// flush plays all that waits, whatever the time.
func (s *Sink) flush(n *core.Node) {
	for now := n.Now(); s.one(math.MaxInt64, now); {
	}
	s.finish()
	s.tell()
}

// finish books what is missing at the end of a stream.
func (s *Sink) finish() {
	if !s.over || s.ended || s.jitter.Waiting() > 0 {
		return
	}
	s.ended = true
	s.jitter.End(s.end)
	if s.opt.Ended != nil {
		s.opt.Ended()
	}
}

// Finish plays all that waits at once, and what comes from now on: the node is about to end.
func (s *Sink) Finish(n *core.Node) {
	s.closing = true
	s.flush(n)
}

// firstTimer is the first of the timer ids of sinks, one for each application: above any that an algorithm would choose, and below
// those of a scenario's host.
const firstTimer = 1 << 60

func (s *Sink) timer() uint64 { return firstTimer | uint64(s.opt.App) }

// Timer takes a timer message, and reports whether it was the sink's.
func (s *Sink) Timer(n *core.Node, id uint64) bool {
	if id != s.timer() {
		return false
	}
	s.waits = false
	s.play(n)
	return true
}
