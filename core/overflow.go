package core

import (
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What happens to a message that finds its lane's queue full. There are two kinds of
// traffic, and the lane says which one a message is, at both ends and at every relay:
//
//	data     (an application above 0) waits behind the queue, and the data lane that it
//	         came on, or was made from, is not served until the queue has taken it:
//	         exact back-pressure, nothing is lost
//	control  (application 0) waits behind the queue up to a bound, and stops nothing.
//	         What goes over the bound is dropped, counted and told (losstell.go)
//
// So what waits never waits for an answer: a control lane from upstream is never
// stopped by a queue, by held messages, or by data made of what came on it, and a data
// lane is stopped by data alone. Requests and answers go on at any load and on any
// topology; only data that runs in a circle can wait for itself (waitgraph.go).

// overflow is one message that waits for room in a full queue.
type overflow struct {
	run    Run
	owner  *InLane // the data lane from upstream that waits with it; nil if none does
	next   uint64  // the round in which the owner goes on
	urgent bool    // urgent.go
}

// stops is the lane from upstream that waits if a queue has no room for a message:
// none for control, nor for data that is made on a timer, an event or a control
// message.
func (l *OutLane) stops() *InLane {
	cur := l.node.shard.cur
	if cur == nil || cur.app == 0 || l.app == 0 {
		return nil
	}
	return cur
}

// pushSlow is push for a lane that is full or down.
func (l *OutLane) pushSlow(m *Msg) {
	if l.state == laneCooling {
		l.tryAgain()
	}
	switch {
	case l.state > laneOpen:
		l.lose(1, uint64(len(m.frame)))
		l.tellLost(l.why)
		return
	case l.overHead == len(l.over) && !l.full():
		l.append(m)
		return
	}
	owner, next := l.stops(), uint64(0)
	var r Run
	if owner == nil {
		if l.overflows(m) {
			l.lose(1, uint64(len(m.frame)))
			l.tellLost(ReasonFull)
			return
		}
		l.overMsgs++
		l.overBytes += len(m.frame)
		r = l.compact(m, l.lastSlab())
	} else {
		owner.blocked++
		next = l.contend(owner)
		r = runOf(m)
	}
	if l.overHead > len(l.over)/2 { // a queue that is never empty must not grow
		n := copy(l.over, l.over[l.overHead:])
		clear(l.over[n:])
		l.over, l.overHead = l.over[:n], 0
	}
	l.nothingSaid()
	l.over = append(l.over, overflow{run: r, owner: owner, next: next})
}

// lastSlab holds the message that was queued last, or is nil.
func (l *OutLane) lastSlab() *bufpool.Slab {
	switch {
	case l.overHead < len(l.over):
		return l.over[len(l.over)-1].run.Slab
	case l.q.n > 0:
		return l.q.tail().Slab
	}
	return nil
}

// overflows reports whether a message that stops no lane is one too many. What the
// switch says of a session is its own, once a session, and must not be lost.
func (l *OutLane) overflows(m *Msg) bool {
	if t := wire.TypeOf(m.frame); t == wire.TypeBrokenSource || t == wire.TypeSessionEnd {
		return false
	}
	cfg := &l.node.shard.cfg
	return l.overMsgs >= cfg.OverflowMsgs+l.urgency.moved || l.overBytes >= cfg.OverflowBytes
}

// runOf is a message as a run of its own, with a reference for the queue.
func runOf(m *Msg) Run {
	m.slab.Retain()
	return Run{Slab: m.slab, Off: m.off, Len: uint32(len(m.frame)), Msgs: 1}
}

// compact is runOf for a message that waits behind others and stops nobody, the last of
// which is in the given slab.
//
// It could keep a slab alone that others of its lane do not touch: a thousand questions
// of a hundred bytes to a peer that is stuck, made or passed on among much else, would
// hold the memory of the whole engine, and links stop being read when that is used up.
// So small ones are moved together.
func (l *OutLane) compact(m *Msg, last *bufpool.Slab) Run {
	s := l.node.shard
	if m.slab == last || len(m.frame) > s.pool.SlabSize()/compactShare {
		return runOf(m)
	}
	slab, off := s.carve(&s.waiting, len(m.frame))
	copy(slab.Bytes()[off:], m.frame)
	return Run{Slab: slab, Off: uint32(off), Len: uint32(len(m.frame)), Msgs: 1}
}

// admitWaiting moves waiting messages into the queue while there is room, and
// lets the upstream lanes go on whose last message that was.
func (l *OutLane) admitWaiting() {
	l.shut()
	moved := 0
	for ; l.overHead < len(l.over) && !l.full(); moved++ {
		o := &l.over[l.overHead]
		l.q.push(o.run)
		l.queued(int(o.run.Len))
		owner, next, size := o.owner, o.next, o.run.Len
		if l.urgency.used {
			l.urgency.letIn(o.urgent)
		}
		*o = overflow{}
		l.overHead++
		switch {
		case owner == nil:
			l.overMsgs--
			l.overBytes -= int(size)
		case next <= l.round:
			owner.goOn()
		default:
			l.park(owner, next)
		}
	}
	if l.overHead == len(l.over) {
		l.over, l.overHead = l.over[:0], 0
	}
	l.movedUp(moved)
	if len(l.parked) > 0 {
		l.node.shard.ready.push(l.node) // to look whether the round is over
	}
}
