package experiment

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
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
	for i, c := range t.cells {
		var title, name []string
		for k := range t.e.Factors {
			f := &t.e.Factors[k]
			if slices.Contains(apart, f) || len(f.Levels) < 2 {
				continue
			}
			title = append(title, fmt.Sprintf("%s = %s", f.Name, f.Levels[c.levels[k]].Name))
			name = append(name, fmt.Sprintf("-%s-%s", f.Name, f.fileName(c.levels[k])))
		}
		one := panel{strings.Join(title, ", "), strings.Join(name, ""), nil}
		k := slices.IndexFunc(ps, func(p panel) bool { return p.name == one.name })
		if k < 0 {
			k = len(ps)
			ps = append(ps, one)
		}
		ps[k].cells = append(ps[k].cells, i)
	}
	return ps
}

// fileName is a level in the name of a file: its own name as far as files can have it, if
// that tells it from the others, else its place from 1.
func (f *Factor) fileName(level int) string {
	plain := func(name string) string { return unfit.ReplaceAllString(name, "") }
	name, same := plain(f.Levels[level].Name), 0
	for _, l := range f.Levels {
		if strings.EqualFold(plain(l.Name), name) {
			same++
		}
	}
	if name == "" || same > 1 {
		return fmt.Sprint(level + 1)
	}
	return name
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_.]`)

// figures draws every measure: means with intervals along a factor, and the distribution
// of its values. left is how many charts would have been more than maxFigures.
func (t *grid) figures() (fs []Figure, left int, err error) {
	a := t.e.axes()
	add := func(name string, p picture) error {
		if len(p.lines) == 0 {
			return nil // there is nothing yet
		}
		if len(fs) == maxFigures {
			left++
			return nil
		}
		f, err := p.draw()
		if err != nil {
			return fmt.Errorf("draw the chart %s: %w", name, err)
		}
		f.Name = name
		fs = append(fs, f)
		return nil
	}
	for _, m := range t.e.Measures {
		if a.x != nil {
			for _, p := range t.panels(a.x, a.lines) {
				if err := add("mean-"+m.Name+p.name, t.means(a, m, p)); err != nil {
					return nil, 0, err
				}
			}
		}
		for _, p := range t.panels(a.x) {
			if err := add("cdf-"+m.Name+p.name, t.distribution(a, m, p)); err != nil {
				return nil, 0, err
			}
		}
	}
	return fs, left, nil
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
	of := "seeds"
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
		pic.add(name, dot{x: values[0], y: 0})
		for k, v := range values {
			if k+1 < len(values) && values[k+1] == v {
				continue
			}
			pic.add(name, dot{x: v, y: float64(k+1) / float64(len(values))})
		}
	}
	pic.caption = "Empirical distribution over " + of + "."
	return pic
}

func joined(title, more string) string {
	if more == "" {
		return title
	}
	return title + "\n" + more
}
