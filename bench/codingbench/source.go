package codingbench

import (
	"fmt"
	"math/rand/v2"

	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// app is the application of the chain.
const app = 1

// block is what every generation holds: random bytes, the same in all, so that packets can
// be made once.
type block struct {
	gen     coding.Generation
	sources [][]byte
	coded   [][]byte // K dense packets with their coefficients
}

func newBlock(k, size int) (*block, error) {
	b := &block{gen: coding.Generation{K: k, Size: size, Last: size}}
	rng := rand.New(rand.NewPCG(1, 2))
	for range k {
		p := make([]byte, size)
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		b.sources = append(b.sources, p)
	}
	var enc coding.Encoder
	if err := enc.Reset(b.gen, b.sources); err != nil {
		return nil, err
	}
	var rank coding.Decoder
	if err := rank.Reset(b.gen); err != nil {
		return nil, err
	}
	coefs := make([]byte, k)
	for !rank.Complete() {
		for i := range coefs {
			coefs[i] = byte(rng.Uint32())
		}
		p := make([]byte, b.gen.VectorLen())
		if _, err := enc.Combine(p, coefs); err != nil {
			return nil, err
		}
		if r, err := rank.Add(p); err != nil {
			return nil, err
		} else if r == coding.Innovative {
			b.coded = append(b.coded, p)
		}
	}
	return b, nil
}

// source sends a block's coded packets again and again, each time as another generation.
// The slabs are laid out once; a packet that is sent again gets another number.
type source struct {
	block *block
	per   int       // packets in a slab
	parts [][]*mold // of a generation: slabs laid out for it
	id    uint32
	part  int
}

// mold is a slab laid out as some of a generation's packets.
type mold struct {
	slab  *bufpool.Slab
	count int
}

// mostMolds bounds how often a part of a generation is laid out. As many are in use as the
// chain has generations under way.
const mostMolds = 16

// Produce implements core.Source.
func (s *source) Produce(n *core.Node) core.Supply {
	m, err := s.take(n)
	if err != nil {
		return core.Supply{Wake: n.Now() + 100_000} // all are under way: again in 100 µs
	}
	frame := wire.HeaderSize + s.block.gen.VectorLen()
	const idAt = wire.HeaderSize + 4 // of the generation's number in a packet (docs/coding.md)
	for i := range m.count {
		b := m.slab.Bytes()[i*frame:]
		b[idAt], b[idAt+1], b[idAt+2], b[idAt+3] = byte(s.id>>24), byte(s.id>>16), byte(s.id>>8), byte(s.id)
	}
	if s.part++; s.part == len(s.parts) {
		s.part, s.id = 0, s.id+1
	}
	m.slab.Retain()
	return core.Supply{Run: core.Run{Slab: m.slab, Len: uint32(m.count * frame), Msgs: uint32(m.count)}}
}

// errBusy means that all molds of a part are under way.
var errBusy = fmt.Errorf("all slabs are under way")

func (s *source) take(n *core.Node) (*mold, error) {
	if s.parts == nil {
		frame := wire.HeaderSize + s.block.gen.VectorLen()
		s.per = min(max(n.Pool().SlabSize()/frame, 1), (s.block.gen.K+1)/2)
		s.parts = make([][]*mold, (s.block.gen.K+s.per-1)/s.per)
	}
	for _, m := range s.parts[s.part] {
		if m.slab.Unique() {
			return m, nil
		}
	}
	if len(s.parts[s.part]) == mostMolds {
		return nil, errBusy
	}
	return s.lay(n)
}

func (s *source) lay(n *core.Node) (*mold, error) {
	first := s.part * s.per
	m := &mold{count: min(s.per, s.block.gen.K-first)}
	size := s.block.gen.VectorLen()
	slab, err := n.Pool().GetSize(m.count * (wire.HeaderSize + size))
	if err != nil {
		return nil, err
	}
	m.slab = slab
	b := slab.Bytes()
	for _, p := range s.block.coded[first : first+m.count] {
		wire.PutHeader(b, wire.Header{Type: netcode.TypeCoded, Sender: n.ID(), App: app, Size: size})
		copy(b[wire.HeaderSize:], p)
		b = b[wire.HeaderSize+size:]
	}
	s.parts[s.part] = append(s.parts[s.part], m)
	return m, nil
}

// Close implements core.Source.
func (s *source) Close() {
	for _, ms := range s.parts {
		for _, m := range ms {
			m.slab.Release()
		}
	}
	s.parts = nil
}
