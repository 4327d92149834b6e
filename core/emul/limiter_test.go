package emul

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// departure is a message that a limiter let pass.
type departure struct {
	at    time.Duration
	bytes int64
}

// drive lets messages pass a limiter as a lane would: whenever there is credit, until
// there is none, and then again when Next says, or later.
func drive(l *Limiter, until time.Duration, size func() int64, late func() time.Duration) []departure {
	var out []departure
	for now := time.Duration(0); now < until; {
		for credit := l.Credit(now); credit > 0; {
			n := size()
			l.Take(n, now)
			out = append(out, departure{now, n})
			credit -= n
		}
		now = max(l.Next(now), now+1) + late()
	}
	return out
}

// checkIntervals is the slow oracle of the bound: it looks at every interval that
// begins with a message.
func checkIntervals(t *rapid.T, r Rate, interval time.Duration, out []departure) {
	limit := max(1, int64(float64(r)*interval.Seconds()))
	var sum, largest int64
	first := 0
	for _, d := range out {
		largest = max(largest, d.bytes)
	}
	for _, d := range out {
		for out[first].at <= d.at-interval {
			sum -= out[first].bytes
			first++
		}
		if sum += d.bytes; sum > limit+largest {
			t.Fatalf("%v in %v: %d bytes passed in the interval that ends at %v, at most %d and a message of %d may",
				r, interval, sum, d.at, limit, largest)
		}
	}
}

func TestNoIntervalGetsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate(rapid.Int64Range(1, int64(200*MBps)).Draw(t, "rate"))
		if rapid.Bool().Draw(t, "slow") {
			r = Rate(rapid.Int64Range(1, int64(100*KBps)).Draw(t, "slow rate"))
		}
		interval := time.Duration(rapid.Int64Range(int64(MinInterval), int64(time.Second)).Draw(t, "interval"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		most := rapid.Int64Range(1, 70_000).Draw(t, "message")
		worst := rapid.Int64Range(0, int64(interval)).Draw(t, "late")
		pause := rapid.IntRange(0, 20).Draw(t, "a pause each")
		l := NewLimiter(r, interval, 0)
		out := drive(l, 20*interval,
			func() int64 { return 1 + rng.Int64N(most) },
			func() time.Duration {
				if pause > 0 && rng.IntN(pause+1) == 0 {
					return time.Duration(rng.Int64N(int64(2 * interval)))
				}
				return time.Duration(rng.Int64N(worst + 1))
			})
		checkIntervals(t, r, interval, out)
	})
}

// Whoever always has something to send gets the rate, whatever the rate, the sizes of
// messages, and (up to a hundredth of the interval) the lateness of timers.
func TestTheRateIsReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate(rapid.Int64Range(int64(10*KBps), int64(100*MBps)).Draw(t, "rate"))
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		size := max(rapid.Int64Range(24, 6000).Draw(t, "message"), int64(r)/2000) // not too many
		interval := DefaultInterval
		until := 20 * time.Second
		var sum int64
		for _, d := range drive(NewLimiter(r, interval, 0), until,
			func() int64 { return size },
			func() time.Duration { return time.Duration(rng.Int64N(int64(200 * time.Microsecond))) }) {
			sum += d.bytes
		}
		want := float64(r) * until.Seconds()
		if got := float64(sum); got < 0.995*want-float64(size) || got > 1.002*want+float64(size) {
			t.Fatalf("%v for %v: %d bytes passed, want %.0f (%+.2f%%)", r, until, sum, want, 100*(got/want-1))
		}
	})
}

func TestAChangeOfRateKeepsTheDebt(t *testing.T) {
	l := NewLimiter(1*KBps, DefaultInterval, time.Hour)
	l.Take(10_000, time.Hour) // 10 s on account, less the burst
	l.SetRate(100*KBps, DefaultInterval, time.Hour)
	owed := l.due - time.Hour
	if owed < 99*time.Millisecond || owed > 100*time.Millisecond {
		t.Fatalf("10 KB that were on account take %v at 100 KBps", owed)
	}
}

func TestGiveBackUndoesTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLimiter(Rate(rapid.Int64Range(1, int64(GBps)).Draw(t, "rate")), DefaultInterval, 0)
		now := time.Duration(0)
		for range rapid.IntRange(0, 20).Draw(t, "before") {
			now += time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "step"))
			l.Take(rapid.Int64Range(0, 100_000).Draw(t, "bytes"), now)
		}
		credit, due, part, sum := l.Credit(now), l.due, l.part, l.past.sum
		n := rapid.Int64Range(0, 1<<30).Draw(t, "taken")
		l.Take(n, now)
		l.GiveBack(n)
		if l.due != due || l.part != part || l.past.sum != sum || l.Credit(now) != credit {
			t.Fatalf("due %v+%d, %d in the window; was %v+%d, %d", l.due, l.part, l.past.sum, due, part, sum)
		}
	})
}

func TestMulDiv(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Int64Range(0, 1<<40).Draw(t, "a")
		b := rapid.Int64Range(0, 1<<22).Draw(t, "b")
		c := rapid.Int64Range(1, 1<<62).Draw(t, "c")
		if got, rest := mulDiv(a, b, c), mulMod(a, b, c); got != a*b/c || rest != a*b%c {
			t.Fatalf("%d·%d/%d: %d rest %d, want %d rest %d", a, b, c, got, rest, a*b/c, a*b%c)
		}
	})
	if got := mulDiv(1<<62, 1<<62, 1); got != 1<<63-1 {
		t.Fatalf("what does not fit is %d", got)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	l := NewLimiter(MBps, DefaultInterval, 0)
	now := time.Duration(0)
	step := func() {
		now = max(l.Next(now), now+1)
		if c := l.Credit(now); c > 0 {
			l.Take(c, now)
		}
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Fatalf("%v allocations a step", n)
	}
}
