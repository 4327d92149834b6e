package recording

import (
	"cmp"
	"slices"

	"github.com/ioverlay/ioverlay/record"
)

// events of a block.
type events struct {
	rows  uint64
	last  uint64 // update
	ords  stream
	times stream // beside the update's
	kinds dictionary
	refs  stream // node, peer: index and 1, or 0; application
	texts dictionary
	by    dictionary
}

func (s *events) add(update uint64, at record.Time, e *record.Event) {
	s.rows++
	s.ords.uint(update - s.last)
	s.last = update
	s.times.int(int64(e.T - at))
	s.kinds.add(e.Kind)
	for _, ref := range [...]record.Ref{e.Node, e.Peer} {
		if i, ok := ref.Index(); ok {
			s.refs.uint(uint64(i) + 1)
		} else {
			s.refs.uint(0)
		}
	}
	s.refs.uint(uint64(e.App))
	s.texts.add(e.Text)
	s.by.add(e.By)
}

func (s *events) size() int {
	return len(s.ords) + len(s.times) + len(s.refs) + len(s.kinds.uses) + len(s.texts.texts) + len(s.texts.uses) + len(s.by.uses)
}

func (s *events) append(b []byte) []byte {
	b = s.refs.append(s.times.append(s.ords.append(b)))
	return s.by.append(s.texts.append(s.kinds.append(b)))
}

// states of a block, or as it begins.
type states struct {
	rows  uint64
	last  uint64
	ords  stream
	times stream
	nodes stream
	lastN uint32
	names dictionary
	kinds []byte // of the values
	num   numbers
	texts dictionary
	has   bits // an "of"
	of    numbers
}

func (s *states) add(update uint64, at record.Time, x *record.State) {
	s.rows++
	s.ords.uint(update - s.last)
	s.last = update
	s.times.int(int64(x.T - at))
	s.nodes.int(int64(x.Node) - int64(s.lastN))
	s.lastN = x.Node
	s.names.add(x.Name)
	s.kinds = append(s.kinds, byte(x.Value.Kind))
	switch x.Value.Kind {
	case record.NumberValue, record.BoolValue:
		s.num = append(s.num, x.Value.Num)
	case record.TextValue, record.JSONValue:
		s.texts.add(x.Value.Text)
	case record.PairValue:
		s.num = append(s.num, x.Value.Num, x.Value.Second)
	case record.NoValue:
	}
	of, ok := x.Of.Get()
	if s.has.add(ok); ok {
		s.of = append(s.of, of)
	}
}

func (s *states) size() int {
	return len(s.ords) + len(s.times) + len(s.nodes) + len(s.names.texts) + len(s.names.uses) + len(s.kinds) + 8*(len(s.num)+len(s.of)) + len(s.texts.texts) + len(s.texts.uses)
}

func (s *states) append(b []byte) []byte {
	b = s.names.append(s.nodes.append(s.times.append(s.ords.append(b))))
	b = append(append(b, s.kinds...), s.has.bytes...)
	return s.texts.append(s.of.append(s.num.append(b)))
}

// transfers of a block. They come in the order in which they end, and are kept in that in which they begin.
type transfers []record.Transfer

// transferBytes is about what one takes before it is compressed.
const transferBytes = 14

func (s transfers) append(b []byte, begin record.Time) []byte {
	slices.SortStableFunc(s, func(a, b record.Transfer) int { return cmp.Compare(a.Left, b.Left) })
	var left, took, from, to, app, seq, kind, bytes stream
	last := begin
	var before record.Transfer
	for i := range s {
		x := &s[i]
		left.int(int64(x.Left - last))
		last = x.Left
		if x.Arrived == record.Never {
			took.uint(0)
		} else {
			took.uint(uint64(x.Arrived-x.Left) + 1)
		}
		from.int(int64(x.From) - int64(before.From))
		to.int(int64(x.To) - int64(x.From))
		app.uint(uint64(x.App))
		seq.int(int64(x.Seq - before.Seq))
		kind.uint(uint64(x.Type))
		bytes.uint(uint64(x.Bytes))
		before = *x
	}
	for _, s := range [...]stream{left, took, from, to, app, seq, kind, bytes} {
		b = s.append(b)
	}
	return b
}
