package host

import (
	"math"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// source is an application's source, which ends by its own clock: its time is over for
// what would be sent at its end or later, in every world, however late anybody says so.
// What a constant rate asks for before its end it sends, even if the timer of the last
// messages is a little late; what waits for a downstream then is not sent.
type source struct {
	app  uint32
	made interface {
		core.Source
		Sent() uint64
	}
	rate  float64       // messages a second; 0: back to back
	span  time.Duration // how long it sends; 0: until it is stopped
	limit uint64        // messages that the file allows; 0: no end
	most  uint64        // messages that are due within span; 0: no end

	begun   bool
	start   time.Duration // Node.Now when it was asked first
	wake    time.Duration // when it wants to be asked again; 0: it was not waiting for time
	over    bool          // its time is over and the last messages that are due may still go
	ended   time.Duration // when it was stopped; 0: it goes on
	late    time.Duration // most that it was asked later than it wanted, since that was read
	counted uint64        // messages that have been reported
	owed    uint64        // messages due that have been reported
}

func newSource(c Command) *source {
	s := &source{app: c.App, span: c.Source.For, limit: c.Source.Limit}
	stream := apps.Stream{App: c.App, Payload: c.Source.Payload, Limit: c.Source.Limit}
	if c.Source.Kind == spec.BackToBack {
		s.made = apps.NewBackToBack(stream)
		return s
	}
	if c.Source.Kind == spec.WholeFile {
		s.made = newFile(c)
		return s
	}
	s.rate = c.Source.MsgsPerSec
	if s.span > 0 {
		s.most = dueWithin(s.span, s.rate)
		if stream.Limit == 0 || s.most < stream.Limit {
			stream.Limit = s.most
		}
	}
	if c.Source.Kind == spec.Media {
		s.made = newMedia(stream, s.rate)
	} else {
		s.made = apps.NewConstantRate(stream, s.rate)
	}
	return s
}

// dueWithin is how many messages of a rate are due before a time, the first at 0.
func dueWithin(span time.Duration, rate float64) uint64 {
	due := func(seq uint64) time.Duration { return time.Duration(float64(seq) / rate * float64(time.Second)) }
	n := uint64(math.Ceil(span.Seconds() * rate))
	for n > 1 && due(n-1) >= span {
		n--
	}
	for due(n) < span {
		n++
	}
	return max(n, 1)
}

// Produce implements core.Source.
func (s *source) Produce(n *core.Node) core.Supply {
	now := n.Now()
	if !s.begun {
		s.begun, s.start = true, now
	}
	if s.wake > 0 {
		s.late = max(s.late, now-s.wake)
		s.wake = 0
	}
	if s.rate == 0 && s.span > 0 && now >= s.start+s.span {
		return core.Supply{} // StopSource comes, or has been late
	}
	supply := s.made.Produce(n)
	if supply.Run.Slab == nil && !supply.End {
		s.wake = supply.Wake
	}
	if supply.End && !s.over && (s.limit == 0 || s.made.Sent() < s.limit) {
		return core.Supply{} // all that was due before its end: it ends with its time
	}
	return supply
}

// Close implements core.Source.
func (s *source) Close() { s.made.Close() }

// stop says that the source's time is over. It reports whether it must be taken away
// now: a constant rate that was waiting for time has messages that are due and not sent
// yet only because its timer is late, and sends them first.
func (s *source) stop(now time.Duration) (takeAway bool) {
	if s.ended == 0 {
		s.ended = max(now, 1)
	}
	s.over = true
	sent := s.made.Sent()
	if s.most == 0 || sent >= s.most {
		return true
	}
	lag := now - s.start - time.Duration(float64(sent)/s.rate*float64(time.Second)) // of the message that is next
	return s.wake == 0 && lag > onTime
}

// onTime is how late a message of a constant rate may be that is sent all the same when
// its source's time is over. With more its downstreams are slower than the rate.
const onTime = 100 * time.Millisecond

// due is how many messages its rate asks for until now; of a back-to-back source what
// it has sent.
func (s *source) due(now time.Duration) uint64 {
	sent := s.made.Sent()
	if s.rate == 0 || !s.begun {
		return sent
	}
	if s.ended > 0 {
		now = s.ended
	}
	n := dueWithin(now-s.start+1, s.rate)
	for _, most := range []uint64{s.most, s.limit} {
		if most > 0 {
			n = min(n, most)
		}
	}
	return max(n, sent)
}

// report adds what has changed since the last report to the counts of its application.
func (s *source) report(t *tally, now time.Duration) (late time.Duration) {
	sent, due := s.made.Sent(), s.due(now)
	if sent != s.counted || due != s.owed {
		c := t.app(s.app)
		c.Sent += sent - s.counted
		c.Due += due - s.owed
		s.counted, s.owed = sent, due
	}
	late, s.late = s.late, 0
	if s.wake > 0 && s.ended == 0 {
		late = max(late, now-s.wake)
	}
	return late
}
