package emul

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Link is what one link does to the messages on it. It acts at the link's upstream
// end, on all its lanes together; the zero value does nothing.
type Link struct {
	Rate    Rate          // bandwidth, shared by the link's lanes
	Latency time.Duration // one way; what the kernel or memory takes comes on top
	Jitter  Jitter        // varies Latency from message to message; order stays
	Loss    float64       // share of messages that are lost on the way, 0 to 1

	// Pipe bounds the bytes that are on their way at a time, as the window of a
	// connection does; a message may go beyond it. 0 means what the rate fills
	// twice over in the latency, or DefaultPipe for a link without a rate. It counts
	// only if there is latency or jitter.
	Pipe int64
}

// DefaultPipe is the most that is on its way on a link that has latency and no rate:
// such a link carries DefaultPipe/Latency at most.
const DefaultPipe = 4 << 20

// MaxLatency bounds the latency of a link and the spread of its jitter.
const MaxLatency = time.Minute

// Distribution names how jitter is distributed.
type Distribution uint8

const (
	// NoJitter: every message takes the link's latency.
	NoJitter Distribution = iota
	// Uniform: equally likely from Latency-Spread to Latency+Spread.
	Uniform
	// Normal: around Latency with a standard deviation of Spread.
	Normal
	// Exponential: Latency and a delay with a mean of Spread on top.
	Exponential

	distributions
)

var distributionNames = [...]string{"none", "uniform", "normal", "exponential"}

// String is the distribution's name.
func (d Distribution) String() string {
	if d < distributions {
		return distributionNames[d]
	}
	return fmt.Sprintf("distribution-%d", uint8(d))
}

// ParseDistribution is the distribution of a name.
func ParseDistribution(name string) (Distribution, error) {
	for d, n := range distributionNames {
		if n == name {
			return Distribution(d), nil
		}
	}
	return 0, fmt.Errorf("jitter distribution %q: want one of %q", name, distributionNames)
}

// Jitter says how a link's latency varies. No delay is ever below 0, and since lanes
// keep order a message may wait for the one before it.
type Jitter struct {
	Dist   Distribution
	Spread time.Duration
}

// Check reports a setting that makes no sense.
func (l Link) Check() error {
	if err := l.Rate.check("link bandwidth"); err != nil {
		return err
	}
	switch {
	case l.Latency < 0 || l.Latency > MaxLatency:
		return fmt.Errorf("link latency of %v: want 0 to %v", l.Latency, MaxLatency)
	case l.Jitter.Dist >= distributions:
		return fmt.Errorf("link jitter with an unknown distribution, %v", l.Jitter.Dist)
	case l.Jitter.Spread < 0 || l.Jitter.Spread > MaxLatency:
		return fmt.Errorf("link jitter of %v: want 0 to %v", l.Jitter.Spread, MaxLatency)
	case (l.Jitter.Dist == NoJitter) != (l.Jitter.Spread == 0):
		return fmt.Errorf("link jitter of %v with distribution %v: a spread needs a distribution, and the other way round", l.Jitter.Spread, l.Jitter.Dist)
	case !(l.Loss >= 0 && l.Loss <= 1):
		return fmt.Errorf("link loss of %v: want a share from 0 to 1", l.Loss)
	case l.Pipe < 0:
		return fmt.Errorf("link pipe of %d bytes: want 0 (a default) or more", l.Pipe)
	}
	return nil
}

// Delays reports whether messages take time on the link beyond their bandwidth.
func (l Link) Delays() bool { return l.Latency > 0 || l.Jitter.Spread > 0 }

// PerMessage reports whether the link treats messages one by one: it loses some, or
// delays them differently.
func (l Link) PerMessage() bool { return l.Loss > 0 || l.Jitter.Spread > 0 }

// PipeBytes is the most that may be on its way at a time, in bytes.
func (l Link) PipeBytes() int64 {
	switch {
	case l.Pipe > 0:
		return l.Pipe
	case l.Rate == Unlimited:
		return DefaultPipe
	}
	return max(2*l.Rate.bytesIn(l.Latency+2*l.Jitter.Spread), 1)
}

// Loses draws whether the next message is lost.
func (l Link) Loses(rng *rand.Rand) bool { return l.Loss > 0 && rng.Float64() < l.Loss }

// Delay draws how long the next message is on its way, from 0.
func (l Link) Delay(rng *rand.Rand) time.Duration {
	d := float64(l.Latency)
	switch spread := float64(l.Jitter.Spread); l.Jitter.Dist {
	case Uniform:
		d += spread * (2*rng.Float64() - 1)
	case Normal:
		d += spread * rng.NormFloat64()
	case Exponential:
		d += spread * rng.ExpFloat64()
	}
	return time.Duration(math.Max(math.Round(d), 0))
}

// String names what the link does.
func (l Link) String() string {
	s := ""
	if l.Rate != Unlimited {
		s += fmt.Sprintf(", %v", l.Rate)
	}
	if l.Latency > 0 {
		s += fmt.Sprintf(", latency %v", l.Latency)
	}
	if l.Jitter.Spread > 0 {
		s += fmt.Sprintf(", %v jitter %v", l.Jitter.Dist, l.Jitter.Spread)
	}
	if l.Loss > 0 {
		s += fmt.Sprintf(", loss %.4g", l.Loss)
	}
	if s == "" {
		return "unlimited"
	}
	return s[2:]
}
