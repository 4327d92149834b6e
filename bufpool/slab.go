package bufpool

import "golang.org/x/sys/cpu"

// A Slab is a block of bytes and the count of those who hold it. Its methods are safe for concurrent use; its bytes
// are not, see the package's rules of ownership.
type Slab struct {
	refs  refcount
	class class
	bytes []byte // the usable part of the block
	pool  *Pool

	// The neighbours in the list that the slab is in: its class's free list, guarded by Pool.mu, while it is idle;
	// heldSet's while it is held (tracing build).
	above, below *Slab
	idleSince    uint64 // Pool.clock when it was released; guarded by Pool.mu

	// Slabs in use on different cores must not share a cache line for their counts.
	_ cpu.CacheLinePad
}

// newSlab allocates a slab of class c with no reference.
func newSlab(p *Pool, c class) *Slab {
	block := make([]byte, c.block())
	s := &Slab{pool: p, class: c, bytes: block[c.offset():]}
	s.poison()
	return s
}

// Bytes is the whole usable block. The slice is the same for the slab's life, and must not be used after the caller's
// reference is released.
func (s *Slab) Bytes() []byte {
	s.mustBeHeld("Bytes")
	return s.bytes
}

// Retain adds a reference, which its owner must Release. Only one who holds a reference, or is called by one who does,
// may add another; Retain of a slab that nobody holds panics.
func (s *Slab) Retain() { s.retain() }

// Release drops a reference. With the last one the slab goes back to its pool. Release of a slab that nobody holds
// panics.
func (s *Slab) Release() {
	if s.release() {
		s.pool.put(s)
	}
}

// Unique says whether the slab has exactly one reference, so that whoever owns it may overwrite the bytes. Only the
// owner of a reference can rely on the answer: nobody else can then add one.
func (s *Slab) Unique() bool { return s.unique() }
