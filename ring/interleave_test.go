//go:build interleave

package ring

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/internal/interleave"
)

// call is one call of a producer: how many values, and whether it is Close instead.
type call struct {
	push  int // a batch of so many; 1 is Push
	close bool
}

// rig runs producers and a consumer on a ring and keeps what they saw.
type rig struct {
	q      queue
	batch  int   // of the consumer; 1 is Pop
	accept []int // values whose push returned OK, in the order of each producer
	got    []int
	end    Result // the consumer's last
	lens   []int
}

// value is the i-th of a producer; never 0.
func value(producer, i int) int { return 100*(producer+1) + i }

func (r *rig) produce(producer int, calls []call) {
	next := 0
	for _, c := range calls {
		if c.close {
			r.q.Close()
			continue
		}
		vs := make([]int, c.push)
		for i := range vs {
			vs[i] = value(producer, next+i)
		}
		n, res := 1, OK
		if c.push == 1 {
			if res = r.q.Push(vs[0]); res != OK {
				n = 0
			}
		} else {
			n, res = r.q.PushBatch(vs)
		}
		if (res == OK) != (n == c.push) || res == Closed && n > 0 || res == Empty {
			panic(fmt.Sprintf("a push of %d returned %d, %v", c.push, n, res))
		}
		next += n
		r.accept = append(r.accept, vs[:n]...)
	}
}

// consume looks a bounded number of times: between two looks anything may happen.
func (r *rig) consume(looks int) {
	dst := make([]int, r.batch)
	for range looks {
		n := 1
		if r.batch == 1 {
			if dst[0], r.end = r.q.Pop(); r.end != OK {
				n = 0
			}
		} else {
			n, r.end = r.q.PopBatch(dst)
		}
		if (r.end == OK) != (n > 0) || r.end == Full {
			panic(fmt.Sprintf("a pop of up to %d returned %d, %v", r.batch, n, r.end))
		}
		r.got = append(r.got, dst[:n]...)
		if r.end == Closed {
			return
		}
	}
}

// check drains the ring and compares all that came out with all that went in.
func (r *rig) check() error {
	if err := r.q.invariants(); err != nil {
		return err
	}
	if left := len(r.accept) - len(r.got); r.q.Len() != left {
		return fmt.Errorf("Len is %d with %d values in the ring", r.q.Len(), left)
	}
	if r.end == Closed && len(r.got) != len(r.accept) {
		return fmt.Errorf("closed after %d values of %d", len(r.got), len(r.accept))
	}
	for v, res := r.q.Pop(); res == OK; v, res = r.q.Pop() {
		r.got = append(r.got, v)
	}
	if r.q.Len() != 0 {
		return fmt.Errorf("Len of a drained ring is %d", r.q.Len())
	}
	return sameByProducer(r.accept, r.got)
}

// sameByProducer compares the values of each producer, in order.
func sameByProducer(accept, got []int) error {
	for producer := range 3 {
		of := func(vs []int) []int {
			return slices.DeleteFunc(slices.Clone(vs), func(v int) bool { return v/100 != producer+1 })
		}
		if a, g := of(accept), of(got); !slices.Equal(a, g) {
			return fmt.Errorf("producer %d pushed %v; popped %v", producer, a, g)
		}
	}
	if len(got) != len(accept) {
		return fmt.Errorf("pushed %v; popped %v", accept, got)
	}
	return nil
}

// Every order of the steps of small programs: nothing is lost, doubled, torn or out of order, Closed is said once all
// is out and not before, and Len is never out of range.
func TestInterleaveRings(t *testing.T) {
	closing := []call{{push: 1}, {close: true}}
	for _, c := range []struct {
		name            string
		spsc            bool // the program has one producer
		capacity, batch int
		producers       [][]call
		looks           int
		watch           bool // somebody asks for Len meanwhile
	}{
		{"one by one", true, 1, 1, [][]call{{{push: 1}, {push: 1}, {push: 1}}}, 3, false},
		{"in batches", true, 2, 2, [][]call{{{push: 2}, {push: 3}}}, 3, false},
		{"larger than the ring", true, 2, 3, [][]call{{{push: 3}, {push: 1}, {push: 2}}}, 3, false},
		{"close", true, 1, 1, [][]call{{{push: 1}, {close: true}, {push: 1}}}, 3, false},
		{"close after a batch", true, 2, 2, [][]call{{{push: 2}, {close: true}, {push: 2}}}, 3, false},
		{"length", true, 1, 1, [][]call{{{push: 1}, {push: 1}}}, 2, true},
		{"two producers", false, 2, 1, [][]call{{{push: 1}}, {{push: 1}}}, 2, false},
		{"two producers, full", false, 1, 1, [][]call{{{push: 1}}, {{push: 1}}}, 2, false},
		{"two producers, batches", false, 2, 2, [][]call{{{push: 2}}, {{push: 1}}}, 2, false},
		{"two producers, one closes", false, 2, 1, [][]call{closing, {{push: 1}}}, 2, false},
		{"closed by a third", false, 2, 2, [][]call{{{push: 1}}, {{push: 2}}, {{close: true}}}, 1, false},
	} {
		for _, kind := range kinds {
			if kind.name == "spsc" && !c.spsc {
				continue
			}
			t.Run(kind.name+"/"+c.name, func(t *testing.T) {
				report := interleave.Explore(func() interleave.Program {
					r := &rig{q: kind.make(c.capacity), batch: c.batch}
					p := interleave.Program{Threads: []func(){func() { r.consume(c.looks) }}, Check: r.check}
					for i, calls := range c.producers {
						p.Threads = append(p.Threads, func() { r.produce(i, calls) })
					}
					if c.watch {
						p.Threads = append(p.Threads, func() {
							if n := r.q.Len(); n < 0 || n > r.q.Cap() {
								panic(fmt.Sprintf("Len is %d of %d", n, r.q.Cap()))
							}
						})
					}
					return p
				}, interleave.Limits{})
				t.Log(report)
				if report.Failure != nil || !report.Complete {
					t.Error(report.Failure)
				}
			})
		}
	}
}
