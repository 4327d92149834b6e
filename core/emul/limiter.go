package emul

import "time"

// DefaultInterval is the span of time in which a rate is held if nobody says
// otherwise. What passes late, because a timer was late or because lanes that share a
// limit went first, passes a millisecond or so late; and a bound on every interval
// costs that much of each. Over half a second it is a quarter of a percent. Shorter
// intervals hold a rate more smoothly and less accurately.
const DefaultInterval = 500 * time.Millisecond

// MinInterval and MaxInterval bound the interval of a limiter.
const (
	MinInterval = time.Millisecond
	MaxInterval = 10 * time.Second
)

// limiterSteps is in how many steps an interval's worth passes a limiter that is
// waited for: often enough that data flows evenly, and seldom enough that a wake-up
// has something to send (1 ms apart by default). minStep is as fine as timers are.
const (
	limiterSteps = 500
	minStep      = 50 * time.Microsecond
)

// burstShare is the part of an interval's worth that may pass at once after a pause
// or a late timer: 12.5 ms by default.
const burstShare = 40

// Limiter holds a rate. Two rules decide how much may pass at a time:
//
//   - pace: bytes become due one after another at the rate; what was not used is kept
//     for a fortieth of the interval, or for the time of a message where that is longer.
//     That makes traffic even, and makes up for timers that come late.
//   - window: in any interval at most rate × interval passes, and one message.
//
// Pace is a point in time rather than a level of credit (the generic cell rate
// algorithm, ITU-T I.371): bytes are due up to now, and each moves the point on by
// its own time. So nothing needs to be refilled, and an idle limiter needs no timer.
//
// The zero Limiter is not ready; see [NewLimiter]. It belongs to one node's loop.
type Limiter struct {
	rate     Rate // above 0
	interval time.Duration
	most     int64         // bytes in an interval
	message  int64         // about the largest that passed lately, in bytes
	burst    time.Duration // for how long unused bytes are kept
	due      time.Duration // what has passed was due up to then
	part     int64         // of a ns beyond due, in 1/rate
	past     window
}

// NewLimiter makes a limiter through which nothing has passed yet. It begins without
// credit: what passed at once would come again an interval later, when the window
// forgets it, and again after that. The rate is above 0, the interval from MinInterval
// to MaxInterval; others panic.
func NewLimiter(r Rate, interval time.Duration, now time.Duration) *Limiter {
	l := &Limiter{due: now}
	l.past.span = interval
	l.set(r, interval)
	return l
}

func (l *Limiter) set(r Rate, interval time.Duration) {
	if r <= 0 || r > MaxRate || interval < MinInterval || interval > MaxInterval {
		panic("emul: a limiter needs a rate from 1 to MaxRate and an interval from MinInterval to MaxInterval")
	}
	l.rate, l.interval = r, interval
	l.most = max(1, r.bytesIn(interval))
	l.past.span = interval
	l.keep()
}

// keep sets for how long unused bytes are kept. A limiter that shares its flows with
// another one has to wait for that, a message's time or so, and must not lose its own
// credit meanwhile.
func (l *Limiter) keep() {
	ns, _ := l.timeOf(l.message)
	l.burst = max(l.interval/burstShare, ns)
}

// Rate is the limiter's rate.
func (l *Limiter) Rate() Rate { return l.rate }

// SetRate changes the rate while traffic flows. Bytes that were passed on account are
// paid off at the new rate.
func (l *Limiter) SetRate(r Rate, interval, now time.Duration) {
	if debt := l.due - now; debt > 0 {
		owed := l.rate.bytesIn(debt)
		l.set(r, interval)
		l.due, l.part = now, 0
		l.advance(owed)
		return
	}
	l.set(r, interval)
}

// Credit is how many bytes may pass now; the last of them may begin a message that
// goes beyond. 0 or less means none.
func (l *Limiter) Credit(now time.Duration) int64 { return l.creditAfter(0, now) }

// creditAfter is Credit for somebody who has waited for another limit for that long:
// what came due meanwhile could not be used, and is not forgotten.
func (l *Limiter) creditAfter(wait, now time.Duration) int64 {
	l.forget(wait, now)
	l.past.expire(now)
	return min(l.rate.bytesIn(max(now-l.due, 0)), l.most-l.past.sum)
}

// Take notes that bytes pass now.
func (l *Limiter) Take(bytes int64, now time.Duration) {
	l.forget(l.interval, now) // Credit has, as far as it should
	l.advance(bytes)
	l.past.add(now, bytes)
}

// Overdraw is Take for the part of a message that goes beyond the credit.
func (l *Limiter) Overdraw(bytes int64, now time.Duration) {
	l.Take(bytes, now)
	if l.message -= l.message / messageMemory; bytes > l.message {
		l.message = bytes
	}
	l.keep()
}

// messageMemory is over how many messages the largest is remembered.
const messageMemory = 64

// forget drops what was not used for too long. What came due during a wait, up to an
// interval, is kept: the window still holds.
func (l *Limiter) forget(wait, now time.Duration) {
	if oldest := now - max(l.burst, min(wait, l.interval)); l.due < oldest {
		l.due, l.part = oldest, 0
	}
}

// GiveBack undoes a Take of bytes that did not pass after all.
func (l *Limiter) GiveBack(bytes int64) {
	ns, part := l.timeOf(bytes)
	l.due -= ns
	if l.part -= part; l.part < 0 {
		l.part += int64(l.rate)
		l.due--
	}
	l.past.takeBack(bytes)
}

// advance moves the point up to which bytes were due on by the time of some.
func (l *Limiter) advance(bytes int64) {
	ns, part := l.timeOf(bytes)
	l.due += ns
	if l.part += part; l.part >= int64(l.rate) {
		l.part -= int64(l.rate)
		l.due++
	}
}

// timeOf is how long bytes take at the rate: whole ns, and the rest in 1/rate ns.
func (l *Limiter) timeOf(bytes int64) (ns time.Duration, part int64) {
	r := int64(l.rate)
	whole, rest := bytes/r, bytes%r // seconds, and what lasts less than one
	ns = time.Duration(mulDiv(rest, int64(time.Second), r))
	hi := mulMod(rest, int64(time.Second), r)
	return time.Duration(whole)*time.Second + ns, hi
}

// Next is when bytes may pass again, if none may now: at once a step's worth of them.
func (l *Limiter) Next(now time.Duration) time.Duration {
	step := max(l.interval/limiterSteps, minStep, time.Duration(int64(time.Second)/int64(l.rate))+1)
	return max(l.due+step, l.past.below(now, l.most), now)
}
