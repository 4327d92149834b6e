package recording

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/ioverlay/ioverlay/record"
)

// block is a block as it grows.
type block struct {
	Block
	base      map[record.Path]*column // beside changes
	changes   map[record.Path]*column
	times     stream
	last      record.Time // of times
	stateBase states
	states    states
	events    events
	transfers transfers

	baseBytes int // of the checkpoint, about
	bytes     int // of the rest
}

// newBlock begins a block whose first update will be at a time, with how things stand.
func newBlock(m *record.Model, begin record.Time) *block {
	b := &block{base: make(map[record.Path]*column), changes: make(map[record.Path]*column), last: begin}
	b.Begin, b.End, b.First = begin, begin, begin
	b.MinLeft, b.MaxLeft = math.MaxInt64, 0
	for n := range m.EachNode {
		n.Each(func(p record.Path, v record.Value) { b.baseBytes += cell(b.base, p, false).add(0, n.I, 0, v) })
	}
	for l := range m.EachLink {
		l.Each(func(p record.Path, v record.Value) { b.baseBytes += cell(b.base, p, true).add(0, l.F, l.T, v) })
	}
	for s := range m.EachState {
		b.stateBase.add(0, begin, s)
	}
	b.baseBytes += b.stateBase.size()
	return b
}

func cell(in map[record.Path]*column, p record.Path, link bool) *column {
	c := in[p]
	if c == nil {
		c = newColumn(p, link)
		in[p] = c
	}
	return c
}

// update adds an update that names no node, link or state twice.
func (b *block) update(u *record.Update) {
	b.times.int(int64(u.T - b.last))
	b.last, b.End = u.T, u.T
	ord := b.Updates
	b.Updates++
	for i := range u.Nodes {
		n := &u.Nodes[i]
		n.Each(func(p record.Path, v record.Value) {
			b.bytes += cell(b.changes, p, false).add(ord, n.I, 0, v)
			b.NodeCells++
		})
	}
	for i := range u.Links {
		l := &u.Links[i]
		l.Each(func(p record.Path, v record.Value) {
			b.bytes += cell(b.changes, p, true).add(ord, l.F, l.T, v)
			b.LinkCells++
		})
	}
	before := b.states.size() + b.events.size()
	for i := range u.States {
		b.states.add(ord, u.T, &u.States[i])
		b.First = min(b.First, u.States[i].T)
	}
	for i := range u.Events {
		b.events.add(ord, u.T, &u.Events[i])
		b.First = min(b.First, u.Events[i].T)
	}
	b.States += uint64(len(u.States))
	b.Events += uint64(len(u.Events))
	b.bytes += b.states.size() + b.events.size() - before + 2
}

func (b *block) transfer(t record.Transfer) {
	b.transfers = append(b.transfers, t)
	b.Transfers++
	b.MinLeft, b.MaxLeft = min(b.MinLeft, t.Left), max(b.MaxLeft, t.Left)
	b.bytes += transferBytes
}

// full reports whether the block is to end before what comes at a time: when it has grown to many times its
// checkpoint, so that checkpoints are a small part of a file, or spans so much time that a writer that is killed would
// lose much.
func (b *block) full(o *Options, at record.Time) bool {
	span := at.Duration() - b.Begin.Duration()
	switch {
	case b.bytes == 0:
		return false
	case b.bytes >= max(o.BlockBytes, 2*b.baseBytes):
		return true
	case span >= o.BlockTime:
		return 4*b.bytes >= b.baseBytes || span >= 6*o.BlockTime
	}
	return false
}

// section is a column that is written.
type section struct {
	kind        sectionKind
	name        string
	rows        uint64
	raw, stored uint64
}

// append appends the block as a chunk.
func (b *block) append(out []byte, enc *zstd.Encoder) ([]byte, error) {
	var sections []section
	var body, raw []byte
	var err error
	add := func(kind sectionKind, name string, rows uint64, fill func([]byte) []byte) {
		if rows == 0 || err != nil {
			return
		}
		raw = fill(raw[:0])
		if len(raw) > maxRaw || rows > math.MaxUint32 {
			err = fmt.Errorf("%w: %d bytes of %s at once; at most %d", ErrTooMuch, len(raw), name, maxRaw)
			return
		}
		before := len(body)
		body = enc.EncodeAll(raw, body)
		sections = append(sections, section{kind, name, rows, uint64(len(raw)), uint64(len(body) - before)})
	}
	columns := func(kind sectionKind, of map[record.Path]*column, link, base bool) {
		var paths []record.Path
		for p, c := range of {
			if c.link == link {
				paths = append(paths, p)
			}
		}
		slices.SortFunc(paths, record.Path.Compare)
		for _, p := range paths {
			add(kind, p.String(), of[p].rows, func(b []byte) []byte { return of[p].append(b, base) })
		}
	}
	columns(secNodeBase, b.base, false, true)
	columns(secLinkBase, b.base, true, true)
	add(secStateBase, "states", b.stateBase.rows, b.stateBase.append)
	add(secTimes, "times", b.Updates, func(out []byte) []byte { return append(out, b.times...) })
	columns(secNodes, b.changes, false, false)
	columns(secLinks, b.changes, true, false)
	add(secStates, "states", b.states.rows, b.states.append)
	add(secEvents, "events", b.events.rows, b.events.append)
	add(secTransfers, "transfers", b.Transfers, func(out []byte) []byte { return b.transfers.append(out, b.Begin) })
	switch {
	case err != nil:
		return out, err
	case len(sections) > maxSections || len(body) > maxBody:
		return out, fmt.Errorf("%w: a block of %d columns and %d bytes; at most %d and %d", ErrTooMuch, len(sections), len(body), maxSections, maxBody)
	}
	head := b.Block.append(nil)
	head = binary.AppendUvarint(head, uint64(len(sections)))
	for _, s := range sections {
		head = append(head, byte(s.kind))
		head = binary.AppendUvarint(head, uint64(len(s.name)))
		head = append(head, s.name...)
		for _, v := range [...]uint64{s.rows, s.raw, s.stored} {
			head = binary.AppendUvarint(head, v)
		}
	}
	if len(head) > maxHead {
		return out, fmt.Errorf("%w: the names of %d columns take %d bytes; at most %d", ErrTooMuch, len(sections), len(head), maxHead)
	}
	return append(appendChunk(out, chunkBlock, head, len(body)), body...), nil
}

// append appends what is known of the block.
func (b *Block) append(out []byte) []byte {
	if b.Transfers == 0 {
		b.MinLeft, b.MaxLeft = 0, 0
	}
	for _, v := range [...]uint64{uint64(b.Begin), uint64(b.End - b.Begin), b.Updates, b.NodeCells, b.LinkCells, b.Events, b.States, b.Transfers} {
		out = binary.AppendUvarint(out, v)
	}
	for _, v := range [...]record.Time{b.Begin - b.First, b.MinLeft, b.MaxLeft} {
		out = binary.AppendVarint(out, int64(v))
	}
	return out
}
