package ring

import (
	"fmt"
	"slices"
)

// queue is what both rings offer.
type queue interface {
	Push(v int) Result
	PushBatch(vs []int) (int, Result)
	Pop() (int, Result)
	PopBatch(dst []int) (int, Result)
	Len() int
	Cap() int
	Close()
	invariants() error
}

var kinds = []struct {
	name string
	make func(capacity int) queue
}{
	{"spsc", func(capacity int) queue { return NewSPSC[int](capacity) }},
	{"mpsc", func(capacity int) queue { return NewMPSC[int](capacity) }},
}

// invariants checks what the type promises while nobody pushes or pops; 0 is never pushed.
func (q *SPSC[T]) invariants() error {
	return checkSlots(q.head.Load(), q.tail.Load(), len(q.slots), func(i int) any { return q.slots[i] })
}

func (q *MPSC[T]) invariants() error {
	tail := q.tail.Load() &^ closedBit
	return checkSlots(q.head.Load(), tail, len(q.slots), func(i int) any { return q.slots[i] })
}

func checkSlots(head, tail uint64, capacity int, slot func(i int) any) error {
	if tail < head || tail > head+uint64(capacity) {
		return fmt.Errorf("head %d, tail %d, capacity %d", head, tail, capacity)
	}
	for at := head; at < head+uint64(capacity); at++ {
		v := slot(int(at % uint64(capacity)))
		if held := at < tail; held == (v == any(0)) {
			return fmt.Errorf("slot of cursor %d holds %v; head %d, tail %d", at, v, head, tail)
		}
	}
	return nil
}

// model is a ring as a slice.
type model struct {
	values   []int
	capacity int
	closed   bool
}

func (m *model) pushBatch(vs []int) (int, Result) {
	if m.closed {
		return 0, Closed
	}
	n := min(len(vs), m.capacity-len(m.values))
	m.values = append(m.values, vs[:n]...)
	if n < len(vs) {
		return n, Full
	}
	return n, OK
}

func (m *model) popBatch(dst []int) (int, Result) {
	switch {
	case len(m.values) > 0:
		n := copy(dst, m.values)
		m.values = slices.Clone(m.values[n:])
		return n, OK
	case m.closed:
		return 0, Closed
	}
	return 0, Empty
}

type opKind uint8

const (
	opPush opKind = iota
	opPushBatch
	opPop
	opPopBatch
	opClose
	numOps
)

// op is one call; n is the length of a batch.
type op struct {
	kind opKind
	n    int
}

// replay does ops on the ring and on the model and returns the first difference.
func replay(q queue, ops []op) error {
	m := &model{capacity: q.Cap()}
	next := 1 // values are numbered
	for i, o := range ops {
		if err := step(q, m, o, &next); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, o, err)
		}
		if q.Len() != len(m.values) {
			return fmt.Errorf("step %d, %+v: Len is %d, want %d", i, o, q.Len(), len(m.values))
		}
		if err := q.invariants(); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, o, err)
		}
	}
	return nil
}

func step(q queue, m *model, o op, next *int) error {
	var n, wantN int
	var r, wantR Result
	var got, want []int
	switch o.kind {
	case opPush:
		wantN, wantR = m.pushBatch([]int{*next})
		n, r = wantN, q.Push(*next)
		*next += wantN
	case opPushBatch:
		vs := make([]int, o.n)
		for i := range vs {
			vs[i] = *next + i
		}
		wantN, wantR = m.pushBatch(vs)
		n, r = q.PushBatch(vs)
		*next += wantN
	case opPop:
		got, want = make([]int, 1), make([]int, 1)
		wantN, wantR = m.popBatch(want)
		n = wantN
		got[0], r = q.Pop()
	case opPopBatch:
		got, want = make([]int, o.n), make([]int, o.n)
		wantN, wantR = m.popBatch(want)
		n, r = q.PopBatch(got)
	case opClose:
		m.closed = true
		q.Close()
	}
	if n != wantN || r != wantR || !slices.Equal(got, want) {
		return fmt.Errorf("got %d values, %v %v; want %d values, %v %v", n, r, got, wantN, wantR, want)
	}
	return nil
}
