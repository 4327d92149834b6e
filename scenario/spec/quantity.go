package spec

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// quantity is a number with its dimension, in bytes and seconds.
type quantity struct {
	value float64
	dim   dim
}

// maxNumber bounds what may be written: far more than any experiment has, and far
// less than what arithmetic cannot hold.
const maxNumber = 1e15

// quantity reads a number, with its unit if it has one. want is for the message if
// the unit is unknown.
func (p *phrase) quantity(want dim) (q quantity) {
	w := p.take()
	if w.kind != kindNumber {
		p.fail(w.at, "", "%v belongs here, not %s", want, w.quoted())
		return q
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(w.text, "_", ""), 64)
	if err != nil || n > maxNumber {
		p.fail(w.at, "", "%q is no number that can be used", w.text)
		return q
	}
	q = p.unit(n, want)
	if !p.broken && q.value > maxNumber {
		p.fail(w.at, "", "%q is more than can be used", w.text)
	}
	return q
}

// unit reads the unit of the number n.
func (p *phrase) unit(n float64, want dim) quantity {
	w := p.peek()
	q := quantity{n, dimNumber}
	if w.text == "%" || w.kind == kindWord && (w.glued || isUnit(w.text) || want != dimNumber && !isReserved(w.text)) {
		p.take()
		u, ok := unitNamed(w.text)
		if !ok {
			p.fail(w.at, unitHint(w.text, want), "%q is no unit", w.text)
			return q
		}
		q = quantity{n * u.Scale, u.dim}
	}
	if slash, per := p.peek(), p.peekSecond(); slash.text == "/" && per.kind == kindWord {
		u, ok := unitNamed(per.text)
		if !ok || u.dim != dimTime {
			return q
		}
		if q.dim != dimNumber {
			p.fail(slash.at, "A rate of bytes has a unit of its own: 400KBps is 400 * 1000 bytes a second.", "a quantity with a unit may not be divided by another")
			return q
		}
		p.take()
		p.take()
		q.value, q.dim = q.value/u.Scale, dimFrequency
	}
	return q
}

func (p *phrase) peekSecond() word { return p.ws[min(p.pos+1, len(p.ws)-1)] }

func isUnit(text string) bool { _, ok := unitNamed(text); return ok }

// quantityOf reads a whole value that is one quantity of the wanted dimension.
func (d *decoder) quantityOf(t *tree, want dim) float64 {
	p := d.phrase(t)
	q := p.of(want)
	p.end()
	return q
}

// of reads a quantity that must have the dimension.
func (p *phrase) of(want dim) float64 {
	at := p.peek().at
	q := p.quantity(want)
	if q.dim == want {
		return q.value
	}
	switch {
	case q.dim == dimNumber:
		p.fail(at, unitHint("", want), "a unit is missing: here belongs %v", want)
	default:
		p.fail(at, "", "here belongs %v, not %v", want, q.dim)
	}
	return 0
}

// Duration is a span of time in a file.
type Duration struct {
	time.Duration
	Span Span
}

func (v *Duration) read(d *decoder, t *tree) {
	v.Span = t.at
	s := d.quantityOf(t, dimTime)
	if s > maxSeconds {
		d.report(t.at, "", "a time is at most %v", seconds(maxSeconds))
		return
	}
	v.Duration = seconds(s)
}

// maxSeconds bounds a time: it must fit into nanoseconds many times over.
const maxSeconds = 1e8

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// Size is a number of bytes in a file.
type Size struct {
	Bytes int
	Span  Span
}

func (v *Size) read(d *decoder, t *tree) {
	v.Span = t.at
	b := d.quantityOf(t, dimSize)
	if b != math.Trunc(b) || b > math.MaxInt32 {
		d.report(t.at, "", "a size is a whole number of bytes, at most 2 GB")
		return
	}
	v.Bytes = int(b)
}

// Count is a number of things.
type Count struct {
	N    int
	Span Span
}

func (v *Count) read(d *decoder, t *tree) {
	v.Span = t.at
	n := d.quantityOf(t, dimNumber)
	if n != math.Trunc(n) || n > math.MaxInt32 {
		d.report(t.at, "", "here belongs a whole number, at most %d", math.MaxInt32)
		return
	}
	v.N = int(n)
}

// Pace is how fast a source sends: bytes or messages a second.
type Pace struct {
	BytesPerSec, MsgsPerSec float64 // one of them is 0
	Span                    Span
}

func (v *Pace) read(d *decoder, t *tree) {
	v.Span = t.at
	p := d.phrase(t)
	q := p.quantity(dimRate)
	switch {
	case q.dim == dimRate:
		v.BytesPerSec = q.value
	case q.dim == dimFrequency:
		v.MsgsPerSec = q.value
	default:
		p.fail(t.at, "Write bytes a second, such as 100KBps, or messages a second, such as 20 messages/s.", "here belongs a rate, not %v", q.dim)
	}
	p.end()
	switch {
	case p.broken:
	case !(q.value > 0):
		d.report(t.at, "Leave out what shall never happen.", "a rate is above 0")
	case v.MsgsPerSec > 0:
		d.often(t.at, v.MsgsPerSec)
	}
}

// Bounds of how often something may happen, a second: a pause must be a time, and a
// nanosecond is the least that there is.
const (
	leastOften = 1 / maxSeconds
	mostOften  = 1e9
)

// often reports a frequency that is out of bounds.
func (d *decoder) often(at Span, perSec float64) {
	if perSec < leastOften || perSec > mostOften {
		d.report(at, "", "this is %.3g a second: what can be used is from %g to %g", perSec, leastOften, mostOften)
	}
}
