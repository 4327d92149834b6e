package algos

import (
	"fmt"
	"time"
)

// Timers that call a function. The node has one timer for all of them, and for the
// timeouts of calls: it is set to the earliest, and moved as they come and go, which
// costs a runtime less than a timer for each.

// kitTimer is that one timer.
const kitTimer = FirstBaseTimer + 2

// Timer is a timer of AfterFunc or Every. The zero value is none.
type Timer struct {
	b    *Base
	slot uint32
	gen  uint32
}

// Stop forgets the timer: its function is not called any more. It reports whether it
// would have been.
func (t Timer) Stop() bool {
	if t.b == nil || !t.b.kit.timers.has(t.slot, t.gen) {
		return false
	}
	t.b.kit.timers.free(t.slot)
	t.b.arm()
	return true
}

// AfterFunc has fn called once, on the node's loop, when d has passed; not from within
// AfterFunc, whatever d is. A message is valid no longer than its Process: take what fn
// needs of it before. Timers end with the node. AfterFunc panics with more than
// MaxTimers of them.
func (b *Base) AfterFunc(d time.Duration, fn func()) Timer {
	if fn == nil {
		panic("algos: AfterFunc without a function")
	}
	return b.newTimer(d, timer{fn: fn})
}

// Every has fn called whenever another d has passed, the first time when one has, until
// the timer is stopped, which fn may do. A node that is late leaves out what it has missed and
// keeps the beat.
func (b *Base) Every(d time.Duration, fn func()) Timer {
	if fn == nil || d <= 0 {
		panic(fmt.Sprintf("algos: Every %v: it needs a time above 0 and a function", d))
	}
	return b.newTimer(d, timer{fn: fn, every: d})
}

func (b *Base) newTimer(d time.Duration, t timer) Timer {
	ts := &b.tools().timers
	slot := ts.add(b.Now()+max(d, 0), t)
	b.arm()
	return Timer{b, slot, ts.slots[slot].gen}
}

// arm sets the node's timer to the earliest of the timers.
func (b *Base) arm() {
	ts := &b.kit.timers
	switch next := ts.earliest(); {
	case ts.firing || next == ts.armed:
	case next == unarmed:
		ts.armed = unarmed
		b.Cancel(kitTimer)
	default:
		ts.armed = next
		b.After(next-b.Now(), kitTimer)
	}
}

// fire calls the functions of the timers that are due. Timers that they set wait for the
// next time, however short they are, so that there is an end.
func (b *Base) fire() {
	if b.kit == nil {
		b.unhandled++
		return
	}
	ts := &b.kit.timers
	now, until := b.Now(), ts.ord
	ts.firing, ts.armed = true, unarmed
	for len(ts.heap) > 0 && ts.heap[0].at <= now && ts.heap[0].ord < until {
		slot := ts.heap[0].slot
		t := ts.slots[slot]
		if t.every > 0 {
			ts.again(now, t.every)
		} else {
			ts.free(slot)
		}
		if t.call != 0 {
			b.callTimedOut(t.call)
		} else {
			t.fn()
		}
	}
	ts.firing = false
	b.arm()
}

// unarmed is the time at which a timer is set that is not.
const unarmed time.Duration = -1

// timer is one timer: of a function, or of a call.
type timer struct {
	fn    func()
	every time.Duration // 0: once
	call  uint32        // its number; 0: the timer is of a function
	gen   uint32        // of the slot: how often it was freed
	pos   int32         // in the heap; below 0: the slot is free
}

// timers are all timers of a node: slots that stay where they are, and a heap by time,
// and among equals by the order in which they were set.
type timers struct {
	slots  []timer
	vacant []uint32
	heap   []due
	ord    uint64        // of the next timer that is set
	armed  time.Duration // when the node's timer goes off
	firing bool
}

type due struct {
	at   time.Duration
	ord  uint64
	slot uint32
}

func (d *due) before(o *due) bool { return d.at < o.at || d.at == o.at && d.ord < o.ord }

func (ts *timers) has(slot, gen uint32) bool {
	return ts.slots[slot].gen == gen && ts.slots[slot].pos >= 0
}

func (ts *timers) earliest() time.Duration {
	if len(ts.heap) == 0 {
		return unarmed
	}
	return ts.heap[0].at
}

// add sets a timer and returns its slot.
func (ts *timers) add(at time.Duration, t timer) (slot uint32) {
	if n := len(ts.vacant); n > 0 {
		slot = ts.vacant[n-1]
		ts.vacant = ts.vacant[:n-1]
		t.gen = ts.slots[slot].gen
	} else {
		if len(ts.slots) >= MaxTimers {
			panic(fmt.Sprintf("algos: a node has set %d timers at once, which is MaxTimers: stop those that are not needed", MaxTimers))
		}
		slot = uint32(len(ts.slots))
		ts.slots = append(ts.slots, timer{})
	}
	ts.slots[slot] = t
	ts.heap = append(ts.heap, due{at, ts.ord, slot})
	ts.ord++
	ts.up(len(ts.heap) - 1)
	return slot
}

// free takes a timer out of the heap and vacates its slot.
func (ts *timers) free(slot uint32) {
	t := &ts.slots[slot]
	i, last := int(t.pos), len(ts.heap)-1
	*t = timer{gen: t.gen + 1, pos: -1}
	ts.vacant = append(ts.vacant, slot)
	moved := ts.heap[last]
	ts.heap = ts.heap[:last]
	if i < last {
		ts.heap[i] = moved
		ts.down(i)
		ts.up(int(ts.slots[moved.slot].pos))
	}
}

// again sets the earliest timer, which is due, to the next beat after now.
func (ts *timers) again(now, every time.Duration) {
	d := &ts.heap[0]
	d.at += every
	if d.at <= now {
		d.at = now + every - (now-d.at)%every
	}
	d.ord = ts.ord
	ts.ord++
	ts.down(0)
}

func (ts *timers) up(i int) {
	d := ts.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !d.before(&ts.heap[parent]) {
			break
		}
		ts.put(i, ts.heap[parent])
		i = parent
	}
	ts.put(i, d)
}

func (ts *timers) down(i int) {
	d := ts.heap[i]
	for {
		child := 2*i + 1
		if child >= len(ts.heap) {
			break
		}
		if other := child + 1; other < len(ts.heap) && ts.heap[other].before(&ts.heap[child]) {
			child = other
		}
		if !ts.heap[child].before(&d) {
			break
		}
		ts.put(i, ts.heap[child])
		i = child
	}
	ts.put(i, d)
}

func (ts *timers) put(i int, d due) {
	ts.heap[i] = d
	ts.slots[d.slot].pos = int32(i)
}
