package emul

import (
	"math"
	"testing"
	"time"
)

// byTurns is a lane that leaves its turn to the next one once it has passed something.
type byTurns struct {
	r      *rig
	flow   *Flow
	next   *byTurns
	passed int64
}

// Granted implements Taker.
func (l *byTurns) Granted(credit int64) {
	var passed int64
	for passed < credit {
		passed += 1000
	}
	l.passed += passed
	l.r.s.Settle(l.flow, passed, l.r.now)
	l.r.s.Ask(l.next.flow, l.r.now)
}

// A link has its share and no more if its lanes have something to pass by turns, whichever
// limit they meet at; and so has a link in the other direction.
func TestLanesByTurnsHaveOneShare(t *testing.T) {
	for _, c := range []struct {
		bandwidth Bandwidth
		other     Direction
	}{{Bandwidth{Up: MBps}, Out}, {Bandwidth{Total: MBps}, Out}, {Bandwidth{Total: MBps}, In}} {
		for lanes := 1; lanes <= 4; lanes++ {
			r := &rig{}
			r.s.Set(c.bandwidth, DefaultInterval, 0)
			link := NewShared()
			ring := make([]*byTurns, lanes)
			for i := range ring {
				ring[i] = &byTurns{r: r}
				ring[i].flow = r.s.NewFlow(ring[i], Out, link, 1)
			}
			for i, l := range ring {
				l.next = ring[(i+1)%lanes]
			}
			other := &rigLane{r: r, size: func() int64 { return 1000 }}
			other.flow = r.s.NewFlow(other, c.other, NewShared(), 1)
			r.lanes = append(r.lanes, other)
			r.s.Ask(ring[0].flow, 0)
			r.run(20*time.Second, func() time.Duration { return 0 })
			var passed int64
			for _, l := range ring {
				passed += l.passed
				if share := float64(l.passed) / 10e6; math.Abs(share-1/float64(lanes)) > 0.01 {
					t.Errorf("%v, other link %v: one of %d lanes by turns got %.3f of its link's share", c.bandwidth, c.other, lanes, share)
				}
			}
			if got := float64(passed) / 20e6; math.Abs(got-0.5) > 0.01 {
				t.Errorf("%v, other link %v: a link with %d lanes by turns got %.3f of the bandwidth, want 0.5", c.bandwidth, c.other, lanes, got)
			}
		}
	}
}

// Two links of different directions cannot be one.
func TestASharedIsOfOneDirection(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a link took flows of both directions")
		}
	}()
	var s Shaper
	link := NewShared()
	s.NewFlow(nil, Out, link, 1)
	s.NewFlow(nil, In, link, 1)
}
