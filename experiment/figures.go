package experiment

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// Figure is one chart.
type Figure struct {
	Name    string // of its files, without the suffix
	Caption string
	SVG     []byte
	PNG     []byte
}

// Bounds of the charts: more cannot be looked at. What is left out is counted and told.
const (
	maxFigures = 60
	maxLines   = 8
)

// axes are the factors that charts have: one along, one as lines, and a chart for each
// combination of the others.
type axes struct{ x, lines *Factor }

// axes picks factors with more than one level, those that the file names first.
func (e *Experiment) axes() (a axes) {
	for _, pick := range []struct {
		to    **Factor
		named string
		other string
	}{{&a.x, e.Charts.X, e.Charts.Lines}, {&a.lines, e.Charts.Lines, e.Charts.X}} {
		for i := range e.Factors {
			f := &e.Factors[i]
			switch {
			case pick.named != "" && f.Name != pick.named, pick.named == "" && (f.Name == pick.other || len(f.Levels) < 2), f == a.x, *pick.to != nil:
			default:
				*pick.to = f
			}
		}
	}
	return a
}

// panel is the cells of one chart: those that are alike in all other factors.
type panel struct {
	title string
	name  string // for files
	cells []int
}

func (t *grid) panels(apart ...*Factor) (ps []panel) {
	places := make(map[string]int) // in ps, by the levels
	names := make([][]string, len(t.e.Factors))
	for k := range t.e.Factors {
		names[k] = t.e.Factors[k].fileNames()
	}
	for i, c := range t.cells {
		var title, name []string
		levels := ""
		for k := range t.e.Factors {
			f := &t.e.Factors[k]
			if slices.Contains(apart, f) || len(f.Levels) < 2 {
				continue
			}
			title = append(title, fmt.Sprintf("%s = %s", f.Name, f.Levels[c.levels[k]].Name))
			name = append(name, fmt.Sprintf("-%s-%s", f.Name, names[k][c.levels[k]]))
			levels += fmt.Sprintf("%d ", c.levels[k])
		}
		k, ok := places[levels]
		if !ok {
			k = len(ps)
			places[levels] = k
			ps = append(ps, panel{strings.Join(title, ", "), strings.Join(name, ""), nil})
		}
		ps[k].cells = append(ps[k].cells, i)
	}
	return ps
}

// fileNames are the levels in the names of files: each its own name as far as files can have it, if that tells it from
// the others, else its place from 1, and no two alike where capitals are not told apart.
func (f *Factor) fileNames() []string {
	plain := func(level int) string { return unfit.ReplaceAllString(f.Levels[level].Name, "") }
	like := make(map[string]int) // how many levels have a name
	for i := range f.Levels {
		like[strings.ToLower(plain(i))]++
	}
	names := make([]string, len(f.Levels))
	for i := range names {
		if names[i] = plain(i); names[i] != "" && like[strings.ToLower(names[i])] == 1 {
			continue
		}
		names[i] = strconv.Itoa(i + 1)
		for like[names[i]] > 0 {
			names[i] += "_"
		}
		like[names[i]]++
	}
	return names
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_.]`)

// named is a chart before it is drawn, with the name of its files.
type named struct {
	name string
	picture
}

// figures draws every chart. left is how many would have been more than maxFigures.
func (t *grid) figures() (fs []Figure, left int, err error) {
	pictures, left := t.pictures()
	for i := range pictures {
		p := &pictures[i]
		f, err := p.draw()
		if err != nil {
			return nil, 0, fmt.Errorf("draw the chart %s: %w", p.name, err)
		}
		f.Name = p.name
		fs = append(fs, f)
	}
	return fs, left, nil
}

// pictures are the charts of every measure: means with intervals along a factor, and the distribution of its values.
func (t *grid) pictures() (all []named, left int) {
	a := t.e.axes()
	taken := make(map[string]bool)
	add := func(name string, p picture) {
		switch {
		case len(p.lines) == 0: // there is nothing yet
			return
		case len(all) == maxFigures:
			left++
			return
		}
		for taken[strings.ToLower(name)] { // of measures that differ in capitals only
			name += "_"
		}
		taken[strings.ToLower(name)] = true
		all = append(all, named{name, p})
	}
	for _, m := range t.e.Measures {
		if a.x != nil {
			for _, p := range t.panels(a.x, a.lines) {
				add("mean-"+m.Name+p.name, t.means(a, m, p))
			}
		}
		for _, p := range t.panels(a.x) {
			add("cdf-"+m.Name+p.name, t.distribution(a, m, p))
		}
	}
	return all, left
}

// axisTitle is what a measure or a factor is called beside an axis.
func axisTitle(name, unit string) string {
	if unit == "" {
		return name
	}
	return name + " (" + unit + ")"
}

// means are those of a measure along a factor, a line for each level of another.
func (t *grid) means(a axes, m Measure, p panel) picture {
	pic := picture{title: joined(t.e.Name+": "+m.Name, p.title), y: axisTitle(m.Name, t.units[m.Name]), bars: true}
	pic.x = axisTitle(a.x.Name, a.x.Unit)
	if !a.x.Numeric {
		pic.x, pic.names = a.x.Name, a.x.names()
	}
	fewest, most := 0, 0
	for _, i := range p.cells {
		values, _ := t.values(i, m.Name)
		if len(values) == 0 {
			continue
		}
		if fewest == 0 || len(values) < fewest {
			fewest = len(values)
		}
		most = max(most, len(values))
		name := ""
		if a.lines != nil {
			name = a.lines.Name + " = " + t.cells[i].Level(a.lines.Name)
		}
		s := stats.Describe(values, t.e.Confidence)
		level := a.x.level(t.cells[i].Level(a.x.Name))
		x := level.Number
		if !a.x.Numeric {
			x = float64(slices.Index(a.x.names(), level.Name))
		}
		at := dot{x: x, y: float64(s.Mean), low: float64(s.Mean), high: float64(s.Mean)}
		if s.Low.Is() {
			at.low, at.high = float64(s.Low), float64(s.High)
		}
		pic.add(name, at)
	}
	for i := range pic.lines {
		slices.SortStableFunc(pic.lines[i].dots, func(a, b dot) int { return cmp.Compare(a.x, b.x) })
	}
	seeds := fmt.Sprint(most)
	if fewest != most {
		seeds = fmt.Sprintf("%d to %d", fewest, most)
	}
	pic.caption = fmt.Sprintf("Means over %s seeds with %s confidence intervals (Student's t).", seeds, percent(t.e.Confidence))
	return pic
}

// distribution is the empirical distribution function of a measure, a line for each level
// of a factor: over seeds, or over all nodes of all seeds.
func (t *grid) distribution(a axes, m Measure, p panel) picture {
	pic := picture{title: joined(t.e.Name+": distribution of "+m.Name, p.title), x: axisTitle(m.Name, t.units[m.Name]), y: "share of values at or below", steps: true}
	of, most := "seeds", 0
	for _, i := range p.cells {
		values, nodes := t.each(i, m.Name)
		if len(values) < 2 {
			continue
		}
		if nodes {
			of = "nodes or links in all seeds together"
		}
		slices.Sort(values)
		name := ""
		if a.x != nil {
			name = a.x.Name + " = " + t.cells[i].Level(a.x.Name)
		}
		dots, thinned := cumulative(values)
		most = max(most, thinned)
		for _, d := range dots {
			pic.add(name, d)
		}
	}
	pic.caption = "Empirical distribution over " + of + "."
	if most > 0 {
		pic.caption += fmt.Sprintf(" Drawn to within %s of up to %d different values; %s has all.", percent(1.0/cdfParts), most, EachName)
	}
	return pic
}

// cdfParts is how finely a distribution function is drawn: its line is wider than what is left out is high.
const cdfParts = 500

// cumulative are the points of the empirical distribution function of sorted values. If they are more than anybody sees,
// those by which it rises less than 1/cdfParts are left out: it is nowhere off by more, however many values there are.
// thinned is how many different ones there were then, and else 0.
func cumulative(values []float64) (dots []dot, thinned int) {
	n := len(values)
	all := []dot{{x: values[0], y: 0}}
	for k, v := range values {
		if k+1 == n || values[k+1] != v {
			all = append(all, dot{x: v, y: float64(k+1) / float64(n)})
		}
	}
	if len(all) <= cdfParts {
		return all, 0
	}
	for i, d := range all {
		if i < 2 || i == len(all)-1 || d.y-dots[len(dots)-1].y >= 1.0/cdfParts {
			dots = append(dots, d)
		}
	}
	return dots, len(all) - 1
}

func joined(title, more string) string {
	if more == "" {
		return title
	}
	return title + "\n" + more
}
