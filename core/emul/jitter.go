package emul

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Jitter and order. Lanes keep order, so a message whose delay is much shorter than that
// of the one before it would have to wait for that one. With delays drawn one by one the
// delay that is seen is a running maximum, the longer the more messages there are: 100 ms
// with a normal jitter of 20 ms has a mean of 130 ms at 1,000 messages a second. So the
// delay of a link is a process in time: what it draws has the distribution that was asked
// for, at every rate, and messages that follow each other closely have about the same.
//
// The process is Gaussian with the covariance (1+h/τ)·exp(-h/τ) at a distance of h in time
// (Matérn 3/2: a critically damped oscillator in noise), mapped by the quantile function of
// the distribution. An autoregression of first order has no slope: messages that follow
// each other closely enough would overtake whatever τ is. This one has, of standard
// deviation Spread/τ for a normal distribution, and a message overtakes only where the
// delay falls faster than time goes on, which at τ = 3·Spread is three deviations away.

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

// Jitter says how a link's latency varies. A distribution that reaches below a delay of 0
// is that of what is drawn again until it does not.
type Jitter struct {
	Dist   Distribution
	Spread time.Duration

	// Correlation is how long a delay lasts: delays that are drawn this much apart have
	// a correlation of 0.74, five times as much apart one of 0.04. 0 means
	// CorrelationSpreads spreads. Shorter ones make messages wait for those before them,
	// and the delay longer than the distribution says.
	Correlation time.Duration
}

// CorrelationSpreads is how many spreads the delays of a link are correlated for, if
// Jitter.Correlation does not say. What order adds to the mean then is below a thousandth
// of Spread for uniform and normal jitter, and below a hundredth for exponential.
const CorrelationSpreads = 3

// correlation is the time in which delays change, above 0.
func (j Jitter) correlation() float64 {
	if j.Correlation > 0 {
		return float64(j.Correlation)
	}
	return CorrelationSpreads * float64(j.Spread)
}

func (j Jitter) check() error {
	switch {
	case j.Dist >= distributions:
		return fmt.Errorf("link jitter with an unknown distribution, %v", j.Dist)
	case j.Spread < 0 || j.Spread > MaxLatency:
		return fmt.Errorf("link jitter of %v: want 0 to %v", j.Spread, MaxLatency)
	case (j.Dist == NoJitter) != (j.Spread == 0):
		return fmt.Errorf("link jitter of %v with distribution %v: a spread needs a distribution, and the other way round", j.Spread, j.Dist)
	case j.Correlation < 0 || j.Correlation > 0 && j.Spread == 0:
		return fmt.Errorf("link jitter with a correlation of %v and a spread of %v: want 0 (a default) or more, and a spread", j.Correlation, j.Spread)
	}
	return nil
}

// Delay is the delay of one link as it changes with time. The zero value is ready.
type Delay struct {
	level float64 // standard normal
	slope float64 // likewise: of the level, times the correlation time
	at    time.Duration
	begun bool
}

// Next draws how long a message is on its way that leaves now, which is not before the one
// that was asked for last. It is 0 or more.
func (d *Delay) Next(l *Link, now time.Duration, rng *rand.Rand) time.Duration {
	if l.Jitter.Spread == 0 {
		return l.Latency
	}
	d.moveOn(float64(now-d.at)/l.Jitter.correlation(), rng)
	d.at = now
	return l.delayAt(d.level)
}

// forgotten is after how many correlation times nothing is left of a level.
const forgotten = 40

// moveOn lets h correlation times pass. With F the oscillator's matrix the level and the
// slope are multiplied by exp(F·h), and get noise on top that keeps their variances at 1.
func (d *Delay) moveOn(h float64, rng *rand.Rand) {
	switch {
	case !d.begun || h > forgotten:
		d.begun = true
		d.level, d.slope = rng.NormFloat64(), rng.NormFloat64()
		return
	case h <= 0:
		return
	}
	fall := math.Exp(-h)
	square := fall * fall
	both := 2 * h * h * square // covariance of the noise
	ofSlope := -math.Expm1(-2*h) + 2*h*(1-h)*square
	ofLevel := square * tail(2*h)
	noise := math.Sqrt(ofSlope) * rng.NormFloat64()
	rest := math.Sqrt(math.Max(ofLevel-both*both/ofSlope, 0))
	d.level, d.slope = fall*((1+h)*d.level+h*d.slope)+both/ofSlope*noise+rest*rng.NormFloat64(),
		fall*((1-h)*d.slope-h*d.level)+noise
}

// tail is exp(x) - 1 - x - x²/2 without the loss of all digits for small x.
func tail(x float64) float64 {
	if x > 0.5 {
		return math.Exp(x) - 1 - x - x*x/2
	}
	sum, term := 0.0, x*x*x/6
	for k := 4.0; k < 16; k++ {
		sum += term
		term *= x / k
	}
	return sum
}

// farthest bounds levels, which also keeps their quantiles finite. A level beyond it comes
// once in 500 million draws that have nothing to do with each other.
const farthest = 6.0

// delayAt is the delay at a level: the quantile function of the distribution, given that
// it is not below 0, at the probability of the level.
func (l *Link) delayAt(level float64) time.Duration {
	level = max(-farthest, min(farthest, level))
	latency, spread := float64(l.Latency), float64(l.Jitter.Spread)
	above := 0.5 * math.Erfc(level/math.Sqrt2) // the probability of longer delays
	var delay float64
	switch l.Jitter.Dist {
	case Uniform:
		least, most := max(latency-spread, 0), latency+spread
		delay = most - (most-least)*above
	case Normal:
		if latency < farthest*spread {
			positive := 0.5 * math.Erfc(-latency/spread/math.Sqrt2)
			level = math.Sqrt2 * math.Erfcinv(2*above*positive)
		}
		delay = latency + spread*level
	case Exponential:
		delay = latency - spread*math.Log(above)
	default:
		delay = latency
	}
	return time.Duration(math.Max(math.Round(delay), 0))
}

// MostDelay is the longest that a message is on its way, by its own delay.
func (l Link) MostDelay() time.Duration { return l.delayAt(farthest) }
