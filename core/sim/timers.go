package sim

import (
	"slices"
	"time"
)

// timers are the timers of all nodes, by the index in their events. To move a timer
// to a later time, which most moves are (a pause that begins again), changes only
// its entry here: the event in the queue comes once too early and is sent on. Other
// changes leave an event behind that means nothing; when those are many the queue
// is swept, so that it stays in proportion to the timers that are set.
type timers struct {
	list  []timer
	free  []uint32
	stale int // events in the queue that mean nothing
}

type timer struct {
	home *Node // nil if the place is free
	id   uint64
	at   time.Duration
	ord  uint64

	// Of the event in the queue that stands for it, which is no later than it.
	queuedAt  time.Duration
	queuedOrd uint64
}

// timerRef is a timer in the list of its node.
type timerRef struct {
	id    uint64
	index uint32
}

// manyTimers is the number of timers of a node up to which a scan beats a map.
const manyTimers = 8

// nodeTimers are the timers of a node.
type nodeTimers struct {
	refs []timerRef
	byID map[uint64]int // place in refs; nil while a scan is faster; only looked up
}

func (t *nodeTimers) find(id uint64) int {
	if t.byID != nil {
		if i, ok := t.byID[id]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(t.refs, func(r timerRef) bool { return r.id == id })
}

func (t *nodeTimers) add(r timerRef) {
	t.refs = append(t.refs, r)
	switch {
	case t.byID != nil:
		t.byID[r.id] = len(t.refs) - 1
	case len(t.refs) > manyTimers:
		t.byID = make(map[uint64]int, 2*len(t.refs))
		for i, r := range t.refs {
			t.byID[r.id] = i
		}
	}
}

func (t *nodeTimers) remove(i int) {
	last := len(t.refs) - 1
	if t.byID != nil {
		delete(t.byID, t.refs[i].id)
		if i != last {
			t.byID[t.refs[last].id] = i
		}
	}
	t.refs[i] = t.refs[last]
	t.refs = t.refs[:last]
	if last == 0 {
		t.byID = nil
	}
}

// set sets or moves a timer.
func (ts *timers) set(q *queue, home *Node, at time.Duration, id uint64) {
	ord := q.ordOf(home.index, at)
	if i := home.timers.find(id); i >= 0 {
		t := &ts.list[home.timers.refs[i].index]
		t.at, t.ord = at, ord
		if at < t.queuedAt {
			ts.unqueue(q)
			ts.enqueue(q, home.timers.refs[i].index)
		}
		return
	}
	i := uint32(len(ts.list))
	if n := len(ts.free); n > 0 {
		i = ts.free[n-1]
		ts.free = ts.free[:n-1]
	} else {
		ts.list = append(ts.list, timer{})
	}
	ts.list[i] = timer{home: home, id: id, at: at, ord: ord}
	home.timers.add(timerRef{id, i})
	ts.enqueue(q, i)
}

func (ts *timers) enqueue(q *queue, i uint32) {
	t := &ts.list[i]
	t.queuedAt, t.queuedOrd = t.at, t.ord
	q.push(event{at: t.at, ord: t.ord, kind: evTimer, arg: i})
}

// stop forgets a timer.
func (ts *timers) stop(q *queue, home *Node, id uint64) {
	if i := home.timers.find(id); i >= 0 {
		ts.drop(home.timers.refs[i].index)
		home.timers.remove(i)
		ts.unqueue(q)
	}
}

// forget stops all timers of a node.
func (ts *timers) forget(q *queue, home *Node) {
	for _, r := range home.timers.refs {
		ts.drop(r.index)
		ts.unqueue(q)
	}
	home.timers = nodeTimers{}
}

func (ts *timers) drop(i uint32) {
	ts.list[i] = timer{}
	ts.free = append(ts.free, i)
}

// sendFin counts an event that means nothing any more, and sweeps them out when they
// are most of the queue.
func (ts *timers) unqueue(q *queue) {
	const few = 64
	if ts.stale++; ts.stale > few && ts.stale > len(q.heap)/2 {
		q.sweep(ts.stands)
		ts.stale = 0
	}
}

// stands reports whether an event is not one that a timer has left behind.
func (ts *timers) stands(e *event) bool {
	if e.kind != evTimer {
		return true
	}
	t := &ts.list[e.arg]
	return t.home != nil && t.queuedAt == e.at && t.queuedOrd == e.ord
}

// due reports whether an event that was popped makes its timer go off. If the
// timer has been moved, its event is sent on.
func (ts *timers) due(q *queue, e event) bool {
	if !ts.stands(&e) {
		ts.stale--
		return false
	}
	t := &ts.list[e.arg]
	if t.at == e.at && t.ord == e.ord {
		return true
	}
	ts.enqueue(q, e.arg)
	return false
}

// take forgets a timer that goes off, and returns whose it is.
func (ts *timers) take(i uint32) (home *Node, id uint64) {
	home, id = ts.list[i].home, ts.list[i].id
	home.timers.remove(home.timers.find(id))
	ts.drop(i)
	return home, id // whose timers were forgotten when another life began
}
