package ring

import (
	"golang.org/x/sys/cpu"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// SPSC is a ring between one producer and one consumer. Push, PushBatch and Close are for the producer's goroutine
// alone, Pop and PopBatch for the consumer's; Len and Cap are for anyone. A side may move to another goroutine if
// something orders the two (a channel, a mutex, a WaitGroup). Make it with NewSPSC.
//
// Cursors count values since the beginning and never wrap in practice. The invariant is
//
//	head <= tail <= head + capacity
//
// Slots [head, tail) belong to the consumer, all others to the producer. Storing tail hands slots to the consumer,
// storing head hands them back. A slot that the producer owns is the zero value.
type SPSC[T any] struct {
	_ cpu.CacheLinePad

	// Set by NewSPSC, then only read.
	slots []T
	mask  uint64 // capacity - 1
	calls interleave.Calls

	_ cpu.CacheLinePad

	// Written by the producer.
	tail     interleave.InnerUint64 // the next slot to fill; read by the consumer
	closed   interleave.InnerBool   // tail is final; read by the consumer when it finds nothing
	headSeen uint64                 // a value that head has had: the producer looks again only when the ring seems full

	_ cpu.CacheLinePad

	// Written by the consumer.
	head     interleave.InnerUint64 // the next slot to empty; read by the producer
	tailSeen uint64                 // a value that tail has had: the consumer looks again only when the ring seems empty

	_ cpu.CacheLinePad
}

// NewSPSC makes an empty ring for at least capacity values: capacity rounded up to a power of two. It panics if
// capacity is less than 1 or more than MaxCapacity.
func NewSPSC[T any](capacity int) *SPSC[T] {
	n := roundUp(capacity)
	return &SPSC[T]{slots: make([]T, n), mask: uint64(n - 1)}
}

// Push appends v. The result is OK, Full or Closed. Producer only.
func (q *SPSC[T]) Push(v T) Result {
	q.calls.Begin()
	if q.closed.Load() {
		return Closed
	}
	tail := q.tail.Load()
	if tail-q.headSeen > q.mask {
		q.headSeen = q.head.Load()
		if tail-q.headSeen > q.mask {
			return Full
		}
	}
	q.slots[tail&q.mask] = v
	q.tail.Store(tail + 1)
	return OK
}

// PushBatch appends the first n values of vs, as many as there is room for, and makes them visible at once. The result
// is OK if that is all of them, else Full, or Closed with n = 0. Producer only.
func (q *SPSC[T]) PushBatch(vs []T) (n int, r Result) {
	q.calls.Begin()
	if q.closed.Load() {
		return 0, Closed
	}
	tail := q.tail.Load()
	room := q.room(tail)
	if room < len(vs) {
		q.headSeen = q.head.Load()
		room = q.room(tail)
	}
	n = min(room, len(vs))
	if n > 0 {
		moveIn(q.slots, tail&q.mask, vs[:n])
		q.tail.Store(tail + uint64(n))
	}
	if n < len(vs) {
		return n, Full
	}
	return n, OK
}

// room is the number of free slots as far as the producer knows.
func (q *SPSC[T]) room(tail uint64) int { return len(q.slots) - int(tail-q.headSeen) }

// Pop takes the oldest value. The result is OK, Empty, or Closed once the ring is closed and drained. Consumer only.
func (q *SPSC[T]) Pop() (v T, r Result) {
	q.calls.Begin()
	head := q.head.Load()
	if head == q.tailSeen {
		if r := q.lookForMore(head); r != OK {
			return v, r
		}
	}
	slot := &q.slots[head&q.mask]
	v = *slot
	var zero T
	*slot = zero // so that the ring keeps nothing alive that has left it
	q.head.Store(head + 1)
	return v, OK
}

// PopBatch takes the oldest n values into dst, as many as there are and fit. The result is OK, with n = 0 only if dst
// is empty; or n = 0 and Empty, or Closed once the ring is closed and drained. Consumer only.
func (q *SPSC[T]) PopBatch(dst []T) (n int, r Result) {
	q.calls.Begin()
	head := q.head.Load()
	if q.tailSeen-head < uint64(len(dst)) || head == q.tailSeen {
		if r := q.lookForMore(head); r != OK {
			return 0, r
		}
	}
	n = min(int(q.tailSeen-head), len(dst))
	if n > 0 {
		moveOut(dst[:n], q.slots, head&q.mask)
		q.head.Store(head + uint64(n))
	}
	return n, OK
}

// lookForMore brings tailSeen up to date. The result is OK if the consumer then has a value to pop.
func (q *SPSC[T]) lookForMore(head uint64) Result {
	closed := q.closed.Load() // before tail: if it is set, the tail then read is final
	q.tailSeen = q.tail.Load()
	switch {
	case head != q.tailSeen:
		return OK
	case closed:
		return Closed
	}
	return Empty
}

// Close makes every later push Closed. The consumer gets what is in the ring, then Closed. Closing again changes
// nothing. Producer only.
func (q *SPSC[T]) Close() {
	q.calls.Begin()
	q.closed.Store(true)
}

// Len is the number of values in the ring at some instant during the call. While nobody pushes or pops it is exact; the
// producer can rely on no more being in it, the consumer on no fewer. For anyone.
func (q *SPSC[T]) Len() int {
	q.calls.Look()
	// head first: it cannot pass the tail read after it. Both may move in between, hence the bound.
	head := q.head.Load()
	return min(int(q.tail.Load()-head), len(q.slots))
}

// Cap is the number of values that the ring can hold. For anyone.
func (q *SPSC[T]) Cap() int { return len(q.slots) }
