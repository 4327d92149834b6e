package emul

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestDelaysAreDistributedAsNamed(t *testing.T) {
	const mean, spread, n = 50 * time.Millisecond, 5 * time.Millisecond, 200_000
	for _, c := range []struct {
		dist         Distribution
		mean, stddev float64 // ms
	}{
		{Uniform, 50, 5 / math.Sqrt(3)},
		{Normal, 50, 5},
		{Exponential, 55, 5},
	} {
		t.Run(c.dist.String(), func(t *testing.T) {
			l := Link{Latency: mean, Jitter: Jitter{c.dist, spread}}
			rng := rand.New(rand.NewPCG(1, 2))
			var sum, square float64
			for range n {
				ms := l.Delay(rng).Seconds() * 1000
				sum += ms
				square += ms * ms
			}
			m := sum / n
			if sd := math.Sqrt(square/n - m*m); math.Abs(m-c.mean) > 0.1 || math.Abs(sd-c.stddev) > 0.1 {
				t.Fatalf("mean %.2f ms, deviation %.2f ms; want %.2f, %.2f", m, sd, c.mean, c.stddev)
			}
		})
	}
}

func TestNoDelayIsNegative(t *testing.T) {
	l := Link{Latency: time.Millisecond, Jitter: Jitter{Normal, 10 * time.Millisecond}}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		if d := l.Delay(rng); d < 0 {
			t.Fatalf("a delay of %v", d)
		}
	}
}

func TestLossIsTheShareAskedFor(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, share := range []float64{0, 0.01, 0.5, 1} {
		l, lost := Link{Loss: share}, 0
		for range 100_000 {
			if l.Loses(rng) {
				lost++
			}
		}
		if got := float64(lost) / 100_000; math.Abs(got-share) > 0.005 {
			t.Errorf("%.4f were lost, want %v", got, share)
		}
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		l    Link
		says string // nothing if the link is fine
	}{
		{Link{}, ""},
		{Link{Rate: MBps, Latency: time.Second, Jitter: Jitter{Uniform, time.Second}, Loss: 1, Pipe: 1}, ""},
		{Link{Rate: -1}, "link bandwidth"},
		{Link{Rate: MaxRate + 1}, "link bandwidth"},
		{Link{Latency: -1}, "latency"},
		{Link{Latency: time.Hour}, "latency"},
		{Link{Jitter: Jitter{Spread: 1}}, "needs a distribution"},
		{Link{Jitter: Jitter{Dist: Normal}}, "needs a distribution"},
		{Link{Jitter: Jitter{distributions, 1}}, "unknown distribution"},
		{Link{Loss: 1.1}, "loss"},
		{Link{Loss: math.NaN()}, "loss"},
		{Link{Pipe: -1}, "pipe"},
	} {
		err := c.l.Check()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want it to say %q", c.l, err, c.says)
		}
	}
	if err := (Bandwidth{Up: -1}).Check(); err == nil || !strings.Contains(err.Error(), "uplink") {
		t.Errorf("a negative uplink: %v", err)
	}
}

func TestNamesOfDistributions(t *testing.T) {
	for d := range distributions {
		if got, err := ParseDistribution(d.String()); got != d || err != nil {
			t.Errorf("%v reads as %v, %v", d, got, err)
		}
	}
	if _, err := ParseDistribution("pareto"); err == nil || !strings.Contains(err.Error(), "exponential") {
		t.Errorf("an unknown distribution: %v", err)
	}
}

func TestPipeHoldsWhatTheLatencyNeeds(t *testing.T) {
	for _, c := range []struct {
		l    Link
		want int64
	}{
		{Link{Latency: time.Second}, DefaultPipe},
		{Link{Rate: MBps, Latency: 100 * time.Millisecond}, 200_000},
		{Link{Rate: MBps, Latency: 100 * time.Millisecond, Pipe: 7}, 7},
		{Link{Rate: MBps}, 1},
	} {
		if got := c.l.PipeBytes(); got != c.want {
			t.Errorf("%v: a pipe of %d bytes, want %d", c.l, got, c.want)
		}
	}
}

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		text string
		want Rate
		ok   bool
	}{
		{"400KBps", 400_000, true},
		{"1.5 MBps", 1_500_000, true},
		{"7Bps", 7, true},
		{"2GBps", 2_000_000_000, true},
		{"unlimited", 0, true},
		{"", 0, false}, {"0KBps", 0, false}, {"-1KBps", 0, false}, {"400", 0, false}, {"400kbps", 0, false},
		{"400Kbps", 0, false}, {"KBps", 0, false}, {"NaNKBps", 0, false}, {"InfKBps", 0, false}, {"0.1Bps", 0, false},
		{"1e9GBps", 0, false},
	} {
		got, err := ParseRate(c.text)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %v, %v", c.text, got, err)
		}
		if c.ok && got != Unlimited {
			if again, err := ParseRate(got.String()); again != got || err != nil {
				t.Errorf("%v reads as %v, %v", got, again, err)
			}
		}
	}
}
