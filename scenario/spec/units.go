package spec

import (
	"fmt"
	"slices"
	"strings"
)

// dim is what a number counts, as powers of bytes and seconds: {1, -1} is a rate.
// Messages, nodes and shares are plain numbers.
type dim struct {
	bytes, seconds int8
	free           bool // of a metric: it has the unit that it is held against
}

var (
	dimNumber    = dim{}
	dimSize      = dim{bytes: 1}
	dimTime      = dim{seconds: 1}
	dimRate      = dim{bytes: 1, seconds: -1}
	dimFrequency = dim{seconds: -1}
	dimFree      = dim{free: true}
)

// fits reports whether two can be compared and added.
func (d dim) fits(o dim) bool { return d == o || d.free || o.free }

// or is the dimension of both, if they fit.
func (d dim) or(o dim) dim {
	if d.free {
		return o
	}
	return d
}

// String names a dimension, with an example.
func (d dim) String() string {
	switch d {
	case dimNumber:
		return "a number"
	case dimSize:
		return "a size such as 5KB"
	case dimTime:
		return "a time such as 500ms"
	case dimRate:
		return "a rate of bytes such as 400KBps"
	case dimFrequency:
		return "a number a second such as 20/s"
	}
	return fmt.Sprintf("a number of bytes^%d s^%d", d.bytes, d.seconds)
}

// Unit is one unit that a quantity may have.
type Unit struct {
	Name  string
	Scale float64 // in bytes, seconds, bytes a second, or 1
	dim   dim
	Means string // for the table of units
}

// Units are all units there are. Each is spelled one way, capitals included: K, M
// and G are powers of 1000, Ki, Mi and Gi of 1024; B is bytes and b is bits; ps is
// per second.
var Units = slices.Concat(
	prefixed("B", dimSize, 1, "bytes"),
	prefixed("Bps", dimRate, 1, "bytes a second"),
	prefixed("bps", dimRate, 1.0/8, "bits a second"),
	[]Unit{
		{"ns", 1e-9, dimTime, "nanoseconds"},
		{"us", 1e-6, dimTime, "microseconds"},
		{"\u00b5s", 1e-6, dimTime, "microseconds"},
		{"ms", 1e-3, dimTime, "milliseconds"},
		{"s", 1, dimTime, "seconds"},
		{"min", 60, dimTime, "minutes"},
		{"h", 3600, dimTime, "hours"},
		{"%", 0.01, dimNumber, "hundredths"},
		{"message", 1, dimNumber, "messages"},
		{"messages", 1, dimNumber, "messages"},
	})

func prefixed(name string, d dim, scale float64, means string) []Unit {
	us := []Unit{{name, scale, d, means}}
	for _, p := range []struct {
		prefix string
		factor float64
	}{{"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}} {
		us = append(us, Unit{p.prefix + name, p.factor * scale, d, fmt.Sprintf("%.0f %s", p.factor, means)})
	}
	return us
}

func unitNamed(name string) (Unit, bool) {
	name = strings.Replace(name, "\u03bc", "\u00b5", 1)
	i := slices.IndexFunc(Units, func(u Unit) bool { return u.Name == name })
	if i < 0 {
		return Unit{}, false
	}
	return Units[i], true
}

// unitHint says what somebody may have meant by a unit that there is not.
func unitHint(name string, want dim) string {
	var near []string
	canonical := func(s string) string {
		s = strings.ToLower(s)
		for _, long := range [][2]string{{"bytes", "b"}, {"byte", "b"}, {"bits", "b"}, {"bit", "b"}, {"/s", "ps"}, {"msgs", "messages"}, {"msg", "message"}, {"seconds", "s"}, {"second", "s"}, {"secs", "s"}, {"sec", "s"}, {"minutes", "min"}, {"minute", "min"}, {"mins", "min"}, {"hours", "h"}, {"hour", "h"}} {
			s = strings.ReplaceAll(s, long[0], long[1])
		}
		return s
	}
	for _, u := range Units {
		if canonical(u.Name) == canonical(name) {
			near = append(near, fmt.Sprintf("%s (%s)", u.Name, u.Means))
		}
	}
	if len(near) == 0 {
		for _, u := range Units {
			if u.dim == want && u.dim != dimNumber && u.Name != "\u00b5s" {
				near = append(near, u.Name)
			}
		}
		if len(near) == 0 {
			return ""
		}
		return "Units here: " + strings.Join(near, ", ") + "."
	}
	return "Units are spelled one way, capitals included. Did you mean " + strings.Join(near, " or ") + "?"
}

// format writes a quantity with the unit that suits its size, for messages.
func format(v float64, d dim) string {
	switch d {
	case dimRate:
		return scaled(v, "Bps")
	case dimSize:
		return scaled(v, "B")
	case dimTime:
		switch {
		case v == 0 || v >= 1:
			return fmt.Sprintf("%.6gs", v)
		case v >= 1e-3:
			return fmt.Sprintf("%.6gms", v*1e3)
		}
		return fmt.Sprintf("%.6gus", v*1e6)
	case dimFrequency:
		return fmt.Sprintf("%.6g/s", v)
	}
	return fmt.Sprintf("%.6g", v)
}

func scaled(v float64, unit string) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.5gG%s", v/1e9, unit)
	case v >= 1e6:
		return fmt.Sprintf("%.5gM%s", v/1e6, unit)
	case v >= 1e3:
		return fmt.Sprintf("%.5gK%s", v/1e3, unit)
	}
	return fmt.Sprintf("%.5g%s", v, unit)
}
