package sim

import (
	"github.com/ioverlay/ioverlay/core"
)

// lane is one lane under way, in the order in which a message meets it:
//
//	fill     the sender's queue is taken, up to a window, and is on its way
//	arrive   a hop later runs have come, if no cut is in between
//	next     the receiver, when it has switched all before, is fed the next run
//	         and the window has room for another
//	fin      the sender has closed: the receiver's end ends after the last run
//	hungUp   the receiver has closed: a hop later so does the sender's end
//
// Opening a lane is in dial.go.
//
// In a large world what a message costs is the memory that it touches: so what
// every message needs lies together at the front, in two cache lines, and a lane
// need look at neither its link nor a node.
type lane struct {
	world *World
	out   *core.OutLane // nil once closed at the sender's end
	in    *core.InLane  // nil before it is opened at the receiver's end and once it is closed

	q       runs   // sent, not taken by the receiver
	arrived uint32 // of q, how many runs have come

	usedBytes, usedMsgs int32 // of the window
	starved             bool  // the window was full when there was more
	fed                 bool  // the receiver has a run that it has not switched whole
	forth, back         bool  // is cut, as the link says
	slow                bool  // the receiver is slow
	failed              bool  // the sender has given up: nothing arrives any more

	msgs, bytes uint64 // taken by the receiver

	// What follows is looked at when a lane opens, ends or is cut.

	link    *link // nil if nobody ever lived at the destination
	app     uint32
	opened  bool // at the sender's end
	refused bool // by the receiver
	limited bool // the dial's end is in the queue
	waiting bool // in the receiver's list of those that wait, since it is slow

	why     core.Reason // of the end, for the receiver
	finCame bool        // that end has reached the receiver
	hanging bool        // that the receiver has closed is on its way to the sender
	hangWhy core.Reason // of the end, for the sender
	took    core.Tally  // likewise: what the receiver took

	parted *core.OutLane // out, once it has closed
	handed core.Tally    // and what it had been handed

	// What a cut has stopped.
	heldSyn, heldAnswer bool
	heldFin, heldHangup bool
	heldRuns            uint32
	owedBytes, owedMsgs int32 // taken by the receiver, and the sender cannot know
}

// outEnd and inEnd are the two ends as transports.
type (
	outEnd struct{ *lane }
	inEnd  struct{ *lane }
)

// Flush implements core.OutTransport.
func (t outEnd) Flush(*core.OutLane) { t.fill() }

// fill sends what is queued while the window has room.
func (l *lane) fill() {
	o, w := l.out, l.world
	if o == nil {
		return
	}
	var n uint32
	for l.usedBytes < w.windowB && l.usedMsgs < w.windowM {
		r, ok := o.Take()
		if !ok {
			l.starved = false
			break
		}
		if w.opt.Watch != nil {
			w.opt.Watch.Sent(w.now, l.link.from, l.link.to, l.app, r)
		}
		l.usedBytes += int32(r.Len)
		l.usedMsgs += int32(r.Msgs)
		l.q.push(r)
		n++
	}
	l.starved = l.usedBytes >= w.windowB || l.usedMsgs >= w.windowM
	if n > 0 {
		w.soon(l, evArrive, n)
	}
}

// arrive says that n more runs have crossed.
func (l *lane) arrive(n uint32) {
	switch {
	case l.failed:
	case l.forth:
		l.heldRuns += n
	case l.in == nil:
		l.lose(0) // the receiver is gone, and the sender does not know yet
	default:
		l.arrived += n
		if !l.fed {
			l.next()
		}
	}
}

// Drained implements core.InTransport.
func (t inEnd) Drained(in *core.InLane) bool {
	if r := in.TakeRest(); r.Slab != nil {
		r.Slab.Release()
	}
	t.fed = false
	return t.next()
}

// next feeds the receiver the next run that has come, and reports whether there
// was one.
func (l *lane) next() bool {
	if l.arrived == 0 {
		l.finish()
		return false
	}
	if l.slow {
		l.link.to.queueUp(l)
		return false
	}
	l.arrived--
	l.feed(l.q.pop())
	return true
}

// feed gives the receiver a run.
func (l *lane) feed(r core.Run) {
	w := l.world
	w.messages += uint64(r.Msgs)
	w.bytes += uint64(r.Len)
	l.msgs += uint64(r.Msgs)
	l.bytes += uint64(r.Len)
	l.fed = true
	l.in.Feed(r)
	if l.back {
		l.owedBytes += int32(r.Len)
		l.owedMsgs += int32(r.Msgs)
		return
	}
	l.usedBytes -= int32(r.Len)
	l.usedMsgs -= int32(r.Msgs)
	if l.starved {
		l.fill()
	}
}

// Close implements core.OutTransport: the sender is gone. What is under way still
// arrives.
func (t outEnd) Close(o *core.OutLane, how core.CloseHow) {
	l := t.lane
	l.out = nil
	if how == core.CloseDead {
		l.abandon()
		return
	}
	l.parted, l.handed = o, o.Handed()
	l.sendFin(how)
}

// sendFin lets the receiver know that the sender's end has closed.
func (l *lane) sendFin(how core.CloseHow) {
	if l.in == nil {
		l.over()
		return
	}
	l.why = how.Reason()
	l.world.soon(l, evFin, 0)
}

// fin says that the sender's end has reached the receiver.
func (l *lane) fin() {
	if l.forth {
		l.heldFin = true
		return
	}
	l.finCame = true
	l.finish()
}

// finish ends the receiver's end after its last message.
func (l *lane) finish() {
	if !l.finCame || l.fed || l.q.n > 0 {
		return
	}
	in := l.in
	l.in = nil
	if in != nil {
		in.End(l.why, nil)
	}
	l.over()
}

// Close implements core.InTransport: the receiver is gone.
func (t inEnd) Close(in *core.InLane, how core.CloseHow) {
	l := t.lane
	if l.in == nil {
		return // it was closed because of what came from the sender
	}
	l.in, l.fed = nil, false
	l.lose(0)
	l.hangWhy, l.took, l.hanging = how.Reason(), in.Taken(), true
	l.world.soon(l, evHangup, 0)
}

// hungUp says that the receiver's end has reached the sender.
func (l *lane) hungUp() {
	if l.back {
		l.heldHangup = true
		return
	}
	l.hanging = false
	switch o := l.out; {
	case o != nil:
		l.out = nil
		o.FailTook(l.hangWhy, l.took)
	case l.parted != nil: // it has ended as well, and hears what was not taken any more
		l.parted.Missed(l.handed, l.took)
	}
	l.over()
}

// over forgets a lane that is closed at both ends.
func (l *lane) over() {
	if l.out != nil || l.in != nil || l.hanging { // of which the sender has not heard yet
		return
	}
	l.lose(0)
	if l.link != nil {
		l.link.forget(l)
	}
	if o := l.parted; o != nil {
		l.parted = nil
		o.Parted()
	}
}

// lose drops all that is under way but the first keep runs, and counts it.
func (l *lane) lose(keep uint32) {
	l.arrived = min(l.arrived, keep)
	for l.q.n > keep {
		r := l.q.popLast()
		l.link.stats.LostMsgs += uint64(r.Msgs)
		l.link.stats.LostBytes += uint64(r.Len)
		r.Slab.Release()
	}
}
