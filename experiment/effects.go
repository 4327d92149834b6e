package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// Effect compares two levels of a factor by pairs: runs with the same seed and the same
// levels of all other factors. In virtual time the same seed draws the same topology and
// the same times for both, so that the difference is the factor's.
type Effect struct {
	Measure string `json:"measure"`
	Unit    string `json:"unit,omitempty"`
	Factor  string `json:"factor"`
	A       string `json:"a"`
	B       string `json:"b"`
	// Given are the levels of the other factors. Null: over all combinations that have both
	// levels. Then the pair of a seed is that of the means over those combinations, so that
	// a seed counts once.
	Given map[string]string `json:"given"`
	stats.Comparison
	Verdict string `json:"verdict"`
}

// effects compares all pairs of levels of every factor, in a measure. Those over all
// combinations are one family for Holm's correction, and the others another.
func (t *grid) effects(measure string) (all []Effect) {
	var main, within []*stats.Comparison
	for fi := range t.e.Factors {
		f := &t.e.Factors[fi]
		for a := range f.Levels {
			for b := a + 1; b < len(f.Levels); b++ {
				pairs := t.strata(fi, a, b)
				e := Effect{Measure: measure, Unit: t.units[measure], Factor: f.Name, A: f.Levels[a].Name, B: f.Levels[b].Name}
				e.Comparison = t.overall(pairs, measure)
				all = append(all, e)
				for _, p := range pairs {
					if len(t.e.Factors) == 1 {
						break // it is the same once more
					}
					e.Given = t.cells[p[0]].Levels()
					delete(e.Given, f.Name)
					e.Comparison = t.pairs(p, measure)
					all = append(all, e)
				}
			}
		}
	}
	for i := range all {
		if all[i].Given == nil {
			main = append(main, &all[i].Comparison)
		} else {
			within = append(within, &all[i].Comparison)
		}
	}
	stats.Holm(main)
	stats.Holm(within)
	for i := range all {
		all[i].Verdict = verdict(&all[i].Comparison, t.e.Confidence)
	}
	return all
}

// strata are the pairs of cells that differ in one factor alone, and have its levels a
// and b.
func (t *grid) strata(factor, a, b int) (pairs [][2]int) {
	for i, c := range t.cells {
		if c.levels[factor] != a {
			continue
		}
		other := Cell{t.e, slices.Clone(c.levels)}
		other.levels[factor] = b
		if k, ok := t.place[other.String()]; ok {
			pairs = append(pairs, [2]int{i, k})
		}
	}
	return pairs
}

// bySeed are the values of a measure in a cell.
func (t *grid) bySeed(cell int, measure string) map[uint64]float64 {
	values, seeds := t.values(cell, measure)
	m := make(map[uint64]float64, len(seeds))
	for i, s := range seeds {
		m[s] = values[i]
	}
	return m
}

func (t *grid) pairs(p [2]int, measure string) stats.Comparison {
	return t.overall([][2]int{p}, measure)
}

// overall pairs seeds by their means over some pairs of cells. A seed that has not all
// values is left out: else its mean would be of other combinations than the others'.
func (t *grid) overall(pairs [][2]int, measure string) stats.Comparison {
	sums := make(map[uint64]*[3]float64) // of a, of b, and how many
	for _, p := range pairs {
		a, b := t.bySeed(p[0], measure), t.bySeed(p[1], measure)
		for seed, va := range a {
			if vb, both := b[seed]; both {
				s := sums[seed]
				if s == nil {
					s = new([3]float64)
					sums[seed] = s
				}
				s[0], s[1], s[2] = s[0]+va, s[1]+vb, s[2]+1
			}
		}
	}
	var a, b []float64
	for _, seed := range t.e.Seeds {
		if s := sums[seed]; s != nil && int(s[2]) == len(pairs) {
			a, b = append(a, s[0]/s[2]), append(b, s[1]/s[2])
		}
	}
	return stats.Paired(a, b, t.e.Confidence)
}

// verdict says in words what a comparison shows.
func verdict(c *stats.Comparison, confidence float64) string {
	p := c.PHolm
	if math.IsNaN(float64(p)) {
		p = c.PT
	}
	switch alpha := stats.Number(1 - confidence); {
	case c.N == 0:
		return "nothing to compare"
	case !p.Is():
		return "one pair: no test"
	case p >= alpha || c.Difference == 0:
		return "no difference seen"
	case c.Difference > 0:
		return "higher"
	}
	return "lower"
}

// percent is a share for people.
func percent(x float64) string { return fmt.Sprintf("%.6g%%", 100*x) }
