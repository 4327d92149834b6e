package experiment

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"

	"github.com/ioverlay/ioverlay/experiment/stats"
)

// column is one of a table: of numbers, or of texts.
type column struct {
	name    string
	numbers []stats.Number // NaN: no number
	texts   []string
	whole   bool // the numbers are whole
}

// sheet is a table as files have it: one row for each observation.
type sheet struct{ columns []*column }

func (s *sheet) number(name string, whole bool, at int, v stats.Number) {
	c := s.column(name)
	c.whole = whole
	for len(c.numbers) <= at {
		c.numbers = append(c.numbers, stats.None())
	}
	c.numbers[at] = v
}

func (s *sheet) text(name string, at int, v string) {
	c := s.column(name)
	for len(c.texts) <= at {
		c.texts = append(c.texts, "")
	}
	c.texts[at] = v
}

func (s *sheet) column(name string) *column {
	i := slices.IndexFunc(s.columns, func(c *column) bool { return c.name == name })
	if i < 0 {
		i = len(s.columns)
		s.columns = append(s.columns, &column{name: name})
	}
	return s.columns[i]
}

// rows is how many there are: every column is set in every row.
func (s *sheet) rows() (n int) {
	for _, c := range s.columns {
		n = max(n, len(c.numbers), len(c.texts))
	}
	return n
}

func (c *column) cell(row int) string {
	if c.texts != nil {
		return c.texts[row]
	}
	v := float64(c.numbers[row])
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	if c.whole {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// csv is the table by RFC 4180, with names on the first line. What is no number is empty.
func (s *sheet) csv() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := make([]string, len(s.columns))
	for i, c := range s.columns {
		line[i] = c.name
	}
	_ = w.Write(line) // a buffer takes everything
	for row := range s.rows() {
		for i, c := range s.columns {
			line[i] = c.cell(row)
		}
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes()
}

// factors sets the columns of the factors: quantities as numbers, others as their names.
func (s *sheet) factors(e *Experiment, at int, levels map[string]string) {
	for i := range e.Factors {
		f := &e.Factors[i]
		name, given := levels[f.Name]
		switch l := f.level(name); {
		case f.Numeric && given && l != nil:
			s.number(f.Name, false, at, stats.Number(l.Number))
		case f.Numeric:
			s.number(f.Name, false, at, stats.None())
		default:
			s.text(f.Name, at, name)
		}
	}
}

// wide has a row for each run.
func (t *grid) wide(rows []Row) *sheet {
	s := new(sheet)
	for i, r := range rows {
		s.text("key", i, r.Key)
		s.text("build", i, r.Build)
		s.text("world", i, r.World)
		s.factors(t.e, i, r.Levels)
		s.number("seed", true, i, stats.Number(r.Seed))
		s.text("status", i, string(r.Status))
		for _, m := range t.e.Measures {
			v, ok := r.Values[m.Name]
			if !ok {
				v.Value = stats.None()
			}
			s.number(m.Name, false, i, v.Value)
		}
		s.number("wall_s", false, i, stats.Number(r.WallS))
		s.text("error", i, r.Error)
	}
	return s
}

// long has a row for each value: of each node of each measure of each run.
func (t *grid) long(rows []Row) *sheet {
	s, at := new(sheet), 0
	add := func(r Row, measure, of, unit string, v stats.Number) {
		s.factors(t.e, at, r.Levels)
		s.number("seed", true, at, stats.Number(r.Seed))
		s.text("measure", at, measure)
		s.text("of", at, of)
		s.number("value", false, at, v)
		s.text("unit", at, unit)
		at++
	}
	for _, r := range rows {
		for _, m := range t.e.Measures {
			v, ok := r.Values[m.Name]
			switch {
			case !ok:
			case len(v.Each) == 0:
				add(r, m.Name, "", v.Unit, v.Value)
			}
			for _, one := range v.Each {
				add(r, m.Name, one.Of, v.Unit, one.Value)
			}
		}
	}
	return s
}

func (t *grid) summary(a *Analysis) *sheet {
	s := new(sheet)
	for i, c := range a.Cells {
		s.factors(t.e, i, c.Levels)
		s.text("measure", i, c.Measure)
		s.text("unit", i, c.Unit)
		for _, n := range []struct {
			name string
			v    int
		}{{"runs", c.Runs}, {"failed", c.Failed}, {"missing", c.Missing}, {"builds", c.Builds}, {"count", c.N}} {
			s.number(n.name, true, i, stats.Number(n.v))
		}
		for _, n := range []struct {
			name string
			v    stats.Number
		}{{"mean", c.Mean}, {"sd", c.SD}, {"mean_low", c.Low}, {"mean_high", c.High}, {"median", c.Median},
			{"median_low", c.MedianLow}, {"median_high", c.MedianHigh}, {"min", c.Min}, {"max", c.Max}} {
			s.number(n.name, false, i, n.v)
		}
	}
	return s
}

func (t *grid) comparisons(a *Analysis) *sheet {
	s := new(sheet)
	for i, e := range a.Effects {
		s.text("measure", i, e.Measure)
		s.text("unit", i, e.Unit)
		s.text("factor", i, e.Factor)
		s.text("a", i, e.A)
		s.text("b", i, e.B)
		s.text("given", i, t.e.given(e.Given))
		s.number("n", true, i, stats.Number(e.N))
		for _, n := range []struct {
			name string
			v    stats.Number
		}{{"mean_a", e.Comparison.A}, {"mean_b", e.Comparison.B}, {"difference", e.Difference}, {"difference_low", e.Low}, {"difference_high", e.High},
			{"t", e.T}, {"p_t", e.PT}, {"p_holm", e.PHolm}, {"w", e.W}, {"p_wilcoxon", e.PW}, {"effect_size", e.Effect}, {"rank_biserial", e.RankBiserial}} {
			s.number(n.name, false, i, n.v)
		}
		s.text("verdict", i, e.Verdict)
	}
	return s
}

// given names levels in the order of the factors; nil is all.
func (e *Experiment) given(levels map[string]string) string {
	if levels == nil {
		return "all"
	}
	text := ""
	for _, f := range e.Factors {
		if name, ok := levels[f.Name]; ok {
			if text != "" {
				text += ", "
			}
			text += f.Name + " = " + name
		}
	}
	return text
}
