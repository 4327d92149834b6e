package emul

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rig is a node whose lanes always have something to send.
type rig struct {
	s     Shaper
	lanes []*rigLane
	now   time.Duration
}

type rigLane struct {
	r      *rig
	flow   *Flow
	size   func() int64
	passed int64
	off    bool // has nothing to send
}

// Granted implements Taker: whole messages pass until the credit is used up.
func (l *rigLane) Granted(credit int64) {
	var passed int64
	for passed < credit {
		passed += l.size()
	}
	l.passed += passed
	l.r.s.Settle(l.flow, passed, l.r.now)
	if !l.off {
		l.r.s.Ask(l.flow, l.r.now)
	}
}

// run moves time on to when the shaper has something to grant, or a little later.
func (r *rig) run(until time.Duration, late func() time.Duration) {
	for _, l := range r.lanes {
		if !l.off {
			r.s.Ask(l.flow, r.now)
		}
	}
	for {
		r.s.Run(r.now)
		next := r.s.Next(r.now)
		if next >= until {
			r.now = until
			return
		}
		r.now = max(next, r.now+1) + late()
	}
}

// fluid is the slow oracle: rates grow in proportion to weights until a limit is
// reached, and those under it stay (weighted max-min fairness, by progressive filling).
type fluid struct {
	limits []float64 // of each constraint
	under  [][]int   // constraints of each flow
	weight []float64
}

func (f fluid) rates() []float64 {
	rates, fixed := make([]float64, len(f.weight)), make([]bool, len(f.weight))
	for {
		step, full := math.Inf(1), -1
		for c, limit := range f.limits {
			room, sum := limit, 0.0
			for i := range rates {
				if !contains(f.under[i], c) {
					continue
				}
				room -= rates[i]
				if !fixed[i] {
					sum += f.weight[i]
				}
			}
			if sum > 0 && room/sum < step {
				step, full = room/sum, c
			}
		}
		if full < 0 {
			return rates
		}
		for i := range rates {
			if !fixed[i] {
				rates[i] += step * f.weight[i]
			}
		}
		for i := range rates {
			fixed[i] = fixed[i] || contains(f.under[i], full)
		}
	}
}

func contains(s []int, v int) bool {
	for _, x := range s {
		if x == v {
			return true
		}
	}
	return false
}

// Random nodes: any combination of limits, 1 to 64 links in both directions with rates
// and weights of their own. Every lane gets what the fluid model says.
func TestSharesAreMaxMinFair(t *testing.T) {
	const span = 30 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) Rate { // logarithmic
			e := rapid.Float64Range(4, 7).Draw(t, what)
			return Rate(math.Pow(10, e))
		}
		r := &rig{}
		var b Bandwidth
		var model fluid
		constraint := func(rate Rate) int {
			model.limits = append(model.limits, float64(rate))
			return len(model.limits) - 1
		}
		total, way := -1, [directions]int{-1, -1}
		kinds := rapid.IntRange(1, 7).Draw(t, "limits")
		if kinds&1 != 0 {
			b.Total = draw("total")
			total = constraint(b.Total)
		}
		if kinds&2 != 0 {
			b.Up = draw("up")
			way[Out] = constraint(b.Up)
		}
		if kinds&4 != 0 {
			b.Down = draw("down")
			way[In] = constraint(b.Down)
		}
		r.s.Set(b, DefaultInterval, 0)
		// Fifty messages in an interval at the slowest limit, so that what is tested are
		// shares and not whole messages.
		maxSize := 4000.0
		for _, limit := range model.limits {
			maxSize = min(maxSize, max(limit*DefaultInterval.Seconds()/50, 64))
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(1, 64).Draw(t, "links")
		for range n {
			d := Direction(rng.IntN(2))
			link, under := NewShared(), []int{}
			if total >= 0 {
				under = append(under, total)
			}
			if way[d] >= 0 {
				under = append(under, way[d])
			}
			if len(under) == 0 || rng.IntN(3) == 0 {
				rate := Rate(math.Pow(10, 3.5+3*rng.Float64()))
				link.SetRate(rate, DefaultInterval, 0)
				under = append(under, constraint(rate))
			}
			weight := 1
			if rng.IntN(2) == 0 {
				weight = 1 + rng.IntN(8)
			}
			size := int64(24 + rng.IntN(int(maxSize)))
			l := &rigLane{r: r, size: func() int64 { return size }}
			l.flow = r.s.NewFlow(l, d, link, weight)
			r.lanes = append(r.lanes, l)
			model.under = append(model.under, under)
			model.weight = append(model.weight, float64(weight))
		}
		want := model.rates()
		late := func() time.Duration { return time.Duration(rng.Int64N(int64(100 * time.Microsecond))) }
		r.run(time.Second, late) // the bursts of the beginning
		for _, l := range r.lanes {
			l.passed = 0
		}
		r.run(time.Second+span, late)
		grant := 0.0
		for _, c := range []int{total, way[Out], way[In]} {
			if c >= 0 {
				grant = max(grant, min(minGrant, model.limits[c]*DefaultInterval.Seconds()/burstShare))
			}
		}
		// A lane under two limits waits for its turn at one while the window of the other
		// passes. What it loses so goes to the others.
		lost := make([]float64, len(want))
		var lostByAll float64
		for i, l := range r.lanes {
			if len(model.under[i]) < 2 {
				continue
			}
			slowest := math.Inf(1)
			for _, c := range model.under[i] {
				if c == total || c == way[l.flow.dir] {
					slowest = min(slowest, model.limits[c])
				}
			}
			lost[i] = want[i] * 2 * maxSize / slowest / DefaultInterval.Seconds()
			lostByAll += lost[i]
		}
		for i, l := range r.lanes {
			got := float64(l.passed) / span.Seconds()
			slack := 0.01*want[i] + 3*(maxSize+grant)/span.Seconds() // messages are not cut, nor grants
			if got < want[i]-slack-lost[i] || got > want[i]+slack+lostByAll {
				t.Fatalf("lane %d of %d, %v, weight %v: %.0f bytes a second, the fluid model says %.0f (%+.2f%%, %.0f may be lost)\nlimits %v, under %v, span %v",
					i, n, l.flow.dir, model.weight[i], got, want[i], 100*(got/want[i]-1), lost[i], model.limits, model.under[i], span)
			}
		}
	})
}

// What a lane does not use goes to the others, and it gets its share as soon as it
// wants it, and no more.
func TestUnusedShareGoesToOthers(t *testing.T) {
	r := &rig{}
	r.s.Set(Bandwidth{Up: MBps}, DefaultInterval, 0)
	for range 2 {
		l := &rigLane{r: r, size: func() int64 { return 1000 }}
		l.flow = r.s.NewFlow(l, Out, NewShared(), 1)
		r.lanes = append(r.lanes, l)
	}
	a, b := r.lanes[0], r.lanes[1]
	b.off = true
	punctual := func() time.Duration { return 0 }
	r.run(10*time.Second, punctual)
	if a.passed < 9_900_000 || b.passed != 0 {
		t.Fatalf("alone, a lane got %d bytes in 10 s", a.passed)
	}
	b.off, a.passed = false, 0
	r.run(20*time.Second, punctual)
	if math.Abs(float64(a.passed-b.passed)) > 10_000 || a.passed < 4_900_000 {
		t.Fatalf("two lanes got %d and %d bytes in 10 s", a.passed, b.passed)
	}
}

// The lanes of a link share its part of the node's bandwidth.
func TestALinkCountsOnce(t *testing.T) {
	r := &rig{}
	r.s.Set(Bandwidth{Up: MBps}, DefaultInterval, 0)
	one, two := NewShared(), NewShared()
	for _, c := range []struct {
		link   *Shared
		weight int
	}{{one, 1}, {two, 1}, {two, 1}, {two, 2}} {
		l := &rigLane{r: r, size: func() int64 { return 1000 }}
		l.flow = r.s.NewFlow(l, Out, c.link, c.weight)
		r.lanes = append(r.lanes, l)
	}
	r.run(30*time.Second, func() time.Duration { return 0 })
	// Link two counts as its heaviest lane, 2, and divides that by 1, 1, 2.
	for i, want := range []float64{1. / 3, 1. / 6, 1. / 6, 1. / 3} {
		if got := float64(r.lanes[i].passed) / 30e6; math.Abs(got-want) > 0.01 {
			t.Errorf("lane %d got %.3f of the node's bandwidth, want %.3f", i, got, want)
		}
	}
}

// A direction that the old limits held back does not get everything when they change.
func TestNobodyCatchesUpAfterAChange(t *testing.T) {
	r := &rig{}
	r.s.Set(Bandwidth{Total: MBps, Down: 10 * KBps}, DefaultInterval, 0)
	for _, d := range []Direction{Out, In} {
		l := &rigLane{r: r, size: func() int64 { return 1000 }}
		l.flow = r.s.NewFlow(l, d, NewShared(), 1)
		r.lanes = append(r.lanes, l)
	}
	punctual := func() time.Duration { return 0 }
	r.run(20*time.Second, punctual)
	r.s.Set(Bandwidth{Total: MBps}, DefaultInterval, r.now)
	for _, l := range r.lanes {
		l.passed = 0
	}
	r.run(22*time.Second, punctual)
	out, in := r.lanes[0].passed, r.lanes[1].passed
	if math.Abs(float64(out-in)) > 30_000 {
		t.Fatalf("in the 2 s after the change %d bytes went out and %d came in", out, in)
	}
}

func TestDroppedFlowsLeaveNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &rig{}
		r.s.Set(Bandwidth{Total: 50 * KBps}, DefaultInterval, 0)
		links := []*Shared{NewShared(), NewShared(), NewShared(), NewShared()} // two a direction, one with a rate
		links[2].SetRate(20*KBps, DefaultInterval, 0)
		links[3].SetRate(20*KBps, DefaultInterval, 0)
		for step := range rapid.IntRange(1, 100).Draw(t, "steps") {
			switch {
			case len(r.lanes) == 0 || rapid.Bool().Draw(t, "add"):
				l := &rigLane{r: r, size: func() int64 { return 3000 }}
				l.flow = r.s.NewFlow(l, Direction(step%2), links[step%4], 1+step%3)
				r.lanes = append(r.lanes, l)
			default:
				i := rapid.IntRange(0, len(r.lanes)-1).Draw(t, "drop")
				r.s.Drop(r.lanes[i].flow)
				r.lanes = append(r.lanes[:i], r.lanes[i+1:]...)
			}
			r.run(r.now+50*time.Millisecond, func() time.Duration { return 0 })
		}
		for _, l := range r.lanes {
			r.s.Drop(l.flow)
		}
		s := &r.s
		if n := len(s.queue[0]) + len(s.queue[1]) + len(s.parked) + len(links[0].active) + len(links[1].active) +
			len(links[2].active) + len(links[3].active); n != 0 {
			t.Fatalf("%d entries are left of flows that are gone", n)
		}
		if s.weight != [directions]int64{} || s.active != [directions]int{} {
			t.Fatalf("weights %v and counts %v are left", s.weight, s.active)
		}
		if next := s.Next(r.now); next != Never {
			t.Fatalf("with nobody waiting the next wake-up is at %v", next)
		}
	})
}

func ExampleBandwidth() {
	fmt.Println(Bandwidth{Total: 400 * KBps})
	fmt.Println(Bandwidth{Up: 200 * KBps, Down: 2 * MBps})
	fmt.Println(Bandwidth{})
	// Output:
	// total 400 KBps
	// up 200 KBps, down 2 MBps
	// unlimited
}
