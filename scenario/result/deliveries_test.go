package result_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// In whatever order nodes are read, an arrival is taken once its maker and its way are
// known, and all comes to the same: here, along random trees.
func TestArrivalsComeToTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const nodes, messages = 6, 4
		p := planOf(t, nodes)
		p.Record.Deliveries = true
		r := ringOf(p)
		for n := range nodes {
			r.NodeUp(n, 0)
		}
		var waiting []result.Arrival
		var totalHops, totalDelay float64
		reached := 0
		for seq := range messages {
			at, hops := make([]time.Duration, nodes), make([]int, nodes)
			have := []int{0}
			for n := 1; n < nodes; n++ {
				if !rapid.Bool().Draw(rt, "reached") {
					continue
				}
				from := rapid.SampledFrom(have).Draw(rt, "from")
				at[n] = at[from] + time.Duration(rapid.IntRange(0, 3).Draw(rt, "delay"))*time.Millisecond
				hops[n] = hops[from] + 1
				have = append(have, n)
				totalHops += float64(hops[n])
				totalDelay += at[n].Seconds()
				reached++
				waiting = append(waiting, result.Arrival{App: 1, Maker: 0, Node: n, Seq: uint64(seq), From: from, At: time.Second + at[n]})
			}
		}
		waiting = rapid.Permutation(waiting).Draw(rt, "order")
		madeAfter := rapid.IntRange(0, len(waiting)).Draw(rt, "made after")
		for i, a := range waiting {
			if i >= madeAfter {
				break
			}
			if r.Arrived(a, false) {
				rt.Fatalf("%+v was taken before it was made", a)
			}
		}
		for seq := range messages {
			r.Made(1, 0, uint64(seq), time.Second)
		}
		for range nodes {
			waiting = slices.DeleteFunc(waiting, func(a result.Arrival) bool { return r.Arrived(a, false) })
		}
		if len(waiting) > 0 {
			rt.Fatalf("%d arrivals were never taken", len(waiting))
		}
		if r.Arrived(result.Arrival{App: 1, Maker: 3, Node: 1, Seq: 0}, false) || !r.Arrived(result.Arrival{App: 1, Maker: 3, Node: 1, Seq: 0}, true) {
			rt.Error("what no source made must wait, and go in the end")
		}
		r.Take(result.Sample{})
		r.Take(result.Sample{At: 10 * time.Second})
		d := r.Deliveries()[0]
		switch {
		case d.Followed != messages || math.Abs(*d.Coverage-float64(reached)/(messages*(nodes-1))) > 1e-9:
			rt.Errorf("%d messages, coverage %v; want %d, %v", d.Followed, *d.Coverage, messages, float64(reached)/(messages*(nodes-1)))
		case reached > 0 && (math.Abs(d.Hops.Sum-totalHops) > 1e-9 || math.Abs(d.Latency.Sum-totalDelay) > 1e-9 || d.Latency.Count != uint64(reached)):
			rt.Errorf("hops %+v, latency %+v; want sums of %v and %v", d.Hops, d.Latency, totalHops, totalDelay)
		}
	})
}

// However long the way of a message is, its links are counted.
func TestHopsOfLongWays(t *testing.T) {
	const nodes = 1000
	p := planOf(t, nodes)
	p.Record.Deliveries = true
	r := ringOf(p)
	r.Made(1, 0, 0, time.Second)
	for n := 1; n < nodes; n++ {
		if !r.Arrived(result.Arrival{App: 1, Maker: 0, Node: n, From: n - 1, At: time.Second + time.Duration(n)*time.Millisecond}, false) {
			t.Fatalf("the arrival at node %d waits", n)
		}
	}
	r.Take(result.Sample{})
	r.Take(result.Sample{At: 10 * time.Second})
	if h := r.Deliveries()[0].Hops; h.Max != nodes-1 || h.Sum != nodes*(nodes-1)/2 || h.P50 < 490 || h.P50 > 510 {
		t.Errorf("%+v", h)
	}
}

// What is followed is bounded by nodes times applications, whatever the numbers.
func TestDenseIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, apps := rapid.IntRange(1, 100_000).Draw(t, "nodes"), rapid.IntRange(0, 1000).Draw(t, "apps")
		d := result.Dense(n, apps)
		if d < 16 || d > 1024 || d&(d-1) != 0 || d > 16 && d*n*max(apps, 1) > 1<<20 {
			t.Fatalf("%d nodes, %d applications: %d", n, apps, d)
		}
	})
	const nodes = 1500
	p := planOf(t, nodes)
	p.Record.Deliveries = true
	r := ringOf(p)
	for seq := range uint64(12_000) { // 18 million cells
		r.Made(1, 0, seq, 0)
	}
	if w := r.Warnings(); len(w) != 1 || r.Deliveries()[0].Followed != 16<<20/nodes {
		t.Errorf("%q, %d followed", w, r.Deliveries()[0].Followed)
	}
	if share, n := r.Coverage([]spec.Target{spec.Everything}, 0, time.Second, 0, time.Hour); n != 0 {
		t.Errorf("%v of %d, and nobody ever ran", share, n)
	}
}
