package emul

import "time"

// window remembers what passed in the last interval, so that a limiter can promise a
// bound on every interval and not only on those that begin at a tick.
//
//	entries  oldest first; an entry's bytes count until at+span
//	merging  what passes within span/windowSteps of an entry's begin joins it and
//	         moves its time on: it counts a little longer than it must, never less
type window struct {
	span    time.Duration
	entries []passed // a ring: length is 0 or a power of two
	head    uint32
	n       uint32
	sum     int64 // bytes of all entries
}

// passed is bytes that have passed since begin, the last of them at at.
type passed struct {
	begin, at time.Duration
	bytes     int64
}

// windowSteps bounds the number of entries, and with it the memory of a limiter: 512
// of 24 bytes. A limiter that is waited for passes bytes limiterSteps times an
// interval at most, which is less often: so where it matters nothing is merged.
const windowSteps = 512

func (w *window) at(i uint32) *passed { return &w.entries[(w.head+i)&uint32(len(w.entries)-1)] }

// expire forgets what passed span ago or before.
func (w *window) expire(now time.Duration) {
	for w.n > 0 {
		e := w.at(0)
		if e.at > now-w.span {
			return
		}
		w.sum -= e.bytes
		w.head++
		w.n--
	}
}

// add notes that bytes pass now, which is not before anything noted.
func (w *window) add(now time.Duration, bytes int64) {
	w.expire(now)
	w.sum += bytes
	if w.n > 0 {
		if e := w.at(w.n - 1); now-e.begin < w.span/windowSteps {
			e.at = now
			e.bytes += bytes
			return
		}
	}
	if int(w.n) == len(w.entries) {
		w.grow()
	}
	w.n++
	*w.at(w.n - 1) = passed{begin: now, at: now, bytes: bytes}
}

// takeBack undoes the last bytes that were added, as far as they are remembered.
func (w *window) takeBack(bytes int64) {
	for w.n > 0 && bytes > 0 {
		e := w.at(w.n - 1)
		less := min(e.bytes, bytes)
		e.bytes -= less
		w.sum -= less
		bytes -= less
		if e.bytes > 0 {
			return
		}
		w.n--
	}
}

// below is the first time from now on at which less than limit bytes count.
func (w *window) below(now time.Duration, limit int64) time.Duration {
	w.expire(now)
	left, at := w.sum, now
	for i := uint32(0); left >= limit && i < w.n; i++ {
		e := w.at(i)
		left -= e.bytes
		at = e.at + w.span
	}
	return at
}

func (w *window) grow() {
	bigger := make([]passed, max(4, 2*len(w.entries)))
	for i := range w.n {
		bigger[i] = *w.at(i)
	}
	w.entries, w.head = bigger, 0
}
