package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Summary describes one sample.
type Summary struct {
	N    int    `json:"n"`
	Mean Number `json:"mean"`
	SD   Number `json:"sd"` // of the sample, with n-1; none of one value
	// Low and High are the confidence interval of the mean by Student's t; none of one
	// value. It supposes values that are independent and about normal, or many.
	Low    Number `json:"mean_low"`
	High   Number `json:"mean_high"`
	Median Number `json:"median"`
	// MedianLow and MedianHigh are an interval of the median from the order of the
	// values alone, whatever their distribution: what it covers is the confidence or
	// more. None where the values are too few for it (five at 95%).
	MedianLow  Number `json:"median_low"`
	MedianHigh Number `json:"median_high"`
	Min        Number `json:"min"`
	Max        Number `json:"max"`
}

// Describe sums up values; confidence is a share such as 0.95. Of no values, all is none.
func Describe(values []float64, confidence float64) Summary {
	none := None()
	s := Summary{N: len(values), Mean: none, SD: none, Low: none, High: none, Median: none, MedianLow: none, MedianHigh: none, Min: none, Max: none}
	if len(values) == 0 {
		return s
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	mean, sd := meanSD(sorted)
	s.Mean, s.Min, s.Max = Number(mean), Number(sorted[0]), Number(sorted[n-1])
	s.Median = Number((sorted[(n-1)/2] + sorted[n/2]) / 2)
	if n > 1 {
		half := quantileT(confidence, float64(n-1)) * sd / math.Sqrt(float64(n))
		s.SD, s.Low, s.High = Number(sd), Number(mean-half), Number(mean+half)
	}
	if k := medianRank(n, confidence); k > 0 {
		s.MedianLow, s.MedianHigh = Number(sorted[k-1]), Number(sorted[n-k])
	}
	return s
}

// meanSD is exact for values that are all alike, which virtual time often gives: their
// mean is the value itself, and they do not deviate. It takes two passes, since values far
// from 0 that differ little leave nothing of a sum of squares.
func meanSD(values []float64) (mean, sd float64) {
	if slices.Min(values) == slices.Max(values) {
		return values[0], 0
	}
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	squares, rest := 0.0, 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
		rest += v - mean
	}
	return mean, math.Sqrt((squares - rest*rest/n) / (n - 1))
}

// twoSidedT is the probability of Student's t at least as far from 0, by the incomplete
// beta function (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1).
func twoSidedT(t, freedom float64) float64 {
	return mathext.RegIncBeta(freedom/2, 0.5, freedom/(freedom+t*t))
}

// quantileT is how many standard errors a two-sided interval of the confidence reaches
// to each side: where twoSidedT is the rest.
func quantileT(confidence, freedom float64) float64 {
	x := mathext.InvRegIncBeta(freedom/2, 0.5, 1-confidence)
	return math.Sqrt(freedom * (1 - x) / x)
}

// medianRank is the largest k for which the k-th smallest and the k-th largest value
// cover the median with the confidence: the number of values below the median is
// binomial(n, 1/2). 0 if there is none. (Conover, Practical Nonparametric Statistics,
// 1999, section 3.2.)
func medianRank(n int, confidence float64) int {
	one := math.Exp2(-float64(n)) // of exactly k values; 0 where there are more than a thousand
	if one == 0 {
		return int((float64(n) - mathext.NormalQuantile(1-(1-confidence)/2)*math.Sqrt(float64(n))) / 2)
	}
	k, sum := 0, one
	for k < n/2 && 2*sum <= 1-confidence {
		k++
		one *= float64(n-k+1) / float64(k)
		sum += one
	}
	return k
}
