package result

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"
)

// A chart of many nodes or links shows families of them: how the middle fares, how far
// the others are from it, and the worst by name. Only the largest would show a network
// that is better than it is.

// family is the curves of nodes or links that are named alike: n1 to n100, or all links
// from n to m.
type family struct {
	name string
	of   []curve // at least one, the largest mean first
}

// drawnFamilies bounds the families of a chart: each takes a band and two lines.
const drawnFamilies = 4

// families sorts curves into families; into one of all if there would be too many.
func families(cs []curve) []family {
	byStem := make(map[string]*family)
	var order []string
	for _, c := range cs {
		stem := stemOf(c.name)
		if byStem[stem] == nil {
			byStem[stem] = &family{name: stem}
			order = append(order, stem)
		}
		byStem[stem].of = append(byStem[stem].of, c)
	}
	if len(order) > drawnFamilies {
		return []family{{name: "all", of: cs}}
	}
	out := make([]family, len(order))
	for i, stem := range order {
		out[i] = *byStem[stem]
	}
	slices.SortStableFunc(out, func(a, b family) int { return cmp.Compare(len(b.of), len(a.of)) })
	return out
}

// stemOf is a name without the numbers at the ends of its words: n -> m for n12 -> m7.
// Single letters, as of A..G, are of one family.
func stemOf(name string) string {
	words := strings.Fields(name)
	for i, w := range words {
		switch w = strings.TrimRight(w, "0123456789"); {
		case len(words[i]) == 1 && w != "":
			words[i] = "A..Z"
		case w != "":
			words[i] = w
		}
	}
	return strings.Join(words, " ")
}

// title says which and how many a family are.
func (f family) title() string {
	if len(f.of) == 1 {
		return f.of[0].name
	}
	return fmt.Sprintf("%s (%d)", f.name, len(f.of))
}

// worst is the curve with the least mean.
func (f family) worst() curve { return f.of[len(f.of)-1] }

// quantile is a curve with the quantile of the family at each time: 0 is the least, 1
// the largest.
func (f family) quantile(q float64) plotter.XYs {
	out := slices.Clone(f.of[0].points)
	values := make([]float64, len(f.of))
	for i := range out {
		for k, c := range f.of {
			values[k] = c.points[i].Y
		}
		slices.Sort(values)
		out[i].Y = values[int(q*float64(len(values)-1)+0.5)]
	}
	return out
}

// band is the outline of what lies between two quantiles.
func (f family) band(low, high float64) plotter.XYs {
	upper, lower := f.quantile(high), f.quantile(low)
	slices.Reverse(lower)
	return append(upper, lower...)
}
