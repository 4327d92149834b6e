package engine

import (
	"container/heap"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"

	"github.com/ioverlay/ioverlay/core"
)

// timerQueue holds the timers of a loop's nodes and wakes the loop for the
// earliest. With no timer it does not wake at all. It belongs to its loop.
type timerQueue struct {
	loop  *loop
	heap  timerHeap
	byKey map[timerKey]*timer
	first map[*core.Switch]*timer // of a node; the others are linked to it
	spare []*timer                // used before; at most maxSpareTimers
	alarm alarm
	armed time.Duration // when the alarm is set for; 0 if it is not
	look  time.Duration // when the loop itself wants to look around; 0 if never
}

// maxSpareTimers bounds what is kept of a time in which there were many timers.
const maxSpareTimers = 1024

type timerKey struct {
	node *core.Switch
	id   uint64
}

type timer struct {
	timerKey
	at  time.Duration
	seq uint64 // timers for the same time fire in the order in which they were set
	pos int

	before, after *timer // in the list of its node's
}

func (q *timerQueue) open(lp *loop) error {
	q.loop = lp
	q.byKey = make(map[timerKey]*timer)
	q.first = make(map[*core.Switch]*timer)
	return q.alarm.open(lp)
}

func (q *timerQueue) close() error { return q.alarm.close() }

// set sets or moves a timer.
func (q *timerQueue) set(n *core.Switch, at time.Duration, id uint64) {
	at = max(at, 1) // 0 is no time for the alarm, and the world may be no older
	k := timerKey{n, id}
	t := q.byKey[k]
	if t == nil {
		t = q.fresh()
		t.timerKey, t.at, t.seq = k, at, q.heap.next()
		q.note(t)
		heap.Push(&q.heap, t)
	} else {
		t.at, t.seq = at, q.heap.next()
		heap.Fix(&q.heap, t.pos)
	}
	q.arm()
}

// fresh is a timer to be filled in: one used before, if there is any.
func (q *timerQueue) fresh() *timer {
	last := len(q.spare) - 1
	if last < 0 {
		return new(timer)
	}
	t := q.spare[last]
	q.spare = q.spare[:last]
	return t
}

// used keeps a timer that is in no index and not in the heap for the next one.
func (q *timerQueue) used(t *timer) {
	*t = timer{}
	if len(q.spare) < maxSpareTimers {
		q.spare = append(q.spare, t)
	}
}

// stop forgets a timer.
func (q *timerQueue) stop(n *core.Switch, id uint64) {
	k := timerKey{n, id}
	if t := q.byKey[k]; t != nil {
		q.drop(t)
		heap.Remove(&q.heap, t.pos)
		q.used(t)
		if len(q.heap.list) == 0 {
			q.arm()
		}
	}
}

// forget stops all timers of a node that has ended.
func (q *timerQueue) forget(n *core.Switch) {
	for t := q.first[n]; t != nil; t = q.first[n] {
		q.stop(n, t.id)
	}
}

// note enters a new timer in the indices.
func (q *timerQueue) note(t *timer) {
	q.byKey[t.timerKey] = t
	if t.after = q.first[t.node]; t.after != nil {
		t.after.before = t
	}
	q.first[t.node] = t
}

// drop takes a timer out of the indices.
func (q *timerQueue) drop(t *timer) {
	delete(q.byKey, t.timerKey)
	if t.after != nil {
		t.after.before = t.before
	}
	switch {
	case t.before != nil:
		t.before.after = t.after
	case t.after != nil:
		q.first[t.node] = t.after
	default:
		delete(q.first, t.node)
	}
	t.before, t.after = nil, nil
}

// wakeAt asks for one look around the loop at the given time or before.
func (q *timerQueue) wakeAt(at time.Duration) {
	if q.look == 0 || at < q.look {
		q.look = at
		q.arm()
	}
}

// ready implements handler: the alarm has gone off.
func (q *timerQueue) ready(netpoll.IOEvent) {
	q.alarm.clear()
	q.armed = 0
	now, newest := q.loop.Now(), q.heap.seq
	for len(q.heap.list) > 0 && q.heap.list[0].at <= now {
		if q.heap.list[0].seq > newest {
			break // a source that wants to be asked at once, again and again: next turn
		}
		t := heap.Pop(&q.heap).(*timer)
		q.drop(t)
		node, id := t.node, t.id
		q.used(t)
		node.Fire(id)
	}
	if q.look != 0 && q.look <= now {
		q.look = 0
		q.loop.lookAround()
	}
	q.arm()
	q.loop.turn()
}

// lookAround is what the loop does at times that no node asked for.
func (lp *loop) lookAround() {
	lp.strict.check()
	lp.lingering.check()
	lp.departing.check()
	lp.awaken()
	lp.retryStarved()
}

// calm forgets the look around that nothing needs any more.
func (lp *loop) calm() {
	if lp.strict.waiting == 0 && len(lp.lingering.list) == 0 && len(lp.resting) == 0 && len(lp.starved) == 0 && len(lp.departing.list) == 0 {
		lp.timers.look = 0
		lp.timers.arm()
	}
}

// arm sets the alarm for the earliest time that anything is due.
func (q *timerQueue) arm() {
	at := q.look
	if len(q.heap.list) > 0 && (at == 0 || q.heap.list[0].at < at) {
		at = q.heap.list[0].at
	}
	switch {
	case at == 0:
		if q.armed != 0 {
			q.alarm.stop()
			q.armed = 0
		}
		return
	case q.armed != 0 && q.armed <= at:
		return // it goes off in time; once too often does no harm
	}
	q.armed = at
	q.alarm.set(max(at-q.loop.Now(), 1))
}

// timerHeap orders timers by time.
type timerHeap struct {
	list []*timer
	seq  uint64
}

func (h *timerHeap) next() uint64 {
	h.seq++
	return h.seq
}

func (h *timerHeap) Len() int { return len(h.list) }

func (h *timerHeap) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (h *timerHeap) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].pos, h.list[j].pos = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.pos = len(h.list)
	h.list = append(h.list, t)
}

func (h *timerHeap) Pop() any {
	last := len(h.list) - 1
	t := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return t
}
