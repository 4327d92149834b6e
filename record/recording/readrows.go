package recording

import (
	"math"

	"github.com/ioverlay/ioverlay/record"
)

// readEvents goes through the events of a block; at is the times of its updates. It ends when yield returns false.
func readEvents(raw []byte, rows uint64, at []record.Time, yield func(ord uint64, e record.Event) bool) error {
	p := input{b: raw}
	ords, times, refs := p.stream(), p.stream(), p.stream()
	kinds, texts, by := p.words(), p.words(), p.words()
	if p.err != nil {
		return p.err
	}
	ord := uint64(0)
	for range rows {
		ord += ords.uint()
		if ord >= uint64(len(at)) {
			ords.fail("something of update %d of %d", ord, len(at))
			return ords.err
		}
		e := record.Event{T: times.time(at[ord]), Kind: kinds.next()}
		for _, to := range [...]*record.Ref{&e.Node, &e.Peer} {
			if i := refs.below(record.MaxNodes+1, "node"); i > 0 {
				*to = record.To(uint32(i - 1))
			}
		}
		e.App = uint32(refs.below(math.MaxUint32+1, "application"))
		e.Text, e.By = texts.next(), by.next()
		if err := firstOf(&ords, &times, &refs, &kinds.uses, &texts.uses, &by.uses); err != nil {
			return err
		}
		if !yield(ord, e) {
			return nil
		}
	}
	return nil
}

func firstOf(all ...*input) error {
	for _, p := range all {
		if p.err != nil {
			return p.err
		}
	}
	return nil
}

// readStates goes through the states of a block, or of its checkpoint, of which the one time is when it begins.
func readStates(raw []byte, rows uint64, at []record.Time, yield func(ord uint64, s record.State) bool) error {
	p := input{b: raw}
	ords, times, nodes, names := p.stream(), p.stream(), p.stream(), p.words()
	kinds, has := p.take(rows), p.bitmap(rows)
	var nums, ofs uint64
	for i, k := range kinds {
		switch record.ValueKind(k) {
		case record.NumberValue, record.BoolValue:
			nums++
		case record.PairValue:
			nums += 2
		case record.NoValue, record.TextValue, record.JSONValue:
		default:
			p.fail("a state whose value is of kind %d", k)
		}
		if has.at(uint64(i)) {
			ofs++
		}
	}
	num, of, texts := p.planes(nums), p.planes(ofs), p.words()
	if p.err != nil {
		return p.err
	}
	ord, node := uint64(0), uint32(0)
	nums, ofs = 0, 0
	for i := range rows {
		ord += ords.uint()
		if ord >= uint64(len(at)) {
			ords.fail("something of update %d of %d", ord, len(at))
			return ords.err
		}
		node = nodes.index(node)
		s := record.State{T: times.time(at[ord]), Node: node, Name: names.next(), Value: record.Value{Kind: record.ValueKind(kinds[i])}}
		switch s.Value.Kind {
		case record.NumberValue, record.BoolValue:
			s.Value.Num = num.at(nums)
			nums++
		case record.PairValue:
			s.Value.Num, s.Value.Second = num.at(nums), num.at(nums+1)
			nums += 2
		case record.TextValue, record.JSONValue:
			s.Value.Text = texts.next()
		case record.NoValue:
		}
		if has.at(i) {
			s.Of = record.Set(of.at(ofs))
			ofs++
		}
		if err := firstOf(&ords, &times, &nodes, &names.uses, &texts.uses); err != nil {
			return err
		}
		if !yield(ord, s) {
			return nil
		}
	}
	return nil
}

// readTransfers goes through the transfers of a block, in the order in which they left.
func readTransfers(raw []byte, rows uint64, begin record.Time, yield func(record.Transfer) bool) error {
	p := input{b: raw}
	left, took, from, to := p.stream(), p.stream(), p.stream(), p.stream()
	app, seq, kind, size := p.stream(), p.stream(), p.stream(), p.stream()
	if p.err != nil {
		return p.err
	}
	at, node, number := begin, uint32(0), uint64(0)
	for range rows {
		at = left.time(at)
		node = from.index(node)
		number += uint64(seq.int())
		x := record.Transfer{Left: at, Arrived: record.Never, From: node, To: to.index(node), Seq: number,
			App: uint32(app.below(math.MaxUint32+1, "application")), Type: uint32(kind.below(math.MaxUint32+1, "type")), Bytes: uint32(size.below(math.MaxUint32+1, "size"))}
		if d := took.uint(); d > 0 {
			if x.Arrived = at + record.Time(d-1); d > uint64(record.MaxTime) || x.Arrived > record.MaxTime {
				took.fail("a transfer that takes %d ns", d)
			}
		}
		if err := firstOf(&left, &took, &from, &to, &app, &seq, &kind, &size); err != nil {
			return err
		}
		if !yield(x) {
			return nil
		}
	}
	return nil
}
