package qos

import "time"

// Rhythm is the history of a stream's pauses, by which a silence is judged: one
// that is much longer than the stream's usual pauses is remarkable. It is fed at
// coarse ticks, so a pause is known to within two of them. The zero value is
// ready.
type Rhythm struct {
	last   time.Duration // when the stream last moved
	usual  time.Duration // longest pause lately
	active int           // ticks at which it had moved
}

const (
	// rhythmTicks is how often a stream must have moved before it has a history:
	// 8 ticks of 250 ms are 2 s of traffic, and a handful of control messages are
	// no stream.
	rhythmTicks = 8

	// rhythmFactor is how many times its usual pause a silence must last. Pauses of
	// a paced or bursty stream vary by less than that.
	rhythmFactor = 4

	// longestPause bounds what counts as a pause of a stream: whoever is silent for
	// longer has stopped, and begins anew.
	longestPause = 10 * time.Second
)

// Moved says that the stream has moved since the last tick.
func (r *Rhythm) Moved(now time.Duration) {
	if r.active > 0 {
		gap := min(now-r.last, longestPause)
		r.usual = max(gap, r.usual-r.usual/8) // what is long ago counts for less
	}
	r.last = now
	r.active = min(r.active+1, rhythmTicks)
}

// Silence is how long the stream has been silent, and how long it may be before
// that is remarkable, at least floor. A stream without a history may for ever:
// known is false.
func (r *Rhythm) Silence(now, floor time.Duration) (silent, allowed time.Duration, known bool) {
	return now - r.last, max(floor, rhythmFactor*r.usual), r.active >= rhythmTicks
}

// Deaf says that the stream cannot have been heard until now: it was the listener
// who paused.
func (r *Rhythm) Deaf(now time.Duration) { r.last = now }
