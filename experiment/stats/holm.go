package stats

import "slices"

// Holm corrects the probabilities of a family of comparisons: if no setting made a
// difference, a corrected one below 5% would come up in at most 5% of such families,
// however the comparisons hang together (Holm, A Simple Sequentially Rejective Multiple
// Test Procedure, 1979). It sets PHolm from PT; comparisons without one are not counted.
func Holm(family []*Comparison) {
	sorted := slices.DeleteFunc(slices.Clone(family), func(c *Comparison) bool { return !c.PT.Is() })
	slices.SortStableFunc(sorted, func(a, b *Comparison) int {
		switch {
		case a.PT < b.PT:
			return -1
		case a.PT > b.PT:
			return 1
		}
		return 0
	})
	worst := Number(0)
	for i, c := range sorted {
		worst = max(worst, min(1, Number(len(sorted)-i)*c.PT))
		c.PHolm = worst
	}
}
