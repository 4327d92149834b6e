package recording

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/ioverlay/ioverlay/record"
)

// How values lie in a column: numbers as eight planes, the lowest bytes of all first, which compresses well because
// the bytes of one plane are alike; truth as bits; texts as a dictionary and a number for each.

// numbers grow into planes.
type numbers []float64

func (n numbers) append(b []byte) []byte {
	for shift := 0; shift < 64; shift += 8 {
		for _, v := range n {
			b = append(b, byte(math.Float64bits(v)>>shift))
		}
	}
	return b
}

// bits grow into bytes, the lowest bit first.
type bits struct {
	bytes []byte
	n     int
	any   bool
}

func (s *bits) add(yes bool) {
	if s.n%8 == 0 {
		s.bytes = append(s.bytes, 0)
	}
	if yes {
		s.bytes[s.n/8] |= 1 << (s.n % 8)
		s.any = true
	}
	s.n++
}

// stream is numbers of any length, one after another, with its length before it.
type stream []byte

func (s *stream) uint(v uint64) { *s = binary.AppendUvarint(*s, v) }

func (s *stream) int(v int64) { *s = binary.AppendVarint(*s, v) }

func (s stream) append(b []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// dictionary is texts by the order in which they were first said.
type dictionary struct {
	index map[string]uint64
	texts stream
	uses  stream
}

func (d *dictionary) add(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD") // as JSON says it
	i, ok := d.index[s]
	if !ok {
		if d.index == nil {
			d.index = make(map[string]uint64)
		}
		i = uint64(len(d.index))
		d.index[s] = i
		d.texts.uint(uint64(len(s)))
		d.texts = append(d.texts, s...)
	}
	d.uses.uint(i)
}

func (d *dictionary) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(d.index)))
	return d.uses.append(d.texts.append(b))
}

// values are those of a column, of one kind.
type values struct {
	kind    record.ValueKind
	nulls   bits
	num     numbers
	second  numbers
	truth   bits
	texts   dictionary
	written int // bytes that they will take, about
}

func (v *values) add(x record.Value) {
	v.nulls.add(x.Kind == record.NoValue)
	if x.Kind == record.NoValue {
		return
	}
	switch v.kind {
	case record.NumberValue:
		v.num = append(v.num, x.Num)
		v.written += 8
	case record.PairValue:
		v.num, v.second = append(v.num, x.Num), append(v.second, x.Second)
		v.written += 16
	case record.BoolValue:
		v.truth.add(x.Num != 0)
	case record.TextValue, record.JSONValue:
		before := len(v.texts.texts)
		v.texts.add(x.Text)
		v.written += len(v.texts.texts) - before
	case record.NoValue:
	}
	v.written++
}

func (v *values) append(b []byte) []byte {
	b = append(b, byte(v.kind))
	if v.nulls.any {
		b = append(append(b, 1), v.nulls.bytes...)
	} else {
		b = append(b, 0)
	}
	switch v.kind {
	case record.NumberValue:
		b = v.num.append(b)
	case record.PairValue:
		b = v.second.append(v.num.append(b))
	case record.BoolValue:
		b = append(b, v.truth.bytes...)
	case record.TextValue, record.JSONValue:
		b = v.texts.append(b)
	case record.NoValue:
	}
	return b
}
