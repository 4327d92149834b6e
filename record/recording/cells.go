package recording

import (
	"github.com/ioverlay/ioverlay/record"
)

// cells goes through one column of a block.
type cells struct {
	path record.Path
	link bool
	rows uint64

	ords   input // empty in a base
	base   bool
	keys   input
	kind   record.ValueKind
	nulls  bitmap
	some   bool // nulls
	num    planes
	second planes
	truth  bitmap
	words  words

	row   uint64 // of those that were read
	value uint64 // that are no nulls
	err   error

	// What next read.
	ord  uint64
	f, t uint32
	v    record.Value
}

// readCells begins to read a column.
func readCells(s *stored, raw []byte) (*cells, error) {
	c := &cells{path: s.path, link: s.kind == secLinkBase || s.kind == secLinks, base: s.kind == secNodeBase || s.kind == secLinkBase, rows: s.rows}
	p := input{b: raw}
	c.ords, c.keys = p.stream(), p.stream()
	c.kind = record.ValueKind(p.byte())
	c.some = p.byte() != 0
	values := c.rows
	if c.some {
		c.nulls = p.bitmap(c.rows)
		for i := range c.rows {
			if c.nulls.at(i) {
				values--
			}
		}
	}
	switch {
	case p.err != nil:
		return nil, p.err
	case c.kind != c.path.Kind():
		p.fail("values of kind %d for %s, whose kind is %d", c.kind, c.path, c.path.Kind())
	case c.kind == record.NumberValue:
		c.num = p.planes(values)
	case c.kind == record.PairValue:
		c.num, c.second = p.planes(values), p.planes(values)
	case c.kind == record.BoolValue:
		c.truth = p.bitmap(values)
	default:
		c.words = p.words()
	}
	return c, p.err
}

// next reads the next row; false at the end, or when something is wrong, which is err then.
func (c *cells) next() bool {
	if c.row == c.rows || c.err != nil {
		return false
	}
	if !c.base {
		c.ord += c.ords.uint()
	}
	c.f = c.keys.index(c.f)
	if c.link {
		c.t = c.keys.index(c.t)
	}
	c.v = record.Value{}
	if !c.some || !c.nulls.at(c.row) {
		c.v.Kind = c.kind
		switch c.kind {
		case record.NumberValue:
			c.v.Num = c.num.at(c.value)
		case record.PairValue:
			c.v.Num, c.v.Second = c.num.at(c.value), c.second.at(c.value)
		case record.BoolValue:
			if c.truth.at(c.value) {
				c.v.Num = 1
			}
		default:
			c.v.Text = c.words.next()
		}
		c.value++
	}
	c.row++
	for _, p := range [...]*input{&c.ords, &c.keys, &c.words.uses} {
		if p.err != nil {
			c.err = p.err
			return false
		}
	}
	return true
}
