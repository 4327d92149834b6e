package recording

import (
	"fmt"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/record"
)

// One figure over time, and which figures there are.

// Point is a value that holds from a time on; NaN: there is none any more.
type Point struct {
	T      record.Time
	V      float64
	Second float64 // of a pair
}

// Series shows how a number (the first of a pair, 1 for true) of one node, or of one link from f to t, changes: what
// held at the beginning, and each change until the end.
func (r *Reader) Series(p record.Path, ofLink bool, f, t uint32, begin, end record.Time, yield func(Point) bool) error {
	base, changes := secNodeBase, secNodes
	if ofLink {
		base, changes = secLinkBase, secLinks
	}
	held, begun, more := Point{T: begin, V: math.NaN()}, false, true
	emit := func(p Point) bool {
		switch {
		case p.T > end:
			return false
		case p.T <= begin:
			held.V, held.Second = p.V, p.Second
			return true
		case !begun:
			begun = true
			if !math.IsNaN(held.V) && !yield(held) {
				return false
			}
		}
		return yield(p)
	}
	first := max(r.Block(begin), 0)
	for i := first; more && i < len(r.blocks) && r.blocks[i].Begin <= end; i++ {
		c, err := r.load(i)
		if err != nil {
			return err
		}
		kinds := []sectionKind{changes}
		if i == first {
			kinds = []sectionKind{base, changes} // later ones begin as this one ends
		}
		for _, kind := range kinds {
			if more, err = c.series(c.find(kind, p.String()), f, t, emit); err != nil || !more {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	if !begun && !math.IsNaN(held.V) {
		yield(held)
	}
	return nil
}

// series shows the values of one node or link in a column, which may be nil.
func (c *content) series(s *stored, f, t uint32, emit func(Point) bool) (more bool, err error) {
	if s == nil {
		return true, nil
	}
	raw, err := c.bytes(s)
	if err != nil {
		return false, err
	}
	one, err := readCells(s, raw)
	if err != nil {
		return false, err
	}
	for one.next() {
		if one.f != f || one.link && one.t != t {
			continue
		}
		at := c.Begin
		if !one.base {
			if one.ord >= uint64(len(c.at)) {
				return false, fmt.Errorf("%w: something of update %d of %d", ErrFormat, one.ord, len(c.at))
			}
			at = c.at[one.ord]
		}
		if !emit(Point{at, number(one.v), one.v.Second}) {
			return false, nil
		}
	}
	return true, one.err
}

func number(v record.Value) float64 {
	switch v.Kind {
	case record.NumberValue, record.BoolValue, record.PairValue:
		return v.Num
	case record.NoValue, record.TextValue, record.JSONValue:
	}
	return math.NaN()
}

// Field is a column that a recording has.
type Field struct {
	Path record.Path
	Link bool
	Rows uint64 // values that changed
}

// Fields are all columns that there are, of nodes and then of links, in the order of the vocabulary.
func (r *Reader) Fields() ([]Field, error) {
	found := make(map[record.Path]*Field)
	for i := range r.blocks {
		c, err := r.load(i)
		if err != nil {
			return nil, err
		}
		for k := range c.sections {
			s := &c.sections[k]
			if s.kind != secNodes && s.kind != secLinks && s.kind != secNodeBase && s.kind != secLinkBase {
				continue
			}
			f := found[s.path]
			if f == nil {
				f = &Field{Path: s.path, Link: s.kind == secLinks || s.kind == secLinkBase}
				found[s.path] = f
			}
			if s.kind == secNodes || s.kind == secLinks {
				f.Rows += s.rows
			}
		}
	}
	all := make([]Field, 0, len(found))
	for _, f := range found {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b Field) int {
		if a.Link != b.Link {
			if b.Link {
				return -1
			}
			return 1
		}
		return a.Path.Compare(b.Path)
	})
	return all, nil
}
