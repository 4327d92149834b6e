// Package bufpool hands out slabs: pooled, reference-counted blocks of bytes.
//
// A link reads from its socket into a slab, messages are views of it, and every queue or algorithm that keeps a view
// owns one reference. Whoever drops the last reference gives the block back to the pool. Nothing is copied and nothing
// is zeroed: the bytes of a slab just taken are whatever its last user left.
//
// Rules of ownership:
//
//   - Get and GetSize return a slab with one reference, which the caller owns.
//   - To pass a slab on and keep it, Retain first; to pass it on and forget it, pass the reference along.
//   - Every reference is released exactly once, on any goroutine. After its release a holder must not touch Bytes.
//   - Bytes that another holder may be reading must not be overwritten. The unwritten rest of a slab belongs to the
//     one who fills it; Unique tells him that nobody else holds the slab, so that he may start it afresh.
//
// The package has two builds. The plain one counts with one atomic and nothing else. The tracing one (under -race, or
// with the build tag slabdebug) records who took, retained and released each slab, fills released blocks with 0xDB,
// and panics with the history when a block is used or written after its release; see Tracing and package slabtest.
package bufpool
