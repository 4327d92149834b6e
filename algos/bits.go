package algos

import (
	"encoding/binary"
	"math/bits"

	"github.com/ioverlay/ioverlay/algos/pack"
)

// MaxBits is how many numbers a Bits may be of: as a payload that is 8 KiB.
const MaxBits = 1 << 16

// Bits is a set of numbers from 0 up to a length: the pieces of something that a node has. It is a pack.Body: its
// length, and a byte for eight numbers. The zero value is of no numbers.
type Bits struct {
	set   []byte // number i is bit i%8 of byte i/8; bits beyond the length are 0
	n     int
	count int
}

// NewBits is an empty set of numbers below n, which is from 0 to MaxBits.
func NewBits(n int) Bits {
	if n < 0 || n > MaxBits {
		panic("algos: NewBits with a length below 0 or above MaxBits")
	}
	return Bits{set: make([]byte, (n+7)/8), n: n}
}

// Len is of how many numbers it is: those in it are below.
func (b *Bits) Len() int { return b.n }

// Count is how many are in it.
func (b *Bits) Count() int { return b.count }

// Full reports whether all are in it.
func (b *Bits) Full() bool { return b.count == b.n }

// Has reports whether a number is in it; one beyond the length is not.
func (b *Bits) Has(i int) bool { return uint(i) < uint(b.n) && b.set[i>>3]>>(i&7)&1 != 0 }

// Add puts a number in, and reports whether that is new. One beyond the length is not taken: it may come from a peer.
func (b *Bits) Add(i int) bool {
	if uint(i) >= uint(b.n) || b.Has(i) {
		return false
	}
	b.set[i>>3] |= 1 << (i & 7)
	b.count++
	return true
}

// remove takes a number out that is in it.
func (b *Bits) remove(i int) {
	b.set[i>>3] &^= 1 << (i & 7)
	b.count--
}

// words is how many words it has, and word one of them: 64 numbers, the least of them the lowest bit.
func (b *Bits) words() int { return (len(b.set) + 7) / 8 }

func (b *Bits) word(i int) (w uint64) {
	if rest := b.set[8*i:]; len(rest) >= 8 {
		return binary.LittleEndian.Uint64(rest)
	}
	for k, eight := range b.set[8*i:] {
		w |= uint64(eight) << (8 * k)
	}
	return w
}

// Fields implements pack.Body.
func (b *Bits) Fields(f *pack.Fields) {
	n := uint32(b.n)
	f.Uint32(&n)
	f.Bytes(&b.set)
	if !f.Reading() {
		return
	}
	b.n, b.count = int(n), 0
	for _, eight := range b.set {
		b.count += bits.OnesCount8(eight)
	}
	if n > MaxBits || len(b.set) != (b.n+7)/8 || n%8 != 0 && b.set[len(b.set)-1]>>(n%8) != 0 {
		f.Fail("it is no set of numbers below its length")
		*b = Bits{}
	}
}
