package core

import "time"

// line is what is in flight on an emulated link, in order of arrival: a ring.
type line struct {
	flights []flight // its length is 0 or a power of two
	head, n int
	bytes   int
	msgs    int
}

// flight is a run that is in flight.
type flight struct {
	run Run
	at  time.Duration // when it arrives
}

func (q *line) at(i int) *flight { return &q.flights[(q.head+i)&(len(q.flights)-1)] }

// due is when the first run arrives, of which there must be one.
func (q *line) due() time.Duration { return q.at(0).at }

// push sends a run on its way. Order is kept: it does not arrive before the one ahead of
// it. One that arrives with that and touches it becomes one with it.
func (q *line) push(r Run, at time.Duration, most Tally) {
	q.bytes += int(r.Len)
	q.msgs += int(r.Msgs)
	if q.n > 0 {
		last := q.at(q.n - 1)
		at = max(at, last.at)
		if at == last.at && last.run.extend(r, most) {
			return
		}
	}
	if q.n == len(q.flights) {
		q.resize(max(leastLine, 2*q.n))
	}
	q.n++
	*q.at(q.n - 1) = flight{r, at}
}

// leastLine is how many runs a line has room for when it begins.
const leastLine = 16

// pop takes the first run off, of which there must be one.
func (q *line) pop() Run {
	f := q.at(0)
	r := f.run
	*f = flight{}
	q.head = (q.head + 1) & (len(q.flights) - 1)
	q.n--
	q.bytes -= int(r.Len)
	q.msgs -= int(r.Msgs)
	return r
}

func (q *line) resize(n int) {
	flights := make([]flight, n)
	for i := range q.n {
		flights[i] = *q.at(i)
	}
	q.flights, q.head = flights, 0
}

// lineHeap orders the emulators of a node that have something in flight by when the first
// of it is due. The times are here and not only in the lines: to compare two, their cache
// lines would have to be fetched, which costs a large world more than the comparison.
type lineHeap []waitingLine

type waitingLine struct {
	due time.Duration
	e   *linkEmulator
}

func (h lineHeap) less(i, j int) bool { return h[i].due < h[j].due }

func (h lineHeap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].e.pos, h[j].e.pos = i+1, j+1
}

func (h *lineHeap) push(e *linkEmulator) {
	*h = append(*h, waitingLine{e.line.due(), e})
	e.pos = len(*h)
	h.up(e.pos - 1)
}

func (h *lineHeap) remove(e *linkEmulator) {
	i, last := e.pos-1, len(*h)-1
	e.pos = 0
	moved := (*h)[last]
	(*h)[last] = waitingLine{}
	*h = (*h)[:last]
	if i < last {
		(*h)[i], moved.e.pos = moved, i+1
		h.place(i)
	}
}

// fix puts an emulator in its place whose first run is another.
func (h lineHeap) fix(e *linkEmulator) {
	h[e.pos-1].due = e.line.due()
	h.place(e.pos - 1)
}

func (h lineHeap) place(i int) {
	e := h[i].e
	h.up(i)
	if e.pos-1 == i {
		h.down(i)
	}
}

func (h lineHeap) up(i int) {
	for i > 0 && h.less(i, (i-1)/2) {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (h lineHeap) down(i int) {
	for {
		child := 2*i + 1
		if child+1 < len(h) && h.less(child+1, child) {
			child++
		}
		if child >= len(h) || !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
