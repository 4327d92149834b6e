package sim

import "github.com/ioverlay/ioverlay/core"

// runs is a queue of runs. The first of them lies in it; a ring that grows by
// doubling takes the others. A lane of a large world rarely has more than one.
type runs struct {
	one  core.Run
	n    uint32
	head uint32     // of more
	more []core.Run // length is 0 or a power of two; n-1 of them are in use, if n is not 0
}

func (q *runs) rest(i uint32) *core.Run { return &q.more[(q.head+i)&uint32(len(q.more)-1)] }

// at is the run in place i, from 0.
func (q *runs) at(i uint32) *core.Run {
	if i == 0 {
		return &q.one
	}
	return q.rest(i - 1)
}

func (q *runs) push(r core.Run) {
	if q.n++; q.n == 1 {
		q.one = r
		return
	}
	if i := q.n - 2; int(i) == len(q.more) {
		q.grow(i)
	}
	*q.rest(q.n - 2) = r
}

func (q *runs) grow(used uint32) {
	more := make([]core.Run, max(2, 2*len(q.more)))
	for i := range used {
		more[i] = *q.rest(i)
	}
	q.more, q.head = more, 0
}

func (q *runs) pop() core.Run {
	r := q.one
	if q.n--; q.n == 0 {
		q.one = core.Run{}
		return r
	}
	p := q.rest(0)
	q.one = *p
	*p = core.Run{}
	q.head++
	return r
}

func (q *runs) popLast() core.Run {
	p := &q.one
	if q.n > 1 {
		p = q.rest(q.n - 2)
	}
	r := *p
	*p = core.Run{}
	q.n--
	return r
}
