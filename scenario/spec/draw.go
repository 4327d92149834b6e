package spec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Draw is a quantity that may be drawn from a distribution, once for each thing
// that has it: 400KBps, uniform(50KBps, 200KBps).
type Draw struct {
	Span  Span
	Given bool // it is in the file
	name  string
	args  []float64
	dim   dim
}

// distribution is a shape that values are drawn from.
type distribution struct {
	name string
	args []string
	draw func(a []float64, rng *rand.Rand) float64
	ok   func(a []float64) string // what is wrong with the arguments, or ""
}

var distributions = []distribution{
	{
		name: "uniform", args: []string{"from", "to"},
		draw: func(a []float64, rng *rand.Rand) float64 { return a[0] + rng.Float64()*(a[1]-a[0]) },
		ok: func(a []float64) string {
			if a[0] > a[1] {
				return "the first bound is above the second"
			}
			return ""
		},
	},
	{
		name: "normal", args: []string{"mean", "deviation"},
		draw: func(a []float64, rng *rand.Rand) float64 { return max(0, a[0]+rng.NormFloat64()*a[1]) },
	},
	{
		name: "exponential", args: []string{"mean"},
		draw: func(a []float64, rng *rand.Rand) float64 { return rng.ExpFloat64() * a[0] },
	},
	{
		name: "pareto", args: []string{"least", "shape"}, // the shape is a plain number
		draw: func(a []float64, rng *rand.Rand) float64 {
			return a[0] * math.Pow(1-rng.Float64(), -1/a[1])
		},
		ok: func(a []float64) string {
			if !(a[1] > 0) {
				return "the shape of a pareto distribution is above 0"
			}
			return ""
		},
	},
	{
		name: "choice", // any number of values, each as likely
		draw: func(a []float64, rng *rand.Rand) float64 { return a[rng.IntN(len(a))] },
	},
}

// read reads a constant, "unlimited", or a distribution.
func (v *Draw) readAs(d *decoder, t *tree, want dim) {
	v.Span, v.dim, v.Given = t.at, want, true
	p := d.phrase(t)
	if w := p.peek(); w.kind == kindWord {
		p.distribution(v)
	} else {
		v.args = []float64{p.of(want)}
	}
	p.end()
	if p.broken {
		*v = Draw{Span: t.at, dim: want, Given: true, args: []float64{0}}
	}
}

// distribution reads a name and its arguments.
func (p *phrase) distribution(v *Draw) {
	w := p.take()
	if w.text == "unlimited" && v.dim == dimRate {
		v.args = []float64{0}
		return
	}
	i := slices.IndexFunc(distributions, func(s distribution) bool { return s.name == w.text })
	if i < 0 {
		var known []string
		for _, s := range distributions {
			known = append(known, s.name)
		}
		if v.dim == dimRate {
			known = append(known, "unlimited")
		}
		p.fail(w.at, suggest(w.text, known), "%q is neither %v nor a distribution", w.text, v.dim)
		return
	}
	s := distributions[i]
	v.name = s.name
	p.expect("(")
	for !p.broken && !p.is(")") {
		want := v.dim
		if s.name == "pareto" && len(v.args) == 1 {
			want = dimNumber
		}
		v.args = append(v.args, p.of(want))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	switch {
	case p.broken:
	case s.args != nil && len(v.args) != len(s.args), len(v.args) == 0:
		p.fail(w.at, fmt.Sprintf("Write %s(%s).", s.name, strings.Join(orValues(s.args), ", ")), "%s takes %d values, not %d", s.name, max(1, len(s.args)), len(v.args))
	case s.ok != nil:
		if wrong := s.ok(v.args); wrong != "" {
			p.fail(w.at, "", "%s", wrong)
		}
	}
}

func orValues(args []string) []string {
	if args == nil {
		return []string{"value", "value", "..."}
	}
	return args
}

// draw is one value. A constant draws no number. The argument may be nil for one.
func (v *Draw) draw(rng *rand.Rand) float64 {
	if v.name == "" {
		if len(v.args) == 0 {
			return 0
		}
		return v.args[0]
	}
	i := slices.IndexFunc(distributions, func(s distribution) bool { return s.name == v.name })
	return distributions[i].draw(v.args, rng)
}

// RateDraw is a rate in bytes a second; 0 means unlimited.
type RateDraw struct{ Draw }

func (v *RateDraw) read(d *decoder, t *tree) { v.readAs(d, t, dimRate) }

func (v *RateDraw) rate(rng *rand.Rand) int64 { return int64(math.Round(v.draw(rng))) }

// TimeDraw is a span of time.
type TimeDraw struct{ Draw }

func (v *TimeDraw) read(d *decoder, t *tree) { v.readAs(d, t, dimTime) }

func (v *TimeDraw) time(rng *rand.Rand) time.Duration {
	return seconds(min(v.draw(rng), maxSeconds))
}

// ShareDraw is a number from 0 to 1, such as 2%.
type ShareDraw struct{ Draw }

func (v *ShareDraw) read(d *decoder, t *tree) {
	v.readAs(d, t, dimNumber)
	for _, a := range v.args {
		if a > 1 && v.name != "pareto" {
			d.report(t.at, "Write a share such as 2% or 0.02.", "a share is from 0 to 1")
			return
		}
	}
}

func (v *ShareDraw) share(rng *rand.Rand) float64 { return min(max(v.draw(rng), 0), 1) }
