package recording

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/ioverlay/ioverlay/record"
)

// input is what may be anything. The first thing that is wrong is kept, and all that is read after it is zero, so that
// whoever reads asks once at the end.
type input struct {
	b   []byte
	err error
}

func (p *input) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
	}
	p.b = nil
}

func (p *input) uint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.fail("a number that does not end")
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *input) int() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 {
		p.fail("a number that does not end")
		return 0
	}
	p.b = p.b[n:]
	return v
}

// below is a number that must be less than a limit.
func (p *input) below(limit uint64, what string) uint64 {
	v := p.uint()
	if v >= limit {
		p.fail("%s %d, which is not below %d", what, v, limit)
		return 0
	}
	return v
}

func (p *input) byte() byte {
	if len(p.b) == 0 {
		p.fail("it ends in the middle")
		return 0
	}
	v := p.b[0]
	p.b = p.b[1:]
	return v
}

// take is the next n bytes, which are not copied.
func (p *input) take(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.fail("it ends in the middle")
		return nil
	}
	v := p.b[:n:n]
	p.b = p.b[n:]
	return v
}

// stream is a stream with its length before it.
func (p *input) stream() input { return input{b: p.take(p.uint())} }

// index is a number beside the one before, which together must be the index of a node.
func (p *input) index(last uint32) uint32 {
	v := int64(last) + p.int()
	if v < 0 || v >= record.MaxNodes {
		p.fail("node %d, which is not below %d", v, record.MaxNodes)
		return 0
	}
	return uint32(v)
}

// time is a time beside another.
func (p *input) time(beside record.Time) record.Time {
	d := p.int()
	t := beside + record.Time(d)
	if d < -int64(record.MaxTime) || d > int64(record.MaxTime) || t < 0 || t > record.MaxTime {
		p.fail("a time of %d ns, which is not between 0 and %d", t, record.MaxTime)
		return 0
	}
	return t
}

// planes are numbers in planes.
type planes struct {
	b []byte
	n uint64
}

func (p *input) planes(n uint64) planes {
	if n > maxRaw {
		p.fail("%d numbers", n)
		return planes{}
	}
	return planes{p.take(8 * n), n}
}

func (s planes) at(i uint64) float64 {
	if i >= s.n {
		return math.NaN()
	}
	var v uint64
	for k := range uint64(8) {
		v |= uint64(s.b[k*s.n+i]) << (8 * k)
	}
	return math.Float64frombits(v)
}

// bitmap is truth in bits.
type bitmap struct{ b []byte }

func (p *input) bitmap(n uint64) bitmap { return bitmap{p.take((n + 7) / 8)} }

func (s bitmap) at(i uint64) bool {
	return i/8 < uint64(len(s.b)) && s.b[i/8]&(1<<(i%8)) != 0
}

// words are texts, each by its number in a dictionary.
type words struct {
	texts []string
	uses  input
}

func (p *input) words() (w words) {
	n := p.uint()
	texts := p.stream()
	if n > uint64(len(texts.b)) {
		if n > 0 && texts.err == nil {
			p.fail("a dictionary of %d texts in %d bytes", n, len(texts.b))
		}
		n = 0
	}
	w.texts = make([]string, 0, n)
	for range n {
		s := string(texts.take(texts.uint()))
		if !utf8.ValidString(s) {
			texts.fail("a text that is no UTF-8")
		}
		w.texts = append(w.texts, s)
	}
	if texts.err != nil {
		p.err, p.b = texts.err, nil
	}
	w.uses = p.stream()
	return w
}

func (w *words) next() string {
	i := w.uses.uint()
	if i >= uint64(len(w.texts)) {
		w.uses.fail("text %d of %d", i, len(w.texts))
		return ""
	}
	return w.texts[i]
}
