package codingbench

import (
	"bytes"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// sender and forwarder pass on what comes.
type forwarder struct {
	algos.Base
	to core.NodeID
}

// Process implements core.Algorithm.
func (f *forwarder) Process(m *core.Msg) core.Verdict {
	if m.Type() != netcode.TypeCoded {
		return f.Base.Process(m)
	}
	f.Send(m, f.to)
	return core.Done
}

// sampleEvery is how many generations there are for each one that the receiver decodes:
// so few that it costs the chain nothing that shows.
const sampleEvery = 256

// receiver counts what comes, and decodes a generation now and then. It belongs to its
// node's loop.
type receiver struct {
	algos.Base
	block *block
	count Count

	dec  coding.Decoder
	kept []*core.Msg
	bufs [][]byte
}

// Count is what a receiver has seen.
type Count struct {
	Packets    uint64
	Sampled    uint64 // packets of generations that were looked at
	Innovative uint64 // of them
	Decoded    uint64 // generations, of those that were looked at
	Wrong      uint64 // packets decoded that are not what was coded
}

// Process implements core.Algorithm.
func (r *receiver) Process(m *core.Msg) core.Verdict {
	if m.Type() != netcode.TypeCoded {
		return r.Base.Process(m)
	}
	r.count.Packets++
	b := m.Payload()
	id := uint32(b[4])<<24 | uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7])
	if id%sampleEvery == 0 {
		r.sample(m, id)
	}
	return core.Done
}

// sample takes a packet of a generation that is looked at.
func (r *receiver) sample(m *core.Msg, id uint32) {
	if g := r.dec.Generation(); g.K == 0 || g.ID != id {
		r.drop()
		next := r.block.gen
		next.ID = id
		if err := r.dec.Reset(next); err != nil {
			r.count.Wrong++
			return
		}
	}
	r.count.Sampled++
	res, err := r.dec.Add(m.Payload())
	switch {
	case err != nil:
		r.count.Wrong++
		return
	case res != coding.Innovative:
		return
	}
	r.count.Innovative++
	r.Retain(m)
	r.kept = append(r.kept, m)
	if r.dec.Complete() {
		r.check()
	}
}

// check decodes the generation and compares it with what was coded.
func (r *receiver) check() {
	if r.bufs == nil {
		for range r.block.gen.K {
			r.bufs = append(r.bufs, make([]byte, r.block.gen.Size))
		}
	}
	if err := r.dec.Decode(r.bufs); err != nil {
		r.count.Wrong++
	}
	for i, want := range r.block.sources {
		if !bytes.Equal(r.dec.Packet(i), want) {
			r.count.Wrong++
		}
	}
	r.count.Decoded++
	r.drop()
}

func (r *receiver) drop() {
	for i, m := range r.kept {
		r.Release(m)
		r.kept[i] = nil
	}
	r.kept = r.kept[:0]
}
