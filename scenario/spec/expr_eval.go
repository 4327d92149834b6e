package spec

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Readings is what was measured in a run.
type Readings interface {
	// Read is a measure's value at a time, and the time at which it was read,
	// which may be a little off. Counters count from the beginning of the run. What
	// never was, such as a link that nobody made, has no number: NaN.
	Read(m Measure, of Target, app uint32, at time.Duration) (value float64, when time.Duration)
	// Name names a target.
	Name(of Target) string
	// End is the end of the run without its drain, and Last the time of the last
	// reading, after it.
	End() time.Duration
	Last() time.Duration
	OwnReadings
}

// Verdict says whether an expectation held.
type Verdict struct {
	Expectation string `json:"expectation"`
	Line        int    `json:"line"`
	Held        bool   `json:"held"`
	Measured    bool   `json:"measured"` // false if the run ended before it could be
	Found       string `json:"found"`    // both sides in figures
	// Starved says that the machine had too much to do while it was measured: the
	// figures are the machine's.
	Starved bool `json:"starved,omitempty"`
}

// vector is the value of a formula. Labels name its elements if there are several.
type vector struct {
	v      []float64
	labels []string
}

// Left is the value of the left side: one number, or one for each thing it names.
func (v *Expectation) Left(r Readings) []float64 {
	return v.left.eval(&evaluation{r: r, window: v.window}).v
}

// Edges are the times, besides the beginning and the end of the run, at which there
// must be a reading.
func (v *Expectation) Edges() (at []time.Duration) {
	if v.window.From > 0 {
		at = append(at, v.window.From)
	}
	if !v.window.ToEnd {
		at = append(at, v.window.To)
	}
	return at
}

// Part is the part of the run that an expectation looks at, up to at most its end.
func (v *Expectation) Part(end time.Duration) (from, to time.Duration) {
	if v.window.ToEnd {
		return v.window.From, end
	}
	return v.window.From, v.window.To
}

// Timed reports whether what is expected depends on how fast things go: it is about a
// rate, about times, of an algorithm's own metric too, or about a part of the run. In real time a busy machine can fail it.
func (v *Expectation) Timed() bool {
	timed := v.window.Given || v.right != nil && v.dimension().seconds != 0
	v.calls(func(c *call) {
		timed = timed || c.measure.Kind == RateMeasure || c.measure.Name == "latency" || c.within > 0
	})
	return timed
}

// evaluation is one look at what was measured. A formula without a value, such as
// 0/0, is NaN, and so is everything that is made of it; why says where it began.
type evaluation struct {
	r      Readings
	window Window
	why    string
}

// undefined is a value that there is not.
func (e *evaluation) undefined(why string, args ...any) float64 {
	if e.why == "" {
		e.why = fmt.Sprintf(why, args...)
	}
	return math.NaN()
}

// defined is x, if it is a number.
func (e *evaluation) defined(x float64) float64 {
	if math.IsInf(x, 0) {
		return e.undefined("more than can be computed with")
	}
	return x
}

// Evaluate holds an expectation against what was measured.
func (v *Expectation) Evaluate(r Readings) Verdict {
	out := Verdict{Expectation: v.Text, Line: v.Span.Line}
	e := &evaluation{r: r, window: v.window}
	if !v.window.ToEnd && v.window.To > r.End() || v.window.From >= r.End() {
		out.Found = fmt.Sprintf("the run ended at %v, before this could be measured", r.End().Round(time.Millisecond))
		return out
	}
	out.Measured = true
	l, rt := v.left.eval(e), v.right.eval(e)
	n := max(len(l.v), len(rt.v))
	if n == 0 || len(l.v) != n && len(l.v) != 1 || len(rt.v) != n && len(rt.v) != 1 {
		out.Found = fmt.Sprintf("%d values on the left, %d on the right", len(l.v), len(rt.v))
		return out
	}
	out.Held = true
	var shown []string
	for i := range n {
		a, b := l.at(i), rt.at(i)
		held := v.holds(a, b)
		out.Held = out.Held && held
		if !held || n == 1 {
			shown = append(shown, v.show(e, l, rt, i))
		}
	}
	const most = 5
	if len(shown) > most {
		shown = append(shown[:most], fmt.Sprintf("and %d more", len(shown)-most))
	}
	if len(shown) == 0 {
		d := v.dimension()
		shown = []string{fmt.Sprintf("%d values from %s to %s", n, format(slices.Min(l.v), d), format(slices.Max(l.v), d))}
	}
	out.Found = strings.Join(shown, "; ")
	return out
}

func (x vector) at(i int) float64 {
	if len(x.v) == 1 {
		return x.v[0]
	}
	return x.v[i]
}

func (v *Expectation) show(e *evaluation, l, r vector, i int) string {
	a, b, d := l.at(i), r.at(i), v.dimension()
	number := func(x float64) string {
		if math.IsNaN(x) {
			return "no number (" + e.why + ")"
		}
		return format(x, d)
	}
	label := ""
	for _, x := range []vector{l, r} {
		if len(x.v) > 1 && i < len(x.labels) && label == "" {
			label = x.labels[i] + ": "
		}
	}
	text := label + number(a)
	if _, plain := v.right.(constant); plain {
		if v.op == "=" && b != 0 && a != b && !math.IsNaN(a) {
			text += fmt.Sprintf(" (%+.2f%%)", 100*(a-b)/b)
		}
		return text
	}
	return text + " against " + number(b)
}

// holds compares two values. Nothing holds of what is no number.
func (v *Expectation) holds(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return false
	}
	switch v.op {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	}
	allowed := v.tolerance.value
	if v.relative {
		allowed *= math.Abs(b)
	}
	// Two sums that are equal may differ in their last bits.
	near := math.Abs(a-b) <= allowed+1e-9*max(math.Abs(a), math.Abs(b))
	return near == (v.op == "=")
}

func (x constant) eval(*evaluation) vector { return vector{v: []float64{x.q.value}} }

func (x negative) eval(e *evaluation) vector {
	y := x.x.eval(e)
	for i := range y.v {
		y.v[i] = -y.v[i]
	}
	return y
}

// eval joins element by element; one value goes with all. Vectors that do not go
// together give none, which Evaluate says.
func (x binary) eval(e *evaluation) vector {
	l, r := x.l.eval(e), x.r.eval(e)
	n := max(len(l.v), len(r.v))
	if len(l.v) != n && len(l.v) != 1 || len(r.v) != n && len(r.v) != 1 {
		return vector{}
	}
	out := vector{v: make([]float64, n), labels: l.labels}
	if len(l.v) < len(r.v) {
		out.labels = r.labels
	}
	for i := range n {
		a, b := l.at(i), r.at(i)
		out.v[i] = x.join(e, a, b)
	}
	return out
}

func (x binary) join(e *evaluation, a, b float64) float64 {
	switch x.op {
	case "+":
		return e.defined(a + b)
	case "-":
		return e.defined(a - b)
	case "*":
		return e.defined(a * b)
	}
	if b == 0 {
		return e.undefined("a division by 0")
	}
	return e.defined(a / b)
}

func (x aggregate) eval(e *evaluation) vector {
	if d, ok := pooled(e, x.x); ok {
		return vector{v: []float64{x.of(e, d)}}
	}
	y := x.x.eval(e)
	if len(y.v) == 0 {
		return y
	}
	if x.quantile > 0 {
		return vector{v: []float64{quantile(y.v, x.quantile)}}
	}
	total := 0.0
	for _, a := range y.v {
		total += a
	}
	switch x.name {
	case "min":
		total = slices.Min(y.v)
	case "max":
		total = slices.Max(y.v)
	case "mean":
		total /= float64(len(y.v))
	}
	return vector{v: []float64{e.defined(total)}}
}

func (x *call) eval(e *evaluation) vector {
	switch x.measure.Kind {
	case OwnMeasure, MessageMeasure:
		return x.own(e)
	case CoverageMeasure:
		return x.coverage(e)
	}
	var out vector
	for _, t := range x.targets {
		out.v = append(out.v, x.read(e, t))
		out.labels = append(out.labels, e.r.Name(t))
	}
	return out
}

// span is the time that the window is of, until everything has arrived if it has no end.
func (e *evaluation) span() (from, to time.Duration) {
	if e.window.ToEnd {
		return e.window.From, e.r.Last()
	}
	return e.window.From, e.window.To
}

// read is the measure of one target in the window.
func (x *call) read(e *evaluation, t Target) float64 {
	from, to := e.span()
	if e.window.ToEnd && x.measure.Kind == RateMeasure {
		to = e.r.End()
	}
	v, when := e.r.Read(x.measure, t, x.appID, to)
	if math.IsNaN(v) {
		return e.undefined("%s never was there", e.r.Name(t))
	}
	switch x.measure.Kind {
	case GaugeMeasure:
		return v
	case CountMeasure:
		if from == 0 || e.window.At {
			return v
		}
	}
	before, since := e.r.Read(x.measure, t, x.appID, from)
	if x.measure.Kind == CountMeasure {
		return v - before
	}
	if when <= since {
		return e.undefined("%s was not measured for any time", e.r.Name(t))
	}
	return (v - before) / (when - since).Seconds()
}
