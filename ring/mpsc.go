package ring

import (
	"golang.org/x/sys/cpu"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// MPSC is a ring from many producers to one consumer. Pop and PopBatch are for the consumer's goroutine alone; every
// other method is for anyone. Make it with NewMPSC.
//
// A producer claims a run of slots by moving tail, fills them, and then marks the run: the mark of its first slot
// becomes the cursor of the run's end. The consumer, at the first slot of a run, finds there how far it may go, empties
// the slots in order and moves head. The invariant is
//
//	head <= ready <= tail <= head + capacity
//
// Slots [head, ready) belong to the consumer, and so does each further run that is marked; a run that is not belongs to
// the producer that claimed it; all other slots belong to whoever claims them next, and hold the zero value.
//
// A producer that is interrupted between claiming and marking hides the values behind its own: the consumer gets Empty
// although a later push has returned OK. It gets them all when the interrupted push is done. So a producer that wakes
// the consumer must do so after each of its pushes, never skip it because another has just done so.
type MPSC[T any] struct {
	_ cpu.CacheLinePad

	// Set by NewMPSC, then only read.
	slots []T
	marks []interleave.InnerUint64 // marks[i] is written by whoever claimed slot i as the first of a run; see marked
	mask  uint64                   // capacity - 1
	calls interleave.Calls

	_ cpu.CacheLinePad

	// Written by the producers.
	tail     interleave.InnerUint64 // the next slot to claim; the top bit is set for good by Close
	headSeen interleave.InnerUint64 // a value that head has had: producers look again only when the ring seems full

	_ cpu.CacheLinePad

	// Written by the consumer.
	head  interleave.InnerUint64 // the next slot to empty; read by the producers
	ready uint64                 // the end of the last marked run that the consumer has come to

	_ cpu.CacheLinePad
}

// closedBit of tail says that no more slots can be claimed. With it in the same word, a claim and a Close cannot both
// win: the cursor beside it is final.
const closedBit = 1 << 63

// NewMPSC makes an empty ring for at least capacity values: capacity rounded up to a power of two. It panics if
// capacity is less than 1 or more than MaxCapacity.
func NewMPSC[T any](capacity int) *MPSC[T] {
	n := roundUp(capacity)
	return &MPSC[T]{slots: make([]T, n), marks: make([]interleave.InnerUint64, n), mask: uint64(n - 1)}
}

// Push appends v. The result is OK, Full or Closed. For anyone.
func (q *MPSC[T]) Push(v T) Result {
	q.calls.Begin()
	at, n, r := q.claim(1)
	if n == 1 {
		q.slots[at&q.mask] = v
		q.mark(at, 1)
	}
	return r
}

// PushBatch appends the first n values of vs, as many as there is room for, with no value of another producer in
// between, and makes them visible at once. The result is OK if that is all of them, else Full, or Closed with n = 0.
// For anyone.
func (q *MPSC[T]) PushBatch(vs []T) (n int, r Result) {
	q.calls.Begin()
	at, n, r := q.claim(len(vs))
	if n > 0 {
		moveIn(q.slots, at&q.mask, vs[:n])
		q.mark(at, n)
	}
	return n, r
}

// claim takes up to want slots from at on. The result is as in PushBatch.
func (q *MPSC[T]) claim(want int) (at uint64, n int, r Result) {
	for {
		tail := q.tail.Load()
		if tail&closedBit != 0 {
			return 0, 0, Closed
		}
		n, r = q.room(tail, want), OK
		if n < want {
			r = Full
		}
		if n == 0 {
			return 0, 0, r
		}
		if q.tail.CompareAndSwap(tail, tail+uint64(n)) {
			return tail, n, r
		}
	}
}

// room is how many of the slots from tail on are free, up to want. If tail is out of date it may be too many, because
// head may have passed it; the claim then fails anyway.
func (q *MPSC[T]) room(tail uint64, want int) int {
	all := int64(len(q.slots))
	room := all - int64(tail-q.headSeen.Load())
	if room < int64(want) {
		head := q.head.Load()
		q.headSeen.Store(head) // may put an older value back, which only means another look
		room = all - int64(tail-head)
	}
	return int(min(room, int64(want)))
}

// mark hands the n slots from at on, which the caller has claimed and filled, to the consumer.
func (q *MPSC[T]) mark(at uint64, n int) { q.marks[at&q.mask].Store(at + uint64(n)) }

// marked says whether the consumer may empty the slot at cursor at, and brings ready up to date for it.
func (q *MPSC[T]) marked(at uint64) bool {
	if at != q.ready {
		return true // inside a run
	}
	// A mark left from an earlier round ended a run that began at least a capacity before at and was no longer than
	// that, so it is not beyond at.
	end := q.marks[at&q.mask].Load()
	if end <= at {
		return false
	}
	q.ready = end
	return true
}

// Pop takes the oldest value. The result is OK, Empty, or Closed once the ring is closed and drained. Consumer only.
func (q *MPSC[T]) Pop() (v T, r Result) {
	q.calls.Begin()
	head := q.head.Load()
	if !q.marked(head) {
		return v, q.none(head)
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
func (q *MPSC[T]) PopBatch(dst []T) (n int, r Result) {
	q.calls.Begin()
	head := q.head.Load()
	if !q.marked(head) {
		return 0, q.none(head)
	}
	for n < len(dst) {
		at := head + uint64(n)
		if !q.marked(at) {
			break
		}
		run := min(int(q.ready-at), len(dst)-n)
		moveOut(dst[n:n+run], q.slots, at&q.mask)
		n += run
	}
	if n > 0 {
		q.head.Store(head + uint64(n))
	}
	return n, OK
}

// none is why the slot at head is not marked: Closed if it never will be.
func (q *MPSC[T]) none(head uint64) Result {
	if q.tail.Load() == head|closedBit {
		return Closed
	}
	return Empty
}

// Close makes every later push Closed. The consumer gets every value whose push returned OK, then Closed. Closing again
// changes nothing. For anyone.
func (q *MPSC[T]) Close() {
	q.calls.Begin()
	q.tail.Or(closedBit)
}

// Len is about the number of values in the ring, those that are being pushed included. While nobody pushes or pops it
// is exact. For anyone.
func (q *MPSC[T]) Len() int {
	q.calls.Look()
	// head first: it cannot pass the tail read after it. Both may move in between, hence the bound.
	head := q.head.Load()
	return min(int(q.tail.Load()&^closedBit-head), len(q.slots))
}

// Cap is the number of values that the ring can hold. For anyone.
func (q *MPSC[T]) Cap() int { return len(q.slots) }
