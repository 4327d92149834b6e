package stats

import (
	"cmp"
	"math"
	"slices"
)

// exactUpTo is the number of pairs up to which the distribution of W is counted out. For
// more it is as good as normal.
const exactUpTo = 100

// ranks are the signed ranks of differences (Wilcoxon 1945): zeros are left out, and
// values that are equal share their ranks.
type ranks struct {
	n           int
	plus, minus float64 // sums of ranks
	doubled     []int   // each rank, times two, so that shared ranks are whole
	ties        float64 // sum of t^3-t over values that are equal
}

func signedRanks(differences []float64) (r ranks) {
	d := slices.DeleteFunc(slices.Clone(differences), func(x float64) bool { return x == 0 })
	slices.SortFunc(d, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	r.n = len(d)
	for i := 0; i < len(d); {
		j := i
		for j < len(d) && math.Abs(d[j]) == math.Abs(d[i]) {
			j++
		}
		doubled := i + 1 + j // twice the mean of the ranks i+1 to j
		for _, x := range d[i:j] {
			r.doubled = append(r.doubled, doubled)
			if x > 0 {
				r.plus += float64(doubled) / 2
			} else {
				r.minus += float64(doubled) / 2
			}
		}
		t := float64(j - i)
		r.ties += t*t*t - t
		i = j
	}
	return r
}

// p is the probability, on both sides, of sums at least as far apart if each difference
// had either sign as often.
func (r ranks) p() float64 {
	low := min(r.plus, r.minus)
	if r.n > exactUpTo {
		n := float64(r.n)
		sd := math.Sqrt(n*(n+1)*(2*n+1)/24 - r.ties/48)
		z := (low + 0.5 - n*(n+1)/4) / sd // half a rank for continuity
		return min(1, math.Erfc(-z/math.Sqrt2))
	}
	// The probability of each sum of the doubled ranks: each is in it or not.
	sums := make([]float64, 1, r.n*(r.n+1)+1)
	sums[0] = 1
	for _, rank := range r.doubled {
		next := make([]float64, len(sums)+rank)
		for s, p := range sums {
			next[s] += p / 2
			next[s+rank] += p / 2
		}
		sums = next
	}
	p := 0.0
	for s := 0; s <= int(2*low); s++ {
		p += sums[s]
	}
	return min(1, 2*p)
}
