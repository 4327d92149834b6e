package coding

import "fmt"

// Generation names a block of source packets that are coded together, and gives its shape. Both are in the header of
// every packet, so that a relay or receiver learns them from the first one that arrives.
type Generation struct {
	// Stream tells apart what several sources send in one application. It is the users' to choose.
	Stream uint32
	// ID numbers the generations of a stream.
	ID uint32
	// K is the number of source packets, from MinK to MaxK.
	K int
	// Size is the length in bytes of every source packet but the last, from 1 to MaxSize, and of every coded payload.
	Size int
	// Last is the length in bytes of the last source packet, from 1 to Size. It is coded as if zeros followed.
	Last int
}

// Check tells whether the shape is within the limits. The error wraps [ErrShape].
func (g Generation) Check() error {
	if g.K < MinK || g.K > MaxK || g.Size < 1 || g.Size > MaxSize || g.Last < 1 || g.Last > g.Size {
		return fmt.Errorf("%w: generation of %d packets of %d bytes, the last of %d: need %d to %d packets of 1 to %d bytes, the last no longer",
			ErrShape, g.K, g.Size, g.Last, MinK, MaxK, MaxSize)
	}
	return nil
}

// PacketSize is the length in bytes of source packet i.
func (g Generation) PacketSize(i int) int {
	if i == g.K-1 {
		return g.Last
	}
	return g.Size
}

// Bytes is the length of all source packets together.
func (g Generation) Bytes() int { return (g.K-1)*g.Size + g.Last }

// SourceLen is the length in bytes of source packet i with its header.
func (g Generation) SourceLen(i int) int { return headerLen + g.PacketSize(i) }

// SeededLen is the length in bytes of a coded packet that carries a seed, as encoders make them.
func (g Generation) SeededLen() int { return seededLen + g.Size }

// VectorLen is the length in bytes of a coded packet that carries its coefficients, as recoders make them.
func (g Generation) VectorLen() int { return headerLen + g.K + g.Size }

// Split cuts buf into the generation's packets, one behind the other, and appends them to dst. Use it to code a block
// of a file in place, or to make the buffers of a decoder: what is decoded into them is the block again. The error
// wraps [ErrBuffer] if buf has fewer than Bytes bytes.
//
// Packets whose size is a multiple of 4096 bytes compete for the same few lines of the cache when they lie side by
// side; a size a little above or below is faster.
func (g Generation) Split(dst [][]byte, buf []byte) ([][]byte, error) {
	if err := g.Check(); err != nil {
		return dst, err
	}
	if len(buf) < g.Bytes() {
		return dst, fmt.Errorf("%w: %d bytes for a generation of %d", ErrBuffer, len(buf), g.Bytes())
	}
	for i := range g.K {
		n := g.PacketSize(i)
		dst = append(dst, buf[:n:n])
		buf = buf[n:]
	}
	return dst, nil
}

func (g Generation) mustBe(of Generation) error {
	if g == of {
		return nil
	}
	return fmt.Errorf("%w: %+v where %+v is coded", ErrGeneration, g, of)
}

// checkPackets tells whether packets are the generation's source packets by their number and lengths.
func (g Generation) checkPackets(packets [][]byte) error {
	if len(packets) != g.K {
		return fmt.Errorf("%w: %d packets for a generation of %d", ErrShape, len(packets), g.K)
	}
	for i, p := range packets {
		if len(p) != g.PacketSize(i) {
			return fmt.Errorf("%w: packet %d has %d bytes, not %d", ErrShape, i, len(p), g.PacketSize(i))
		}
	}
	return nil
}
