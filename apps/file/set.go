package file

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Set is a set of blocks, a bit each. Make it with NewSet.
type Set struct {
	words []uint64
	n     int
	count int
}

// NewSet is an empty set of blocks below n.
func NewSet(n int) *Set { return &Set{words: make([]uint64, (n+63)/64), n: n} }

// Len is of how many blocks it is: those in it are below.
func (s *Set) Len() int { return s.n }

// Count is how many are in it.
func (s *Set) Count() int { return s.count }

// Full reports whether all are in it.
func (s *Set) Full() bool { return s.count == s.n }

// Has reports whether a block is in it; one beyond the length is not.
func (s *Set) Has(i int) bool { return uint(i) < uint(s.n) && s.words[i>>6]>>(i&63)&1 != 0 }

// Add puts a block in, and reports whether that is new. One beyond the length is not taken.
func (s *Set) Add(i int) bool {
	if uint(i) >= uint(s.n) || s.Has(i) {
		return false
	}
	s.words[i>>6] |= 1 << (i & 63)
	s.count++
	return true
}

// Remove takes a block out.
func (s *Set) Remove(i int) {
	if s.Has(i) {
		s.words[i>>6] &^= 1 << (i & 63)
		s.count--
	}
}

// Clear takes all out.
func (s *Set) Clear() {
	clear(s.words)
	s.count = 0
}

// Fill puts all in.
func (s *Set) Fill() {
	for i := range s.words {
		s.words[i] = ^uint64(0)
	}
	if n := s.n & 63; n != 0 {
		s.words[len(s.words)-1] = 1<<n - 1
	}
	s.count = s.n
}

// Next is the first block of the set from i on, and -1 if there is none.
func (s *Set) Next(i int) int {
	return next(i, s.n, func(w int) uint64 { return s.words[w] })
}

// next is the first bit from i on, below n, in words that a function makes, and -1 if there is none.
func next(i, n int, word func(int) uint64) int {
	for w, mask := i>>6, ^uint64(0)<<(i&63); w<<6 < n; w, mask = w+1, ^uint64(0) {
		if at := word(w) & mask; at != 0 {
			if i = w<<6 + bits.TrailingZeros64(at); i < n {
				return i
			}
			return -1
		}
	}
	return -1
}

// Range is blocks in a row.
type Range struct{ First, Count uint32 }

// MaxRanges bounds the ranges of a message: 8 KiB.
const MaxRanges = 1024

// rangeLen is the length of a range: its first block, and how many there are.
const rangeLen = 8

// Ranges appends the first ranges of the set, at most so many.
func (s *Set) Ranges(to []Range, most int) []Range {
	return ranges(to, most, s.n, func(w int) uint64 { return s.words[w] })
}

// lacking appends the first ranges of what is neither in have nor in promised, which are of one length.
func lacking(to []Range, most int, have, promised *Set) []Range {
	return ranges(to, most, have.n, func(w int) uint64 { return ^(have.words[w] | promised.words[w]) })
}

func ranges(to []Range, most, n int, word func(int) uint64) []Range {
	inverse := func(w int) uint64 { return ^word(w) }
	for first := next(0, n, word); first >= 0 && most > 0; most-- {
		end := next(first, n, inverse)
		if end < 0 {
			end = n
		}
		to = append(to, Range{uint32(first), uint32(end - first)})
		first = next(end, n, word)
	}
	return to
}

// putRanges writes ranges, 8 bytes each: the first block and how many there are.
func putRanges(dst []byte, all []Range) {
	for i, r := range all {
		binary.BigEndian.PutUint32(dst[i*rangeLen:], r.First)
		binary.BigEndian.PutUint32(dst[i*rangeLen+4:], r.Count)
	}
}

// checkRanges tells whether bytes are ranges: each behind the one before with a gap, below MaxBlocks, and not too many.
func checkRanges(b []byte) error {
	if len(b)%rangeLen != 0 || len(b) > MaxRanges*rangeLen {
		return fmt.Errorf("%w: %d bytes of ranges: want up to %d of %d", ErrMessage, len(b), MaxRanges, rangeLen)
	}
	least := int64(0)
	for r := range eachRange(b) {
		if int64(r.First) < least || r.Count == 0 || int64(r.First)+int64(r.Count) > MaxBlocks {
			return fmt.Errorf("%w: %d blocks from %d on are out of order", ErrMessage, r.Count, r.First)
		}
		least = int64(r.First) + int64(r.Count) + 1
	}
	return nil
}

// eachRange reads ranges that have been checked.
func eachRange(b []byte) func(func(Range) bool) {
	return func(yield func(Range) bool) {
		for ; len(b) >= rangeLen; b = b[rangeLen:] {
			if !yield(Range{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}) {
				return
			}
		}
	}
}
