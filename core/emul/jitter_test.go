package emul

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stated is the distribution function of the delays of a link, from the definitions: what
// is below 0 is drawn again.
func stated(l Link, d time.Duration) float64 {
	x := float64(d-l.Latency) / float64(l.Jitter.Spread)
	least := -float64(l.Latency) / float64(l.Jitter.Spread)
	var f func(float64) float64
	switch l.Jitter.Dist {
	case Uniform:
		f = func(x float64) float64 { return max(0, min(1, (x+1)/2)) }
	case Normal:
		f = func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	default:
		f = func(x float64) float64 { return 1 - math.Exp(-max(x, 0)) }
	}
	return (f(x) - f(least)) / (1 - f(least))
}

// moments are the mean and the standard deviation of a stated distribution, by sums.
func moments(l Link) (mean, deviation time.Duration) {
	const steps = 200_000
	most := l.Latency + 20*l.Jitter.Spread
	var sum, square, before float64
	for i := 1; i <= steps; i++ {
		d := time.Duration(float64(most) / steps * float64(i))
		p := stated(l, d)
		at := float64(d) - float64(most)/steps/2
		sum += at * (p - before)
		square += at * at * (p - before)
		before = p
	}
	return time.Duration(sum), time.Duration(math.Sqrt(square - sum*sum))
}

// seen is the delays that messages meet on a lane, which keeps order, at some messages a
// second, and how far that is beyond what was drawn, in the mean.
func seen(l Link, perSecond float64, n int, seed uint64) (delays []time.Duration, beyond time.Duration) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var delay Delay
	var last, sum time.Duration
	for i := range n {
		now := time.Duration(float64(i) / perSecond * float64(time.Second))
		at := now + delay.Next(&l, now, rng)
		sum += max(last-at, 0)
		last = max(last, at)
		delays = append(delays, last-now)
	}
	return delays, sum / time.Duration(n)
}

// Delays have the stated distribution at every rate, order kept: mean, deviation and the
// greatest distance of distribution functions. How many draws there are that have nothing
// to do with each other is the time over the correlation's, and bounds all three.
func TestDelaysAreDistributedAsStated(t *testing.T) {
	if raceOn {
		t.Skip("millions of draws by one goroutine")
	}
	const ms = time.Millisecond
	for _, l := range []Link{
		{Latency: 100 * ms, Jitter: Jitter{Dist: Normal, Spread: 20 * ms}},
		{Latency: 1 * ms, Jitter: Jitter{Dist: Normal, Spread: 50 * ms}}, // half of it below 0
		{Latency: 50 * ms, Jitter: Jitter{Dist: Uniform, Spread: 50 * ms}},
		{Latency: 10 * ms, Jitter: Jitter{Dist: Uniform, Spread: 50 * ms}}, // likewise
		{Latency: 20 * ms, Jitter: Jitter{Dist: Exponential, Spread: 20 * ms}},
		{Jitter: Jitter{Dist: Exponential, Spread: 5 * ms}},
	} {
		for _, c := range []struct {
			perSecond float64
			n         int
		}{{2, 20_000}, {1000, 500_000}, {100_000, 2_000_000}} {
			t.Run(fmt.Sprintf("%v at %v", l, c.perSecond), func(t *testing.T) {
				n := c.n
				if testing.Short() {
					n /= 10
				}
				delays, beyond := seen(l, c.perSecond, n, 1)
				spread := float64(l.Jitter.Spread)
				alone := min(float64(n), float64(n)/c.perSecond*1e9/(4*l.Jitter.correlation()))
				tolerance := 4 / math.Sqrt(alone)
				var sum, square float64
				for _, d := range delays {
					sum += float64(d)
					square += float64(d) * float64(d)
				}
				mean := sum / float64(n)
				deviation := math.Sqrt(square/float64(n) - mean*mean)
				wantMean, wantDeviation := moments(l)
				if math.Abs(mean-float64(wantMean)) > (tolerance+0.01)*spread {
					t.Errorf("a mean of %v, want %v within %.3f spreads", time.Duration(mean), wantMean, tolerance+0.01)
				}
				if math.Abs(deviation-float64(wantDeviation)) > (2*tolerance+0.02)*spread {
					t.Errorf("a deviation of %v, want %v within %.3f spreads", time.Duration(deviation), wantDeviation, 2*tolerance+0.02)
				}
				if most := time.Duration((0.01 + tolerance/50) * spread); beyond > most {
					t.Errorf("order adds %v to the mean, want %v at most", beyond, most)
				}
				slices.Sort(delays)
				var apart float64
				for i, d := range delays {
					apart = max(apart, math.Abs(stated(l, d)-(float64(i)+0.5)/float64(n)))
				}
				if apart > tolerance/2+0.01 {
					t.Errorf("distribution functions are %.4f apart, want %.4f at most", apart, tolerance/2+0.01)
				}
			})
		}
	}
}

// The level is what its definition says whatever the steps in which time passes: the
// covariance of two levels depends on the time between them alone.
func TestLevelsAreCorrelatedAsStated(t *testing.T) {
	for _, h := range []float64{1e-3, 0.1, 1, 2, 5} {
		for _, steps := range []int{1, 3} {
			rng := rand.New(rand.NewPCG(1, 2))
			const n = 200_000
			var sum, squareBefore, squareAfter float64
			for range n {
				d := Delay{begun: true, level: rng.NormFloat64(), slope: rng.NormFloat64()}
				before := d.level
				for range steps {
					d.moveOn(h/float64(steps), rng)
				}
				sum += before * d.level
				squareBefore += before * before
				squareAfter += d.level * d.level
			}
			got := sum / math.Sqrt(squareBefore*squareAfter)
			if want := (1 + h) * math.Exp(-h); math.Abs(got-want) > 0.01 || math.Abs(squareAfter/n-1) > 0.02 {
				t.Errorf("%v correlation times in %d steps: a correlation of %.4f, want %.4f; a variance of %.4f, want 1", h, steps, got, want, squareAfter/n)
			}
		}
	}
}

// No delay is below 0, none is longer than the longest, and messages that leave at one
// time take equally long.
func TestDelaysAreInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Link{
			Latency: time.Duration(rapid.Int64Range(0, int64(MaxLatency)).Draw(t, "latency")),
			Jitter: Jitter{
				Dist:        Distribution(rapid.IntRange(1, int(distributions)-1).Draw(t, "distribution")),
				Spread:      time.Duration(rapid.Int64Range(1, int64(MaxLatency)).Draw(t, "spread")),
				Correlation: time.Duration(rapid.Int64Range(0, int64(MaxLatency)).Draw(t, "correlation")),
			},
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var d Delay
		now := time.Duration(0)
		for _, gap := range rapid.SliceOfN(rapid.Int64Range(0, int64(time.Minute)), 1, 50).Draw(t, "gaps") {
			now += time.Duration(gap)
			first := d.Next(&l, now, rng)
			if first < 0 || first > l.MostDelay() {
				t.Fatalf("a delay of %v, want 0 to %v", first, l.MostDelay())
			}
			if again := d.Next(&l, now, rng); again != first {
				t.Fatalf("two messages that leave at %v take %v and %v", now, first, again)
			}
		}
	})
}
