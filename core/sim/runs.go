package sim

import "github.com/ioverlay/ioverlay/core"

// runs is a queue of runs that grows by doubling. An empty one that was never used
// costs nothing.
type runs struct {
	buf  []core.Run // length is 0 or a power of two
	head uint32
	n    uint32
}

func (q *runs) at(i uint32) *core.Run { return &q.buf[(q.head+i)&uint32(len(q.buf)-1)] }

func (q *runs) push(r core.Run) {
	if int(q.n) == len(q.buf) {
		buf := make([]core.Run, max(2, 2*len(q.buf)))
		for i := range q.n {
			buf[i] = *q.at(i)
		}
		q.buf, q.head = buf, 0
	}
	q.n++
	*q.at(q.n - 1) = r
}

func (q *runs) pop() core.Run {
	p := q.at(0)
	r := *p
	*p = core.Run{}
	q.head++
	q.n--
	return r
}

func (q *runs) popLast() core.Run {
	p := q.at(q.n - 1)
	r := *p
	*p = core.Run{}
	q.n--
	return r
}
