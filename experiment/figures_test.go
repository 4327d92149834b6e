package experiment

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// gridOf is an experiment with factors of these levels, and a value of each measure in each of its runs.
func gridOf(t *testing.T, measures string, factors ...string) *grid {
	t.Helper()
	text := "name: x\nscenario: |\n  about: text of ${f1}${f2}\nseeds: 1..2\nmeasures: {" + measures + "}\nfactors:\n"
	for i, f := range factors {
		text += fmt.Sprintf("  f%d: %s\n", i+1, f)
	}
	e := load(t, write(t, "x.yaml", text))
	var rows []Row
	for i, task := range e.tasks() {
		row := task.row()
		row.Values = make(map[string]Value)
		for _, m := range e.Measures {
			row.Values[m.Name] = Value{Value: stats.Number(i)}
		}
		rows = append(rows, row)
	}
	return e.grid(rows)
}

// However alike levels and measures are called, no two charts are one, on disks that do not tell capitals apart too.
func TestChartsOfSimilarNames(t *testing.T) {
	for _, c := range []struct{ measures, levels string }{
		{"m: sent()", "['2', 'a b', ab]"}, {"m: sent()", "['1', 'x', 'X', '!', '?', '2_']"}, {"m: sent()", "['+1', '-1', '1']"},
		{"m: sent(), M: received()", "[a, b]"},
	} {
		g := gridOf(t, c.measures, "[left, right]", c.levels)
		g.e.Charts.X, g.e.Charts.Lines = "f1", "f1" // a chart for each level of the other
		levels := len(g.e.Factors[1].Levels)
		figures, left := g.pictures()
		if want := 2 * len(g.e.Measures) * levels; left != 0 || len(figures) != want {
			t.Errorf("%v: %d charts, want %d", c, len(figures), want)
		}
		names := make(map[string]bool)
		for _, f := range figures {
			names[strings.ToLower(f.name)] = true
		}
		if len(names) != len(figures) {
			t.Errorf("%v: %d names of %d charts: %v", c, len(names), len(figures), names)
		}
		for _, p := range g.panels(&g.e.Factors[0]) {
			if len(p.cells) != 2 {
				t.Errorf("%v: the chart %s is of %d combinations", c, p.name, len(p.cells))
			}
		}
	}
}

// A distribution is drawn with a bounded number of points, and nowhere off by more than it says.
func TestDistributionsAreThinned(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"normal": dice.NormFloat64, "exponential": func() float64 { return 1e6 * dice.ExpFloat64() },
		"two": func() float64 { return float64(dice.IntN(2)) + 1e-9*dice.Float64() }, "few": func() float64 { return float64(dice.IntN(7)) },
	} {
		values := make([]float64, 20_000)
		for i := range values {
			values[i] = draw()
		}
		slices.Sort(values)
		dots, thinned := cumulative(values)
		if len(dots) > cdfParts+3 || (thinned > 0) != (name != "few") {
			t.Errorf("%s: %d points of %d values", name, len(dots), thinned)
		}
		if last := dots[len(dots)-1]; dots[0].x != values[0] || dots[0].y != 0 || last.x != values[len(values)-1] || last.y != 1 {
			t.Errorf("%s: from %v to %v", name, dots[0], last)
		}
		at := 0
		for k, v := range values {
			if k+1 < len(values) && values[k+1] == v {
				continue
			}
			for at+1 < len(dots) && dots[at+1].x <= v {
				at++
			}
			if off := float64(k+1)/float64(len(values)) - dots[at].y; off < 0 || off > 1.0/cdfParts {
				t.Fatalf("%s: off by %v at %v", name, off, v)
			}
		}
	}
}
