package emul

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// awayLane asks again only some time after what it was granted has passed, as a lane does
// whose transport takes what it has a little later.
type awayLane struct {
	s      *Shaper
	flow   *Flow
	now    *time.Duration
	rng    *rand.Rand
	size   int64
	away   time.Duration // at most
	passed int64
	back   time.Duration // when it asks again; 0 if it waits or is granted
}

// Granted implements Taker.
func (l *awayLane) Granted(credit int64) {
	var passed int64
	for passed < credit {
		passed += l.size
	}
	l.passed += passed
	l.s.Settle(l.flow, passed, *l.now)
	l.s.Stay(l.flow)
	l.back = *l.now + 1 + time.Duration(l.rng.Int64N(int64(l.away)))
}

// Lanes with messages of all sizes share a node's uplink alike, although none of them asks
// again at once: who has more to send and is only late has not been idle.
func TestWhoIsLateLosesNoShare(t *testing.T) {
	for _, away := range []time.Duration{time.Microsecond, time.Millisecond} {
		for _, rate := range []Rate{300 * KBps, 400 * KBps} { // some messages or less in that time
			rng := rand.New(rand.NewPCG(1, 2))
			var s Shaper
			now := time.Duration(0)
			s.Set(Bandwidth{Up: rate}, DefaultInterval, 0)
			link := NewShared()
			var lanes []*awayLane
			for _, size := range []int64{20_024, 1024, 64} {
				l := &awayLane{s: &s, now: &now, rng: rng, size: size, away: away, back: 1}
				l.flow = s.NewFlow(l, Out, link, 1)
				lanes = append(lanes, l)
			}
			const span = 20 * time.Second
			for now < span {
				next := Never
				for _, l := range lanes {
					if l.back != 0 && l.back <= now {
						l.back = 0
						s.Ask(l.flow, now)
					}
				}
				s.Run(now)
				for _, l := range lanes {
					if l.back != 0 {
						next = min(next, l.back)
					}
				}
				now = max(now+1, min(next, s.Next(now)))
			}
			for _, l := range lanes {
				got, want := float64(l.passed)/span.Seconds(), float64(rate)/3
				if math.Abs(got-want) > 0.02*want {
					t.Errorf("%v, away for %v: messages of %d bytes get %.0f bytes a second, want %.0f", rate, away, l.size, got, want)
				}
			}
		}
	}
}
