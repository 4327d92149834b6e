package bufpool

import "math/bits"

// Every limit of the package is here.
const (
	// MinBlock is the smallest block, in bytes. Smaller ones would not save memory: the slab's own record takes about
	// a quarter of that, and a control message with a short payload needs a few hundred bytes.
	MinBlock = 1 << minBlockBits

	// MaxBlock is the largest block, in bytes. A frame is at most 24 bytes of header and, by default, 1 MiB of
	// payload, which just misses the 1 MiB class.
	MaxBlock = 1 << maxBlockBits

	// MaxSize is the most bytes that GetSize can give.
	MaxSize = MaxBlock - skew

	// DefaultSlabSize is the usable size of a standard slab, in bytes: a block of 128 KiB. Measured: at 32 KiB the
	// system calls show, at 256 KiB the bytes no longer stay in a core's second-level cache.
	DefaultSlabSize = 128<<10 - skew

	// DefaultBudget bounds the bytes of blocks that callers hold, so that a mistake or a flood ends in ErrBudget
	// rather than in the machine's memory: 8192 standard slabs.
	DefaultBudget int64 = 1 << 30

	// DefaultMaxIdle bounds the bytes of released blocks kept for reuse: 512 standard slabs, enough for the slabs that
	// a burst on some hundred links returns at once, small beside what a process of that size uses anyway.
	DefaultMaxIdle int64 = 64 << 20

	// KeepNone as Options.MaxIdle gives every released block to the garbage collector.
	KeepNone int64 = -1
)

const (
	minBlockBits = 9
	maxBlockBits = 21
	numClasses   = maxBlockBits - minBlockBits + 1

	// Blocks this big start on a page, since Go's allocator gives them whole pages. On AMD Zen 3 and Zen 4 the copy
	// instruction that kernels use (rep movsb) is about 15 times slower when its destination lies 1 to 15 bytes ahead
	// of its source modulo 4096, and reading sockets into page-aligned blocks lands there. So the usable bytes of such
	// a block begin skew bytes into it.
	skewedBits = 16
	skew       = 512
)

// A class is a size of blocks: class c has blocks of MinBlock<<c bytes.
type class uint8

// block is the size of the class's blocks, in bytes: what they cost and what budgets count.
func (c class) block() int { return MinBlock << c }

// offset is where in its block a slab's usable bytes begin.
func (c class) offset() int {
	if c.block() >= 1<<skewedBits {
		return skew
	}
	return 0
}

// usable is the number of bytes that a slab of the class offers.
func (c class) usable() int { return c.block() - c.offset() }

// classFor is the smallest class whose slabs hold n bytes; false if none does.
func classFor(n int) (class, bool) {
	if n > MaxSize {
		return 0, false
	}
	if n <= MinBlock {
		return 0, true
	}
	c := class(bits.Len(uint(n-1)) - minBlockBits)
	if n > c.usable() {
		c++
	}
	return c, true
}
