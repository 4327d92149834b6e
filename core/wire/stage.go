package wire

import (
	"github.com/ioverlay/ioverlay/bufpool"
)

// Stage is the slab that all links of one event loop read into, one after another. That is why an idle link
// owns no slab, and why a loop whose messages leave at once reads into the same few cache-hot kilobytes all
// the time. A Stage belongs to its loop and is not safe for concurrent use; the chunks cut from it may go
// anywhere.
//
//	|  given out as chunks, others may hold them  |  carried  |  next read  |   free    |
//	0                                         cursor                                  size
type Stage struct {
	pool   *bufpool.Pool
	slab   *bufpool.Slab // nil until first needed; the stage owns one reference
	buf    []byte        // slab.Bytes()
	cursor int           // bytes before it have been given out since the slab was last empty
	asker  *Framer       // whose Space was the last one and has not been Filled; it owns what lies behind cursor
}

// Chunk is a piece of a slab. Its receiver owns one reference on Slab.
type Chunk struct {
	Slab *bufpool.Slab
	Off  uint32 // first byte
	Len  uint32 // bytes
}

// Bytes returns the chunk's bytes, which alias the slab; nil for the zero Chunk.
func (c Chunk) Bytes() []byte {
	if c.Slab == nil {
		return nil
	}
	end := c.Off + c.Len
	return c.Slab.Bytes()[c.Off:end:end]
}

// NewStage returns a stage that takes slabs from p, standard ones unless frames are longer. It holds none until a Framer asks for space.
func NewStage(p *bufpool.Pool) *Stage { return &Stage{pool: p} }

// Close lets go of the stage's slab. Chunks cut from it stay valid, and the stage can be used again.
func (s *Stage) Close() {
	if s.slab != nil {
		s.slab.Release()
	}
	s.slab, s.buf, s.cursor, s.asker = nil, nil, 0, nil
}

// reserve makes room at the cursor: for carried bytes and at least one more, and if it can be had for want bytes in a
// row, carried ones included. More than a standard slab has is wanted only for links that have brought such frames. carried
// is at most carryMax. On error, which wraps bufpool.ErrBudget, the stage is as it was.
func (s *Stage) reserve(carried, want int) error {
	size := max(want, s.pool.SlabSize())
	if s.slab != nil && len(s.buf) >= want {
		switch {
		case !s.slab.Unique():
		case len(s.buf) < 2*size:
			s.cursor = 0 // nobody looks at the bytes any more: read over them while the cache has them
			return nil
		default:
			s.Close() // large frames have passed: back to what stays in the cache
		}
	}
	room := len(s.buf) - s.cursor
	if s.slab != nil && room >= max(want, len(s.buf)/4) {
		return nil
	}
	fresh, err := s.pool.GetSize(size)
	if err != nil {
		if room > carried {
			return nil // make do with what is left
		}
		return noSlab(err)
	}
	s.Close()
	s.slab, s.buf = fresh, fresh.Bytes()
	return nil
}

// carryMax is the longest unfinished tail that is copied in front of a read, in bytes. It leaves room for the read
// even in the quarter of a slab that reserve is content with.
func (s *Stage) carryMax() int { return min(carryMax, s.pool.SlabSize()/8) }

// take cuts n bytes at the cursor and gives the caller a reference on them.
func (s *Stage) take(n int) Chunk {
	c := Chunk{Slab: s.slab, Off: uint32(s.cursor), Len: uint32(n)}
	s.slab.Retain()
	s.cursor += n
	return c
}
