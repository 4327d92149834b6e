package core

import (
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Run is a row of whole frames that lie next to each other in one slab. It is
// the unit in which messages move between rooms: one reference, one iovec and
// one queue entry for a whole burst. Whoever holds a Run owns one reference on
// its slab.
type Run struct {
	Slab *bufpool.Slab
	Off  uint32 // of the first byte in the slab
	Len  uint32 // bytes
	Msgs uint32 // frames
}

// Bytes is the run's part of its slab.
func (r *Run) Bytes() []byte { return r.Slab.Bytes()[r.Off : r.Off+r.Len] }

// end is the offset behind the last byte.
func (r *Run) end() uint32 { return r.Off + r.Len }

// wholeWithin is how many of the run's frames lie whole in its first n bytes, and
// their bytes. It walks them, so it is for a link that broke in the middle of a run.
func (r *Run) wholeWithin(n uint32) (msgs, bytes uint32) {
	for b := r.Bytes()[:n]; len(b) >= wire.HeaderSize && wire.FrameSize(b) <= len(b); msgs++ {
		bytes += uint32(wire.FrameSize(b))
		b = b[wire.FrameSize(b):]
	}
	return msgs, bytes
}

// first is the shortest row of whole frames at the run's begin that has at least n
// bytes, n from 1; all of it if it has fewer.
func (r *Run) first(n uint32) (bytes, msgs uint32) {
	for b := r.Bytes(); bytes < n && bytes < r.Len; msgs++ {
		bytes += uint32(wire.FrameSize(b[bytes:]))
	}
	return bytes, msgs
}

// runQueue is a FIFO of runs that grows by doubling and never shrinks below what
// a burst needed; an empty one that was never used costs nothing.
type runQueue struct {
	buf  []Run // length is 0 or a power of two
	head uint32
	n    uint32
}

func (q *runQueue) len() int { return int(q.n) }

func (q *runQueue) at(i int) *Run { return &q.buf[(q.head+uint32(i))&uint32(len(q.buf)-1)] }

// tail is the last run; the queue must not be empty.
func (q *runQueue) tail() *Run { return q.at(int(q.n) - 1) }

func (q *runQueue) push(r Run) {
	if int(q.n) == len(q.buf) {
		q.grow()
	}
	q.n++
	*q.tail() = r
}

func (q *runQueue) pop() Run {
	p := q.at(0)
	r := *p
	*p = Run{}
	q.head++
	q.n--
	return r
}

func (q *runQueue) grow() {
	buf := make([]Run, max(4, 2*len(q.buf)))
	for i := range int(q.n) {
		buf[i] = *q.at(i)
	}
	clear(q.buf) // which may lie in a lane, and would keep slabs as long as that is there
	q.buf, q.head = buf, 0
}
