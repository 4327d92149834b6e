package wire

import (
	"fmt"

	"github.com/ioverlay/ioverlay/bufpool"
)

// Keep takes back the chunk that Filled returned, less the whole frames at its start that the caller has consumed
// (Off moved up, Len down by as much), and with it the caller's reference on the slab. It never fails and
// never loses bytes of a sound stream: if the pool refuses memory to copy the rest to, the rest stays
// where it is and keeps its slab alive. Keep panics if c is not such a rest, or still starts with a whole frame.
func (f *Framer) Keep(c Chunk) {
	f.checkKeep(c)
	total, err := Peek(c.Bytes(), f.maxPayload())
	if total != 0 && total <= int(c.Len) {
		panic(fmt.Sprintf("wire: Framer.Keep got a whole frame of %d bytes; only an unfinished rest can be kept", total))
	}
	stage, onlyOld, inBlock := f.stage, f.copied && c.Len == f.chunk.Len, f.state == lentBlock
	f.stage, f.chunk, f.copied = nil, Chunk{}, false
	f.have, f.need = c.Len, uint32(total)
	switch {
	case c.Len == 0:
		f.state = empty
		c.Slab.Release()
	case err != nil:
		f.state, f.have, f.broken = broken, 0, err
		c.Slab.Release()
	case c.Len < HeaderSize:
		f.state = small
		copy(f.small[:], c.Bytes())
		c.Slab.Release()
	case inBlock:
		f.state, f.block = assembling, c.Slab
	default:
		f.state, f.block, f.off = carried, c.Slab, c.Off
		f.moveOut(stage, onlyOld)
	}
	f.invariants()
}

// checkKeep panics unless c is a rest of what Filled returned.
func (f *Framer) checkKeep(c Chunk) {
	if f.state != lent && f.state != lentBlock {
		panic("wire: Framer.Keep without Filled")
	}
	from, end := f.chunk.Off, f.chunk.Off+f.chunk.Len
	if c.Slab != f.chunk.Slab || c.Len > f.chunk.Len || c.Off < from || c.Off+c.Len != end {
		panic(fmt.Sprintf("wire: Framer.Keep got bytes %d to %d, which are no rest of the bytes %d to %d that Filled returned",
			c.Off, c.Off+c.Len, from, end))
	}
	if f.state == lentBlock && c.Len != 0 && c.Len != f.chunk.Len {
		panic("wire: Framer.Keep got part of an unfinished frame; only whole frames can be consumed")
	}
}

// moveOut copies carried bytes out of the stage's slab, so that it is let go of. If the pool refuses they stay where
// they are, and a later Space goes on from there.
//
// A short rest goes to a small block, to be copied in front of the next read. A long one goes to an assembly block,
// and so does one that was kept before and is still not finished (onlyOld): that link is slow, and copying the rest
// to and fro at every read would cost more than a block in which reading goes on.
func (f *Framer) moveOut(s *Stage, onlyOld bool) {
	if f.adopt(s) {
		return
	}
	if onlyOld || int(f.have) > s.carryMax() {
		_ = f.assemble(s.pool) // refused, which is for Space to report
		return
	}
	_ = f.move(s.pool, int(f.have)) // likewise
}

// wholeShare is the part of a frame that must be there before a link that is proven gets room for all of it.
const wholeShare = 8

// adopt lets reading go on where the bytes are, if they begin a slab of the stage's that has room for their whole frame; the
// stage takes another one.
func (f *Framer) adopt(s *Stage) bool {
	if s.slab != f.block || f.off != 0 || f.have < f.need/wholeShare || !f.proven() || int(f.need) > len(s.buf) || len(s.buf) <= s.pool.SlabSize() {
		return false
	}
	s.Close()
	f.state = assembling
	return true
}

// assemble moves the unfinished bytes to the start of a block of their own, with room for as many again or, if
// that is less, for the whole frame, and lets reading go on there. So a peer is never given much more memory than it
// has filled, or has shown to fill. On error nothing has changed.
func (f *Framer) assemble(p *bufpool.Pool) error {
	size := 2 * int(f.have)
	if f.proven() && f.have >= f.need/wholeShare {
		size = int(f.need)
	}
	err := f.move(p, min(int(f.need), size))
	if err == nil {
		f.state = assembling
	}
	return err
}

// move copies the unfinished bytes to the start of a new block of at least size bytes. On error nothing has changed.
func (f *Framer) move(p *bufpool.Pool, size int) error {
	block, err := p.GetSize(size)
	if err != nil {
		return noSlab(err)
	}
	copy(block.Bytes(), f.kept())
	f.block.Release()
	f.block, f.off = block, 0
	return nil
}
