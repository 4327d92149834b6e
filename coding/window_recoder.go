package coding

import (
	"fmt"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// What a relay makes of what its WindowDecoder holds. Any sum of rows of the elimination is a packet of the stream, whose
// coefficients no seed gives: it carries them (KindWindowVector). So a relay passes on what it cannot solve itself.

// VectorLen is the length in bytes of a recoded packet of count packets of the stream.
func (s Stream) VectorLen(count int) int { return windowVectorLen + count + s.Size }

// Known reports whether packet seq is at hand as it is: delivered and not yet forgotten, or ahead of a gap.
func (d *WindowDecoder) Known(seq uint64) bool {
	return d.holds(seq) && d.elim.state[d.col(seq)] == colSolved
}

// holds reports whether a number is one that there is a column for.
func (d *WindowDecoder) holds(seq uint64) bool {
	return d.stream.Size > 0 && seq >= d.oldest() && seq < d.next+uint64(d.stream.Window)
}

// Source writes packet seq with its header into dst, and returns the length of both. The error wraps [ErrIncomplete] if the
// packet is not known, or [ErrBuffer].
func (d *WindowDecoder) Source(dst []byte, seq uint64) (int, error) {
	if !d.Known(seq) {
		return 0, fmt.Errorf("%w: packet %d is not known", ErrIncomplete, seq)
	}
	if err := room(dst, d.stream.SourceLen()); err != nil {
		return 0, err
	}
	d.stream.put(dst, KindWindowSource, seq)
	return windowSourceLen + copy(dst[windowSourceLen:], d.elim.bufs[d.col(seq)]), nil
}

// Rank is how many independent sums of packets from number first to below end are at hand, which have no part in any other,
// and the numbers that these span, from and to below to. With a rank of 0 both are first.
func (d *WindowDecoder) Rank(first, end uint64) (from, to uint64, rank int) {
	from, to = first, first
	if d.stream.Size == 0 {
		return from, to, 0
	}
	first, end = max(first, d.oldest()), min(end, d.end)
	for seq := first; seq < end; seq++ {
		if d.within(seq, end) {
			if rank == 0 {
				from = seq
			}
			rank++
		}
	}
	if rank > 0 {
		to = end
	}
	return from, to, rank
}

// within reports whether there is a row that begins with a number and has no part in any from end on.
func (d *WindowDecoder) within(seq, end uint64) bool {
	col := d.col(seq)
	switch d.elim.state[col] {
	case colFree:
		return false
	case colSolved:
		return true
	}
	row := d.elim.rowOf(col)
	for n := end; n < d.end; n++ {
		if row[d.col(n)] != 0 {
			return false
		}
	}
	return true
}

// Recode writes a random sum of what is at hand of packets first to below end into dst, and returns its length, the stream's
// VectorLen of end - first. Rank says which numbers there are; seed decides the sum. The error wraps [ErrIncomplete] if
// nothing is at hand, [ErrShape] for more packets than a window has, or [ErrBuffer].
func (d *WindowDecoder) Recode(dst []byte, first, end uint64, seed uint32) (int, error) {
	if d.stream.Size == 0 || end <= first || end-first > uint64(d.stream.Window) || first < d.oldest() || end > d.end {
		return 0, fmt.Errorf("%w: recode packets %d to below %d", ErrShape, first, end)
	}
	count := int(end - first)
	if err := room(dst, d.stream.VectorLen(count)); err != nil {
		return 0, err
	}
	j, n := &d.elim, 0
	for seq := first; seq < end; seq++ {
		if d.within(seq, end) {
			j.srcs[n] = j.bufs[d.col(seq)]
			n++
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("%w: nothing to recode of packets %d to below %d", ErrIncomplete, first, end)
	}
	Code{}.Coefficients(j.coefs[:n], seed)
	coefs, payload := d.stream.putVector(dst, first, count)
	clear(coefs)
	i := 0
	for seq := first; seq < end; seq++ {
		if !d.within(seq, end) {
			continue
		}
		c, col := j.coefs[i], d.col(seq)
		i++
		if j.state[col] == colSolved {
			coefs[seq-first] ^= c
			continue
		}
		// The row is a ring: what is at its end belongs to the first numbers, or to the last.
		row, at := j.rowOf(col), d.col(first)
		head := min(count, j.cols-at)
		gf.MulAdd(coefs[:head], row[at:at+head], c)
		if head < count {
			gf.MulAdd(coefs[head:], row[:count-head], c)
		}
	}
	gf.Dot(payload, j.srcs[:n], j.coefs[:n])
	return d.stream.VectorLen(count), nil
}

// putVector writes the header of a recoded packet but for its coefficients, and returns these and its payload. dst has
// room for all of it.
func (s Stream) putVector(dst []byte, first uint64, count int) (coefs, payload []byte) {
	s.put(dst, KindWindowVector, first)
	dst[16], dst[17], dst[18], dst[19] = byte(count-1), 0, 0, 0
	body := dst[windowVectorLen : windowVectorLen+count+s.Size]
	return body[:count], body[count:]
}
