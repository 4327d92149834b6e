package spec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// Draw is a quantity that may be drawn from a distribution, once for each thing
// that has it: 400KBps, uniform(50KBps, 200KBps). What is drawn outside of its bounds
// is drawn again: the distribution is truncated, and nothing piles up at a bound.
type Draw struct {
	Span  Span
	Given bool // it is in the file
	name  string
	args  []float64
	in    bounds
}

// bounds are what a quantity may be, both ends included.
type bounds struct {
	dim         dim
	least, most float64
	word        string // that may stand for the value 0 in place of a quantity, or ""
	do          string // what to write instead of a value that is out of bounds
}

func (b bounds) hold(x float64) bool { return b.least <= x && x <= b.most }

// distribution is a shape that values are drawn from.
type distribution struct {
	name string
	args []string
	draw func(a []float64, rng *rand.Rand) float64
	ok   func(a []float64) string // what is wrong with the arguments, or ""
	// below is the probability of a value below x. It may be no number for a
	// distribution without a width.
	below func(a []float64, x float64) float64
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
		below: func(a []float64, x float64) float64 { return min(max((x-a[0])/(a[1]-a[0]), 0), 1) },
	},
	{
		name: "normal", args: []string{"mean", "deviation"},
		draw:  func(a []float64, rng *rand.Rand) float64 { return a[0] + rng.NormFloat64()*a[1] },
		below: func(a []float64, x float64) float64 { return math.Erfc((a[0]-x)/a[1]/math.Sqrt2) / 2 },
	},
	{
		name: "exponential", args: []string{"mean"},
		draw:  func(a []float64, rng *rand.Rand) float64 { return rng.ExpFloat64() * a[0] },
		below: func(a []float64, x float64) float64 { return 1 - math.Exp(-max(x, 0)/a[0]) },
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
		below: func(a []float64, x float64) float64 {
			if x < a[0] {
				return 0
			}
			return 1 - math.Pow(a[0]/x, a[1])
		},
	},
	{
		name: "choice", // any number of values, each as likely
		draw: func(a []float64, rng *rand.Rand) float64 { return a[rng.IntN(len(a))] },
	},
}

// readAs reads a constant, the word of the bounds, or a distribution.
func (v *Draw) readAs(d *decoder, t *tree, in bounds) {
	v.Span, v.in, v.Given = t.at, in, true
	p := d.phrase(t)
	if w := p.peek(); w.kind == kindWord {
		p.distribution(v)
	} else {
		v.args = []float64{p.of(in.dim)}
	}
	p.end()
	if !p.broken {
		v.checkBounds(p)
	}
	if p.broken {
		*v = Draw{Span: t.at, in: in, Given: true, args: []float64{0}}
	}
}

// enough is the least share of what a distribution gives that must be within the
// bounds. With less the file does not mean what it says, and drawing would not end.
const enough = 0.01

// checkBounds reports a value, or a distribution that hardly ever gives one, that is
// out of bounds.
func (v *Draw) checkBounds(p *phrase) {
	in := v.in
	limits := fmt.Sprintf("from %s to %s", format(in.least, in.dim), format(in.most, in.dim))
	switch {
	case v.name == "":
		if !in.hold(v.args[0]) {
			p.fail(v.Span, in.do, "%s cannot be used: here belongs a value %s", format(v.args[0], in.dim), limits)
		}
	case v.name == in.word:
	case v.name == "choice":
		for _, a := range v.args {
			if !in.hold(a) {
				p.fail(v.Span, in.do, "this may choose %s, which cannot be used: here belong values %s", format(a, in.dim), limits)
			}
		}
	default:
		if share := v.within(); !(share >= enough) {
			p.fail(v.Span, in.do, "hardly any value of this %s distribution can be used: here belong values %s", v.name, limits)
		}
	}
}

// within is the probability that a value is within the bounds.
func (v *Draw) within() float64 {
	s := v.shape()
	low, high := s.below(v.args, v.in.least), s.below(v.args, v.in.most)
	if math.IsNaN(low) || math.IsNaN(high) || low == high { // perhaps it has no width, as normal(5ms, 0ms)
		if v.in.hold(s.draw(v.args, rand.New(rand.NewPCG(1, 1)))) {
			return 1
		}
		return 0
	}
	return high - low
}

// distribution reads a name and its arguments.
func (p *phrase) distribution(v *Draw) {
	w := p.take()
	if v.in.word != "" && w.text == v.in.word {
		v.name, v.args = w.text, []float64{0}
		return
	}
	i := slices.IndexFunc(distributions, func(s distribution) bool { return s.name == w.text })
	if i < 0 {
		var known []string
		for _, s := range distributions {
			known = append(known, s.name)
		}
		if v.in.word != "" {
			known = append(known, v.in.word)
		}
		p.fail(w.at, suggest(w.text, known), "%q is neither %v nor a distribution", w.text, v.in.dim)
		return
	}
	s := distributions[i]
	v.name = s.name
	p.expect("(")
	for !p.broken && !p.is(")") {
		want := v.in.dim
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

// shape is the distribution that the value is drawn from; it has a name.
func (v *Draw) shape() *distribution {
	i := slices.IndexFunc(distributions, func(s distribution) bool { return s.name == v.name })
	return &distributions[i]
}

// constant reports whether there is nothing to draw.
func (v *Draw) constant() bool { return v.name == "" || v.name == v.in.word }

// draw is one value. A constant draws no number. The argument may be nil for one.
func (v *Draw) draw(rng *rand.Rand) float64 {
	if v.constant() {
		if len(v.args) == 0 {
			return 0
		}
		return v.args[0]
	}
	const tries = 100_000 // of which readAs has seen to it that one in a hundred is good
	for s := v.shape(); ; {
		for range tries {
			if x := s.draw(v.args, rng); v.in.hold(x) {
				return x
			}
		}
		panic(fmt.Sprintf("spec: %s%v was read, and gives no value that can be used", v.name, v.args))
	}
}

// unlimited is the word for no limit.
const unlimited = "unlimited"

// rates are the rates that can be emulated. A rate of nothing is none of them: 0 is
// what the emulation calls no limit.
var rates = bounds{
	dim: dimRate, least: 1, most: float64(emul.MaxRate), word: unlimited,
	do: "For no limit leave the key out, or write unlimited. What shall carry nothing is cut: {at: 2s, cut: A -> B}.",
}

// RateDraw is a rate in bytes a second; 0 means unlimited.
type RateDraw struct{ Draw }

func (v *RateDraw) read(d *decoder, t *tree) { v.readAs(d, t, rates) }

func (v *RateDraw) rate(rng *rand.Rand) int64 { return int64(math.Round(v.draw(rng))) }

// TimeDraw is a span of time.
type TimeDraw struct{ Draw }

func (v *TimeDraw) read(d *decoder, t *tree) {
	v.readAs(d, t, bounds{dim: dimTime, most: maxSeconds})
}

func (v *TimeDraw) time(rng *rand.Rand) time.Duration { return seconds(v.draw(rng)) }

// LatencyDraw is a latency that can be emulated.
type LatencyDraw struct{ Draw }

func (v *LatencyDraw) read(d *decoder, t *tree) {
	v.readAs(d, t, bounds{dim: dimTime, most: emul.MaxLatency.Seconds()})
}

func (v *LatencyDraw) time(rng *rand.Rand) time.Duration { return seconds(v.draw(rng)) }

// ShareDraw is a number from 0 to 1, such as 2%.
type ShareDraw struct{ Draw }

func (v *ShareDraw) read(d *decoder, t *tree) {
	v.readAs(d, t, bounds{dim: dimNumber, most: 1, do: "Write a share such as 2% or 0.02."})
}

func (v *ShareDraw) share(rng *rand.Rand) float64 { return v.draw(rng) }
