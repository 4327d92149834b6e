package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Formula is one side of an expectation with a window, such as
// "throughput(D) between 5s and 10s": what experiments measure.
type Formula struct{ e Expectation }

// FormulaValue is what a formula came to, of one node or link if it is of several.
type FormulaValue struct {
	Of    string // the name, "" if there is one value only
	Value float64
}

// Formula reads a formula about a plan. What is wrong with it is a Problems. A run only
// has what is measured if the plan has the formula's Edges among its Moments.
func (p *Plan) Formula(text string) (*Formula, error) {
	r := newReporter("formula", []byte(text))
	d := &decoder{reporter: r}
	at := Span{1, 1, len(text)}
	v := Expectation{Span: at, Text: text}
	w := d.phrase(&tree{shape: shapeText, at: at, text: text})
	v.left = w.sum(0)
	w.within(&v)
	w.window(&v)
	w.end()
	if len(r.found) == 0 {
		(&resolver{decoder: d, plan: p}).expectation(&v)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return &Formula{v}, nil
}

// Edges are the times, besides the beginning and the end of the run, at which there
// must be a reading.
func (f *Formula) Edges() []time.Duration { return f.e.Edges() }

// Follows reports whether the value is of messages that are followed: a run only has it if the plan's Record.Deliveries is set.
func (f *Formula) Follows() bool { return f.e.follows() }

// Timed reports whether the value depends on how fast things go, as Expectation.Timed.
func (f *Formula) Timed() bool { return f.e.Timed() }

// Unit is that of the values: "" for numbers, "B", "s", "B/s", "1/s", or powers of bytes
// and seconds.
func (f *Formula) Unit() string { return f.e.left.dimension().unit() }

// Values are what the formula comes to in a run. A value that there is not is NaN; why
// says then, or if there are no values at all, what is missing.
func (f *Formula) Values(r Readings) (values []FormulaValue, why string) {
	w := f.e.window
	if !w.ToEnd && w.To > r.End() || w.From >= r.End() {
		return nil, fmt.Sprintf("the run ended at %v, before this could be measured", r.End().Round(time.Millisecond))
	}
	e := &evaluation{r: r, window: w}
	v := f.e.left.eval(e)
	if len(v.v) == 0 {
		return nil, "measures of different numbers of things cannot be joined"
	}
	for i, x := range v.v {
		one := FormulaValue{Value: x}
		switch {
		case len(v.v) == 1:
		case i < len(v.labels):
			one.Of = v.labels[i]
		default:
			one.Of = strconv.Itoa(i + 1)
		}
		if math.IsNaN(x) {
			why = e.why
		}
		values = append(values, one)
	}
	return values, why
}

// unit is how results write a dimension.
func (d dim) unit() string {
	switch d {
	case dimNumber:
		return ""
	case dimSize:
		return "B"
	case dimTime:
		return "s"
	case dimRate:
		return "B/s"
	case dimFrequency:
		return "1/s"
	}
	var parts []string
	for _, p := range []struct {
		name  string
		power int8
	}{{"B", d.bytes}, {"s", d.seconds}} {
		switch p.power {
		case 0:
		case 1:
			parts = append(parts, p.name)
		default:
			parts = append(parts, fmt.Sprintf("%s^%d", p.name, p.power))
		}
	}
	return strings.Join(parts, " ")
}

// Quantity reads a text that is one quantity, such as "5%" or "400KBps": its value in
// bytes, seconds and plain numbers, with the unit as Formula.Unit has it. ok is false for
// any other text.
func Quantity(text string) (value float64, unit string, ok bool) {
	r := newReporter("quantity", []byte(text))
	p := (&decoder{reporter: r}).phrase(&tree{shape: shapeText, at: Span{1, 1, len(text)}, text: text})
	negative := p.accept("-")
	q := p.quantity(dimNumber)
	p.end()
	if len(r.found) > 0 {
		return 0, "", false
	}
	if negative {
		q.value = -q.value
	}
	return q.value, q.dim.unit(), true
}
