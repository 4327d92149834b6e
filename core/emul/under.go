package emul

import "time"

// The limits that a flow is under: the node's total, its direction's, and its link's.
// Any of them may be missing.

// noLimit is the credit where there is no limit: more than any queue holds.
const noLimit = int64(1) << 40

func creditOf(l *Limiter, wait, now time.Duration) int64 {
	if l == nil {
		return noLimit
	}
	return l.creditAfter(wait, now)
}

// adjusted is a limiter with another rate; nil for none.
func adjusted(l *Limiter, r Rate, interval, now time.Duration) *Limiter {
	switch {
	case r == Unlimited:
		return nil
	case l == nil:
		return NewLimiter(r, interval, now)
	}
	l.SetRate(r, interval, now)
	return l
}

func (s *Shaper) take(f *Flow, bytes int64, now time.Duration) {
	for _, l := range [...]*Limiter{s.total, s.way[f.dir], f.shared.limit} {
		if l != nil {
			l.Take(bytes, now)
		}
	}
}

func (s *Shaper) overdraw(f *Flow, bytes int64, now time.Duration) {
	for _, l := range [...]*Limiter{s.total, s.way[f.dir], f.shared.limit} {
		if l != nil {
			l.Overdraw(bytes, now)
		}
	}
}

func (s *Shaper) giveBack(f *Flow, bytes int64) {
	for _, l := range [...]*Limiter{s.total, s.way[f.dir], f.shared.limit} {
		if l != nil {
			l.GiveBack(bytes)
		}
	}
}

func nextOf(l *Limiter, now time.Duration) time.Duration {
	if l == nil {
		return now
	}
	return l.Next(now)
}

// burst is how many bytes a flow may be behind the others and catch up with them: what
// its limits let through at once.
func (s *Shaper) burst(f *Flow) (bytes int64) {
	for _, l := range [...]*Limiter{s.total, s.way[f.dir], f.shared.limit} {
		if l != nil {
			bytes = max(bytes, l.rate.bytesIn(l.burst))
		}
	}
	return bytes
}
