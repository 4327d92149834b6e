package coding

import (
	"encoding/binary"
	"fmt"
)

// Scheme is how the coefficients of a coded packet are chosen.
type Scheme uint8

// The schemes, with their numbers in the header.
const (
	// Dense draws every coefficient from all 256: the best chance that a packet is innovative.
	Dense Scheme = iota
	// Sparse draws Weight coefficients other than 0 at random places: cheaper to encode, more often redundant.
	Sparse
	// Band draws Weight coefficients other than 0 side by side, going on at the front when they reach the end: cheap,
	// friendly to caches, and packets become decodable before the generation is complete.
	Band
)

func (s Scheme) String() string {
	switch s {
	case Dense:
		return "dense"
	case Sparse:
		return "sparse"
	case Band:
		return "band"
	}
	return fmt.Sprintf("scheme(%d)", uint8(s))
}

// Code is a choice of coefficients. The zero value is dense.
type Code struct {
	Scheme Scheme
	// Weight is how many coefficients are not 0, from 1 up to the number of packets combined; more counts as that
	// many. Dense codes have none and leave it 0.
	Weight int
}

// check tells a code that can be written into a header.
func (c Code) check() error {
	switch {
	case c.Scheme == Dense && c.Weight == 0:
	case (c.Scheme == Sparse || c.Scheme == Band) && c.Weight >= 1 && c.Weight <= MaxK:
	default:
		return fmt.Errorf("%w: no code with scheme %v and weight %d: dense takes weight 0, sparse and band 1 to %d", ErrShape, c.Scheme, c.Weight, MaxK)
	}
	return nil
}

// Coefficients writes the coefficients that seed stands for into dst, one for each packet combined. They are never
// all 0. The code must be one that a header can carry; Parse lets no other through.
func (c Code) Coefficients(dst []byte, seed uint32) {
	r := splitMix{uint64(seed)}
	switch c.Scheme {
	case Sparse:
		r.sparse(dst, min(c.Weight, len(dst)))
	case Band:
		r.band(dst, min(c.Weight, len(dst)))
	default:
		r.dense(dst)
	}
}

// dense takes the bytes of each draw from the lowest up.
func (r *splitMix) dense(dst []byte) {
	if len(dst) == 0 {
		return
	}
	rest := dst
	var all uint64
	for ; len(rest) >= 8; rest = rest[8:] {
		z := r.next()
		all |= z
		binary.LittleEndian.PutUint64(rest, z)
	}
	if len(rest) > 0 {
		for i, z := 0, r.next(); i < len(rest); i, z = i+1, z>>8 {
			rest[i] = byte(z)
			all |= z & 0xff
		}
	}
	if all == 0 {
		dst[0] = 1 // a packet of nothing would be a packet for nothing
	}
}

// sparse chooses places by selection sampling (Knuth, volume 2, algorithm S): every set of weight places is equally
// likely, and no list of the places is needed.
func (r *splitMix) sparse(dst []byte, weight int) {
	for i := range dst {
		dst[i] = 0
		if r.below(len(dst)-i) < weight {
			dst[i] = r.nonZero()
			weight--
		}
	}
}

func (r *splitMix) band(dst []byte, weight int) {
	clear(dst)
	if len(dst) == 0 {
		return
	}
	at := r.below(len(dst))
	for range weight {
		dst[at] = r.nonZero()
		if at++; at == len(dst) {
			at = 0
		}
	}
}
