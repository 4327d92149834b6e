package emul

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

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
		{Link{Rate: MBps, Latency: time.Second, Jitter: Jitter{Uniform, time.Second, time.Minute}, Loss: 1, Pipe: 1}, ""},
		{Link{Rate: -1}, "link bandwidth"},
		{Link{Rate: MaxRate + 1}, "link bandwidth"},
		{Link{Latency: -1}, "latency"},
		{Link{Latency: time.Hour}, "latency"},
		{Link{Jitter: Jitter{Spread: 1}}, "needs a distribution"},
		{Link{Jitter: Jitter{Dist: Normal}}, "needs a distribution"},
		{Link{Jitter: Jitter{distributions, 1, 0}}, "unknown distribution"},
		{Link{Jitter: Jitter{Normal, time.Second, -1}}, "correlation"},
		{Link{Jitter: Jitter{Correlation: time.Second}}, "correlation"},
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

func TestPipeHoldsWhatTheDelayNeeds(t *testing.T) {
	exponential := Jitter{Dist: Exponential, Spread: 20 * time.Millisecond}
	for _, c := range []struct {
		l     Link
		rate  Rate
		least time.Duration // how much of the rate it holds at least
		want  int64         // if it is known
	}{
		{l: Link{Latency: time.Second}, want: DefaultPipe},
		{l: Link{Latency: time.Second, Pipe: 7}, want: 7},
		{l: Link{Latency: 100 * time.Millisecond, Pipe: 7}, rate: MBps, want: 7},
		{l: Link{Latency: 100 * time.Millisecond}, rate: MBps, least: 100 * time.Millisecond},
		{l: Link{Latency: 20 * time.Millisecond, Jitter: exponential}, rate: 10 * MBps, least: 400 * time.Millisecond},
		{l: Link{Latency: MaxLatency, Jitter: Jitter{Dist: Exponential, Spread: MaxLatency}}, rate: MaxRate, least: 10 * MaxLatency},
	} {
		got := c.l.PipeBytes(c.rate)
		if c.want != 0 && got != c.want || got < c.rate.bytesIn(c.least) {
			t.Errorf("%v at %v: a pipe of %d bytes, want %d, and what is under way for %v", c.l, c.rate, got, c.want, c.least)
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
