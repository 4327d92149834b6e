package codes

import (
	"bytes"

	"github.com/ioverlay/ioverlay/coding/gf"
)

// band decodes perpetual codes, whose rows have few coefficients side by side: elimination from
// the left keeps them so, and costs a few sums of payloads for each packet, not K.
//
// Rows that go on at the front would fill up if they came early. They wait until the others
// and they could be enough.
type band struct {
	c       *linear
	size    int
	rows    []bandRow // by pivot; without coefs: none yet
	have    int
	waiting []bandRow
}

// bandRow is a packet in the making: its first coefficient that is not 0 is at its pivot, and
// all from end on are 0.
type bandRow struct {
	coefs   []byte
	end     int
	payload []byte
}

func newBand(c *linear, size int) Decoder {
	return &band{c: c, size: size, rows: make([]bandRow, c.k)}
}

// Complete implements Decoder.
func (b *band) Complete() bool { return b.have == b.c.k }

// Add implements Decoder. It copies the packet, which it changes.
func (b *band) Add(packet []byte) (bool, error) {
	number, payload, err := readHeader(packet, b.size)
	if err != nil {
		return false, err
	}
	row := make([]byte, b.c.k)
	if err := b.c.coefficients(row, number); err != nil {
		return false, err
	}
	if b.Complete() {
		return false, nil
	}
	r := bandRow{coefs: row, end: len(bytes.TrimRight(row, "\x00")), payload: bytes.Clone(payload)}
	if r.end == b.c.k && row[0] != 0 {
		b.waiting = append(b.waiting, r)
	} else if !b.insert(r) {
		return false, nil
	}
	if b.have+len(b.waiting) >= b.c.k {
		for _, r := range b.waiting {
			b.insert(r)
		}
		b.waiting = b.waiting[:0]
	}
	return true, nil
}

// insert clears a row in the pivots of others, from the left, until it has one of its own. It reports whether
// there was one.
func (b *band) insert(r bandRow) bool {
	for p := 0; p < r.end; p++ {
		c := r.coefs[p]
		if c == 0 {
			continue
		}
		o := &b.rows[p]
		if o.coefs == nil {
			inverse := gf.Inv(c)
			gf.MulSlice(r.coefs[p:r.end], r.coefs[p:r.end], inverse)
			gf.MulSlice(r.payload, r.payload, inverse)
			*o = r
			b.have++
			return true
		}
		r.end = max(r.end, o.end)
		gf.MulAdd(r.coefs[p:r.end], o.coefs[p:r.end], c)
		gf.MulAdd(r.payload, o.payload, c)
	}
	return false
}

// Decode implements Decoder.
func (b *band) Decode(dst [][]byte) error {
	if !b.Complete() {
		return ErrIncomplete
	}
	if err := checkRoom(dst, b.c.k, b.size); err != nil {
		return err
	}
	var sources [][]byte
	var coefs []byte
	for p := b.c.k - 1; p >= 0; p-- {
		r := &b.rows[p]
		copy(dst[p], r.payload)
		if p+1 < r.end {
			if sources, coefs = gather(sources[:0], coefs[:0], dst[p+1:], r.coefs[p+1:r.end]); len(sources) > 0 {
				gf.DotAdd(dst[p], sources, coefs)
			}
		}
	}
	return nil
}
