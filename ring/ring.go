// Package ring has bounded lock-free queues for values that cross goroutines: SPSC between two, MPSC from many to one.
//
// They never block and never allocate after they are made. A push or pop that cannot be done says why; waiting and
// waking are the caller's business, because only he knows what else there is to do.
package ring

import (
	"fmt"
	"math/bits"
)

// MaxCapacity is the most values that a ring can be made for. Rings are bounds on memory; more than this is a mistake.
const MaxCapacity = 1 << 30

// Result says how a push or a pop went.
type Result uint8

// The results.
const (
	OK     Result = iota // done
	Full                 // push: no room for all values; try again once the consumer has popped
	Empty                // pop: no value yet; try again once a producer has pushed
	Closed               // push: the ring takes no more; pop: it has been closed and drained
)

func (r Result) String() string {
	switch r {
	case OK:
		return "ok"
	case Full:
		return "full"
	case Empty:
		return "empty"
	case Closed:
		return "closed"
	}
	return fmt.Sprintf("ring.Result(%d)", uint8(r))
}

// roundUp is the smallest power of two that is at least capacity, so that a cursor finds its slot by masking.
func roundUp(capacity int) int {
	if capacity < 1 || capacity > MaxCapacity {
		panic(fmt.Sprintf("ring: a capacity of %d values; it must be from 1 to %d", capacity, MaxCapacity))
	}
	return 1 << bits.Len(uint(capacity-1))
}

// moveIn fills slots with vs from index at on, and goes on at index 0 after the last.
func moveIn[T any](slots []T, at uint64, vs []T) {
	n := copy(slots[at:], vs)
	copy(slots, vs[n:])
}

// moveOut empties slots into dst from index at on, and goes on at index 0 after the last. It leaves zeros behind, so
// that a ring keeps nothing alive that has left it.
func moveOut[T any](dst, slots []T, at uint64) {
	n := copy(dst, slots[at:])
	clear(slots[at:][:n])
	rest := copy(dst[n:], slots)
	clear(slots[:rest])
}
