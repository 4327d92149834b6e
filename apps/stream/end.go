package stream

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// DefaultLinger is for how long the end of a stream is told again, unless options say otherwise.
const DefaultLinger = 3 * time.Second

// endPeriod is how often.
const endPeriod = 200 * time.Millisecond

// Drained reports whether the source has ended and all that waited is gone, the first telling of the end included.
func (s *Source) Drained() bool { return s.over && len(s.queue) == 0 }

// Done reports whether it has also told the end for as long as it lingers, or was abandoned.
func (s *Source) Done() bool { return s.done }

// End says that the input is over. What waits is sent, then the end, which is told again for as long as the source lingers, and then
// the source ends.
func (s *Source) End(n *core.Node) {
	if s.over {
		return
	}
	s.begin(n)
	s.aligner.Flush(func(packets []byte) { s.cut(n.Now(), packets) })
	s.over = true
	s.tellEnd(n.Now())
	n.WakeSource(s.opt.App)
}

func (s *Source) tellEnd(now time.Duration) {
	Header{Kind: KindEnd, Epoch: s.epoch, Seq: s.media, Time: now}.Put(s.room(HeaderLen))
}

// after is what there is to send when nothing waits: nothing yet, or, of a source that is over, the end again, and in between the
// time of the next. It reports whether something waits now.
func (s *Source) after(now time.Duration) (rest core.Supply, more bool) {
	switch {
	case !s.over:
		return core.Supply{}, false
	case !s.told:
		s.told, s.until, s.endAt = true, now+max(s.opt.Linger, 0), now+endPeriod
	}
	if s.done = s.done || now >= s.until; s.done {
		s.changed()
		return core.Supply{End: true}, false
	}
	if now < s.endAt {
		return core.Supply{Wake: min(s.endAt, s.until)}, false
	}
	s.endAt = now + endPeriod
	s.tellEnd(now)
	return core.Supply{}, true
}
