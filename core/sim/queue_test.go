package sim

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"

	"pgregory.net/rapid"
)

// The queue against a list that is sorted.
func TestQueueOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hop = 10
		q := queue{}
		if rapid.Bool().Draw(t, "shuffled") {
			q.mixer = seedMixer(rapid.Uint64().Draw(t, "seed"))
		}
		var now time.Duration
		var want []event
		number := uint32(0)
		t.Repeat(map[string]func(*rapid.T){
			"soon": func(t *rapid.T) {
				e := event{at: now + hop, ord: q.order(), arg: number}
				q.soon(e)
				want = append(want, e)
				number++
			},
			"push": func(t *rapid.T) {
				e := event{at: now + time.Duration(rapid.IntRange(0, 30).Draw(t, "in")), ord: q.order(), arg: number}
				q.push(e)
				want = append(want, e)
				number++
			},
			"pop": func(t *rapid.T) {
				slices.SortFunc(want, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ord, b.ord)) })
				first := q.first()
				if (first == nil) != (len(want) == 0) {
					t.Fatalf("first is %v, want one of %d", first, len(want))
				}
				if first == nil {
					return
				}
				if got := q.pop(first); got != want[0] {
					t.Fatalf("popped %+v, want %+v", got, want[0])
				}
				now = want[0].at
				want = want[1:]
			},
			"sweep": func(t *rapid.T) {
				// Only what is in the heap is swept, and timers are only there.
				drop := make(map[uint32]bool)
				for _, e := range q.heap {
					drop[e.arg] = rapid.Bool().Draw(t, "drop")
				}
				q.sweep(func(e *event) bool { return !drop[e.arg] })
				want = slices.DeleteFunc(want, func(e event) bool { return drop[e.arg] })
			},
		})
	})
}

// Without shuffling, events of one time happen in the order in which they were
// caused.
func TestQueueKeepsTheOrderOfCauses(t *testing.T) {
	var q queue
	for i := range uint32(100) {
		e := event{at: 5, ord: q.order(), arg: i}
		if i%3 == 0 {
			q.push(e)
		} else {
			q.soon(e)
		}
	}
	for i := range uint32(100) {
		if e := q.pop(q.first()); e.arg != i {
			t.Fatalf("event %d came in place %d", e.arg, i)
		}
	}
}

// Runs against a slice.
func TestRuns(t *testing.T) {
	pool := bufpool.New(bufpool.Options{})
	slab, err := pool.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer slab.Release()
	rapid.Check(t, func(t *rapid.T) {
		var q runs
		var want []core.Run
		number := uint32(0)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(*rapid.T) {
				r := core.Run{Slab: slab, Off: number}
				number++
				q.push(r)
				want = append(want, r)
			},
			"pop": func(t *rapid.T) {
				if len(want) == 0 {
					return
				}
				if got := q.pop(); got != want[0] {
					t.Fatalf("popped %v, want %v", got, want[0])
				}
				want = want[1:]
			},
			"popLast": func(t *rapid.T) {
				if len(want) == 0 {
					return
				}
				if got := q.popLast(); got != want[len(want)-1] {
					t.Fatalf("popped %v, want %v", got, want[len(want)-1])
				}
				want = want[:len(want)-1]
			},
			"": func(t *rapid.T) {
				if int(q.n) != len(want) {
					t.Fatalf("there are %d, want %d", q.n, len(want))
				}
				if len(want) > 0 && q.one != want[0] {
					t.Fatalf("the first is %v, want %v", q.one, want[0])
				}
			},
		})
	})
}
