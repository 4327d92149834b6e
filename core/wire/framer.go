package wire

import (
	"fmt"

	"github.com/ioverlay/ioverlay/bufpool"
)

// Framer puts one connection's byte stream together so that every frame lies in one piece, copying only the
// unfinished end of what was read. The zero value, with MaxPayload set if need be, is ready. A turn of the loop
// is:
//
//	space, err := f.Space(stage, limit)   // where to read
//	n, err := read(fd, space)             // nothing read: forget about it, no call is owed
//	c := f.Filled(stage, n)               // all bytes not yet consumed; now the caller's reference
//	...                                   // for each whole frame that Peek finds: f.NoteFrame, use it
//	f.Keep(rest of c)                     // the unfinished rest, and the reference with it
//
// Filled and Keep may be far apart in time (back-pressure); Space must not be called between them. A Framer belongs
// to one loop, like its Stage.
type Framer struct {
	// MaxPayload is the largest payload in bytes that the connection may carry; 0 means DefaultMaxPayload.
	MaxPayload int

	block  *bufpool.Slab // states carried and assembling: where the bytes are, one reference
	stage  *Stage        // state lent: whose loop it is
	chunk  Chunk         // state lent: what Filled handed out; the reference is the caller's
	broken error         // state broken: what is wrong with the stream

	off   uint32 // state carried: where in block the bytes start; else 0
	have  uint32 // how many bytes of an unfinished frame are kept
	need  uint32 // whole length of that frame; 0 while its header is not complete
	last  uint32 // length of the last frame that was noted; 0 if none is known
	asked uint32 // bytes that the last Space offered and Filled has not claimed

	state  framerState
	copied bool                 // state lent: the chunk starts with bytes that were kept before
	small  [HeaderSize - 1]byte // state small: the bytes
}

// framerState says where the unfinished bytes are.
type framerState uint8

const (
	empty      framerState = iota // nowhere: nothing is unfinished and no slab is held
	small                         // fewer bytes than a header, in Framer.small
	carried                       // block[off:off+have], to be copied in front of the next read in the stage
	assembling                    // block[:have], and the next read continues behind them
	lent                          // with the caller, between Filled and Keep, in a stage's slab
	lentBlock                     // with the caller, between Filled and Keep, in the assembly block
	broken                        // dropped: they cannot become a frame
)

func (f *Framer) maxPayload() int {
	if f.MaxPayload == 0 {
		return DefaultMaxPayload
	}
	return f.MaxPayload
}

// Space returns where the connection's next read goes: at least 1 and at most limit bytes (limit is positive). The
// space is good until the next call for any connection on the same stage; nothing has to be given back if the
// read finds nothing. If the pool has no slab the error wraps bufpool.ErrBudget and the framer is as it was: try
// again when memory has come back. Any other error wraps ErrTooBig or ErrMalformed and means that Keep was given
// bytes that are no frame's beginning; it is final. Space panics between Filled and Keep.
func (f *Framer) Space(s *Stage, limit int) ([]byte, error) {
	if limit <= 0 || f.MaxPayload < 0 || f.MaxPayload > MaxPayloadLimit {
		panic(fmt.Sprintf("wire: Framer.Space for %d bytes, MaxPayload %d; a paused connection must not ask for space, "+
			"and no slab holds a payload over %d", limit, f.MaxPayload, MaxPayloadLimit))
	}
	switch f.state {
	case lent, lentBlock:
		panic("wire: Framer.Space between Filled and Keep: the unfinished rest has not been handed back")
	case broken:
		return nil, f.broken
	case assembling:
		return f.blockSpace(s, limit)
	case carried:
		if int(f.have) > s.carryMax() {
			// The pool refused an assembly block in Keep. Without one there is nowhere to go on.
			if err := f.assemble(s.pool); err != nil {
				return nil, err
			}
			return f.blockSpace(s, limit)
		}
	}
	return f.stageSpace(s, limit)
}

// stageSpace offers room in the stage, behind room for the bytes that are carried.
func (f *Framer) stageSpace(s *Stage, limit int) ([]byte, error) {
	have := int(f.have)
	want := int(max(f.need, f.last))
	switch {
	case want <= s.pool.SlabSize():
		want = min(want, have+limit)
	case !f.proven():
		want = 0 // such a frame ends in a block of its own anyway
	}
	if err := s.reserve(have, want); err != nil {
		return nil, err
	}
	start := s.cursor + have
	n := f.aligned(min(limit, len(s.buf)-start))
	s.asker, f.asked = f, uint32(n)
	f.invariants()
	s.invariants()
	return s.buf[start : start+n : start+n], nil
}

// proven reports whether the link has brought a whole frame as long as the one that it is in. Then it is
// given that much room at once. The frame before is what counts: a peer cannot have more memory than it uses for long.
func (f *Framer) proven() bool { return f.last >= f.need }

// aligned shortens a read of at most n bytes so that it ends where a frame probably ends: after the pending frame,
// if its length is known, and then after a multiple of the last frame's length. A uniform stream so
// leaves no tail to copy.
func (f *Framer) aligned(n int) int {
	total, base, last := int(f.have)+n, int(f.need), int(f.last)
	if last == 0 || total < base {
		return n
	}
	if end := base + (total-base)/last*last; end > int(f.have) {
		return end - int(f.have)
	}
	return n
}

// blockSpace offers the rest of the assembly block, up to the frame's end. A full block is doubled first.
func (f *Framer) blockSpace(s *Stage, limit int) ([]byte, error) {
	if int(f.have) == len(f.block.Bytes()) {
		if err := f.assemble(s.pool); err != nil {
			return nil, err
		}
	}
	buf := f.block.Bytes()
	end := min(len(buf), int(f.need), int(f.have)+limit)
	s.asker, f.asked = f, uint32(end)-f.have
	f.invariants()
	return buf[f.have:end:end], nil
}

// kept returns the unfinished bytes.
func (f *Framer) kept() []byte {
	if f.block == nil {
		return f.small[:f.have]
	}
	return f.block.Bytes()[f.off : f.off+f.have]
}

// Filled says that n bytes were read into what Space returned last, with no other Space on s in between. It returns
// everything that this connection has not consumed, in stream order and in one piece: the kept bytes and then the
// new ones. The caller owns the chunk's reference until it gives it back with Keep.
func (f *Framer) Filled(s *Stage, n int) Chunk {
	if s.asker != f {
		panic("wire: Framer.Filled without Space, or after another connection's Space on the same stage")
	}
	if n < 0 || n > int(f.asked) {
		panic(fmt.Sprintf("wire: Framer.Filled with %d bytes where Space offered %d", n, f.asked))
	}
	f.copied = f.have > 0
	if f.state == assembling {
		f.chunk = Chunk{Slab: f.block, Len: f.have + uint32(n)}
		f.state = lentBlock
	} else {
		copy(s.buf[s.cursor:], f.kept())
		f.chunk = s.take(int(f.have) + n)
		if f.block != nil {
			f.block.Release()
		}
		f.state = lent
	}
	f.block, f.off, f.have, f.need, f.asked = nil, 0, 0, 0, 0
	f.stage, s.asker = s, nil
	f.invariants()
	s.invariants()
	return f.chunk
}

// NoteFrame tells the framer the length of a frame that the caller has just seen, in bytes. It is a hint by which reads
// are made to end on frame borders, so any number will do; one that no frame can have means that nothing is known.
func (f *Framer) NoteFrame(total int) {
	if total < HeaderSize || total > HeaderSize+MaxPayloadLimit {
		total = 0
	}
	f.last = uint32(total)
}

// Buffered returns how many bytes of an unfinished frame the framer keeps; 0 between Filled and Keep.
func (f *Framer) Buffered() int { return int(f.have) }

// Close lets go of what is kept and makes the framer as new, but for MaxPayload. If it comes between Filled and
// Keep, the chunk stays the caller's, who releases it instead of calling Keep.
func (f *Framer) Close() {
	if f.block != nil {
		f.block.Release()
	}
	*f = Framer{MaxPayload: f.MaxPayload}
}
