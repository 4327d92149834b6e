package stats

import "math"

// Comparison is one setting against another: differences are second minus first.
type Comparison struct {
	N      int    `json:"n"`      // pairs; without pairs the smaller number of values
	Paired bool   `json:"paired"` // by the same seeds; else by Welch's t
	A      Number `json:"mean_a"`
	B      Number `json:"mean_b"`
	// Difference is that of the means, with its confidence interval.
	Difference Number `json:"difference"`
	Low        Number `json:"difference_low"`
	High       Number `json:"difference_high"`
	// T is Student's t, or Welch's, and PT the probability of one as far from 0 if there
	// were no difference. Differences that are all alike have no t: then PT is 1 if
	// they are 0, and 0 if not.
	T  Number `json:"t"`
	PT Number `json:"p_t"`
	// W is Wilcoxon's sum of the ranks of positive differences, and PW its probability;
	// none without pairs.
	W  Number `json:"w"`
	PW Number `json:"p_wilcoxon"`
	// Effect is the size of the effect: of pairs Cohen's d_z, the mean difference in
	// standard deviations of the differences; else Cohen's d, in pooled standard
	// deviations. RankBiserial is (W+ - W-)/(W+ + W-), from -1 to 1; none without pairs.
	Effect       Number `json:"effect_size"`
	RankBiserial Number `json:"rank_biserial"`
	// PHolm is PT as Holm corrects it for all comparisons of its family; see Holm.
	PHolm Number `json:"p_holm"`
}

func newComparison() Comparison {
	none := None()
	return Comparison{A: none, B: none, Difference: none, Low: none, High: none, T: none, PT: none, W: none, PW: none,
		Effect: none, RankBiserial: none, PHolm: none}
}

// Paired compares values by pairs: a[i] and b[i] are of the same seed. It panics if they
// are not as many.
func Paired(a, b []float64, confidence float64) Comparison {
	if len(a) != len(b) {
		panic("stats: pairs need as many values on both sides")
	}
	c := newComparison()
	c.N, c.Paired = len(a), true
	if len(a) == 0 {
		return c
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = b[i] - a[i]
	}
	meanA, _ := meanSD(a)
	meanB, _ := meanSD(b)
	mean, sd := meanSD(d)
	c.A, c.B, c.Difference = Number(meanA), Number(meanB), Number(mean)
	n := float64(len(d))
	if len(d) > 1 {
		half := quantileT(confidence, n-1) * sd / math.Sqrt(n)
		c.Low, c.High = Number(mean-half), Number(mean+half)
		c.T, c.PT, c.Effect = student(mean, sd/math.Sqrt(n), n-1, sd)
	}
	w := signedRanks(d)
	if w.n > 0 {
		c.W, c.PW = Number(w.plus), Number(w.p())
		c.RankBiserial = Number((w.plus - w.minus) / (w.plus + w.minus))
	} else {
		c.PW = 1 // nothing but zeros
	}
	return c
}

// student is t with its probability and the effect, where there is a deviation.
func student(mean, standardError, freedom, sd float64) (t, p, effect Number) {
	switch {
	case standardError > 0:
		t := mean / standardError
		return Number(t), Number(twoSidedT(t, freedom)), Number(mean / sd)
	case mean == 0:
		return None(), 1, 0
	}
	return None(), 0, None()
}
