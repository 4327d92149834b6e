package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Algorithms says which algorithms there are. A scenario is checked against it
// before anything runs.
type Algorithms interface {
	// Names lists the algorithms, in order.
	Names() []string
	// Params lists the parameters of an algorithm; false if there is none of the
	// name.
	Params(name string) ([]Param, bool)
}

// Param is one parameter of an algorithm.
type Param struct {
	Name    string
	Kind    ParamKind
	Default any    // a value of the kind; nil if it must be given
	About   string // in a sentence
}

// ParamKind is what a parameter is.
type ParamKind uint8

// The kinds, with the Go type that a value has.
const (
	Text        ParamKind = iota // string
	Whole                        // int, 0 and up
	Probability                  // float64, 0 to 1
	Time                         // time.Duration
	Rate                         // int64, bytes a second
)

// String names the kind, with an example.
func (k ParamKind) String() string {
	return [...]string{"text", "a whole number", "a share such as 50%", "a time such as 500ms", "a rate such as 400KBps"}[k]
}

// Params are the values of an algorithm's parameters, in the form of their kind.
type Params map[string]any

func (v *Algorithm) read(d *decoder, t *tree) {
	v.Span = t.at
	if t.shape == shapeText {
		v.name(d, t)
		v.fill(d, nil)
		return
	}
	if !d.want(t, shapeMap) {
		return
	}
	for i, k := range t.keys {
		if k.text == "name" {
			v.name(d, t.items[i])
			v.fill(d, t)
			return
		}
	}
	d.report(t.at, "Add name.", "an algorithm needs a name")
}

func (v *Algorithm) name(d *decoder, t *tree) {
	v.Name = d.text(t)
	if t.shape != shapeText {
		return
	}
	if _, ok := d.algorithms.Params(v.Name); !ok {
		d.report(t.at, suggest(v.Name, d.algorithms.Names()), "there is no algorithm %q", v.Name)
	}
}

// fill reads the parameters that t has beside the name, and sets the others to
// their defaults.
func (v *Algorithm) fill(d *decoder, t *tree) {
	ps, ok := d.algorithms.Params(v.Name)
	if !ok {
		return
	}
	v.Params = make(Params)
	var names []string
	for _, p := range ps {
		names = append(names, p.Name)
	}
	if t != nil {
		for i, k := range t.keys {
			if k.text == "name" {
				continue
			}
			at := slices.IndexFunc(ps, func(p Param) bool { return p.Name == k.text })
			if at < 0 {
				d.report(k.at, suggest(k.text, names), "the algorithm %q has no parameter %q", v.Name, k.text)
				continue
			}
			v.Params[k.text] = d.param(ps[at], t.items[i])
		}
	}
	for _, p := range ps {
		if _, given := v.Params[p.Name]; given {
			continue
		}
		if p.Default == nil {
			d.report(v.Span, fmt.Sprintf("Add %s: %v.", p.Name, p.Kind), "the algorithm %q needs the parameter %q", v.Name, p.Name)
			continue
		}
		v.Params[p.Name] = p.Default
	}
}

func (d *decoder) param(p Param, t *tree) any {
	before := len(d.found)
	switch p.Kind {
	case Whole:
		var c Count
		c.read(d, t)
		return c.N
	case Probability:
		x := d.quantityOf(t, dimNumber)
		if !(x >= 0 && x <= 1) {
			d.report(t.at, "Write a share such as 50% or 0.5.", "%s is from 0 to 1", p.Name)
		}
		return x
	case Time:
		var v Duration
		v.read(d, t)
		return v.Duration
	case Rate:
		x := d.quantityOf(t, dimRate)
		if t.shape == shapeText && !rates.hold(x) && len(d.found) == before {
			d.report(t.at, fmt.Sprintf("Write %v.", Rate), "%s cannot be used for %s: here belongs a value from %s to %s",
				format(x, dimRate), p.Name, format(rates.least, dimRate), format(rates.most, dimRate))
		}
		return int64(math.Round(x))
	}
	return d.text(t)
}

// Int is the value of a parameter of kind Whole.
func (p Params) Int(name string) int { return p[name].(int) }

// Float is the value of a parameter of kind Probability.
func (p Params) Float(name string) float64 { return p[name].(float64) }

// Time is the value of a parameter of kind Time.
func (p Params) Time(name string) time.Duration { return p[name].(time.Duration) }

// Text is the value of a parameter of kind Text.
func (p Params) Text(name string) string { return p[name].(string) }

// Rate is the value of a parameter of kind Rate, in bytes a second.
func (p Params) Rate(name string) int64 { return p[name].(int64) }

// Strings writes the values as text that ParseParams reads back: for a process of
// its own.
func (p Params) Strings() map[string]string {
	s := make(map[string]string, len(p))
	for k, v := range p {
		switch v := v.(type) {
		case float64:
			s[k] = strconv.FormatFloat(v, 'g', -1, 64)
		case time.Duration:
			s[k] = strconv.FormatInt(int64(v), 10)
		default:
			s[k] = fmt.Sprint(v)
		}
	}
	return s
}

// ParseParams reads what Strings wrote.
func ParseParams(ps []Param, s map[string]string) (Params, error) {
	out := make(Params, len(s))
	for _, p := range ps {
		text, ok := s[p.Name]
		if !ok {
			return nil, fmt.Errorf("the parameter %q is missing", p.Name)
		}
		var v any = text
		var err error
		switch p.Kind {
		case Whole:
			v, err = strconv.Atoi(text)
		case Probability:
			v, err = strconv.ParseFloat(text, 64)
		case Time:
			var ns int64
			ns, err = strconv.ParseInt(text, 10, 64)
			v = time.Duration(ns)
		case Rate:
			v, err = strconv.ParseInt(text, 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("the parameter %q: %w", p.Name, err)
		}
		out[p.Name] = v
	}
	return out, nil
}
