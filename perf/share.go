package perf

import "math"

// Share is a part of all samples, with what its sampling error allows.
type Share struct {
	// Samples is how many samples the share has.
	Samples int64 `json:"samples"`
	// Percent of all samples.
	Percent float64 `json:"percent"`
	// Low and High are the 95% limits of Percent by Wilson's score interval.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// NsPerMessage is Percent of the CPU time per message-hop, in nanoseconds.
	NsPerMessage float64 `json:"ns_per_message"`
}

// Margin is the greater distance from Percent to its 95% limits, in points.
func (s Share) Margin() float64 { return max(s.High-s.Percent, s.Percent-s.Low) }

// newShare is k of n samples; n must be positive. nsPerMessage is what all
// samples together cost.
func newShare(k, n int64, nsPerMessage float64) Share {
	p := float64(k) / float64(n)
	low, high := wilson(k, n)
	return Share{Samples: k, Percent: 100 * p, Low: 100 * low, High: 100 * high, NsPerMessage: p * nsPerMessage}
}

// z95 is the number of standard deviations that holds 95% of a normal
// distribution.
const z95 = 1.959964

// wilson returns the 95% score interval for k successes in n trials (E. B.
// Wilson, JASA 22, 1927), as fractions.
func wilson(k, n int64) (low, high float64) {
	nf := float64(n)
	p := float64(k) / nf
	zz := z95 * z95 / nf
	mid := (p + zz/2) / (1 + zz)
	half := z95 / (1 + zz) * math.Sqrt(p*(1-p)/nf+zz/(4*nf))
	// At both ends the bound is exact, whatever rounding did.
	low, high = mid-half, mid+half
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return low, high
}

// samplesFor is how many samples bring the 95% margin of the share p (a
// fraction) down to margin (a fraction), by the normal approximation.
func samplesFor(p, margin float64) int64 {
	return int64(math.Ceil(p * (1 - p) * z95 * z95 / (margin * margin)))
}
