package core

import (
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Urgent control. A control lane is a queue, and what it has no room for waits behind it (overflow.go). An urgent message
// passes those that wait behind the queue, and none in it, so no transport and no emulated link need know of it: the order is made
// before them. Whoever passes a message on decides for his own lane; nothing of it is on the wire.
//
//	order     urgent messages stay in the order in which they were sent, and so do the others
//	starves   nobody: where both wait, one of the others goes after urgentRow urgent ones at the latest
//	bounded   by what bounds control anyway: the bounds of the queue and behind it, together, are what they were
//	full      when no more may wait, an urgent message takes the place of the last one that is not urgent, which is
//	          dropped, counted and told as it would have been had it come then; if all that wait are urgent, it is
//	          dropped itself
const (
	// urgentAhead is how many messages are in the queue of a lane from its first urgent one on: what that waits for. Of those
	// that the queue has room for, the others wait behind it.
	urgentAhead = 32

	urgentRow = 4
)

// urgency is what a control lane has of urgent messages.
type urgency struct {
	used    bool
	moved   int // messages that may wait behind the queue in place of in it
	waiting int // urgent ones behind the queue
	row     int // of them that were let in since one that was not
}

// SendUrgent is Send for a control message that goes before those of the lane that wait behind its queue: at most
// 32 messages, or Config.QueueBytes, are before it, from the first urgent message on the lane on, but for other urgent ones and one of the others
// after each four of those. What the kernel, or an emulated link, has taken is before it too. It panics if the message has an
// application: data is not passed.
func (n *Node) SendUrgent(m *Msg, dest NodeID) {
	if wire.App(m.frame) != 0 {
		panic("core: SendUrgent of a message with an application: only control, which has application 0, can be urgent")
	}
	l := n.findLane(dest, 0)
	u := &l.urgency
	if !u.used {
		u.used = true
		if l.maxMsgs > urgentAhead {
			u.moved = l.maxMsgs - urgentAhead
			l.shut() // Send extends the open run without looking back
			l.maxMsgs = urgentAhead
		}
	}
	for l.state <= laneOpen && l.overflows(m) && l.giveWay() {
	}
	before := len(l.over) - l.overHead
	n.Send(m, dest)
	if len(l.over)-l.overHead > before {
		l.advance()
	}
}

// giveWay drops the last message behind the queue that is not urgent, and reports whether there was one.
func (l *OutLane) giveWay() bool {
	for i := len(l.over) - 1; i >= l.overHead; i-- {
		o := &l.over[i]
		if o.urgent {
			continue
		}
		l.overMsgs--
		l.overBytes -= int(o.run.Len)
		l.lose(1, uint64(o.run.Len))
		o.run.Slab.Release()
		l.over = slices.Delete(l.over, i, i+1)
		l.tellLost(ReasonFull)
		return true
	}
	return false
}

// advance moves the last message behind the queue, which is urgent, to its place: behind the other urgent ones, with one
// that is not after each row of them.
func (l *OutLane) advance() {
	u := &l.urgency
	last := len(l.over) - 1
	o := l.over[last]
	o.urgent = true
	at, row := l.overHead, u.row
	for seen := 0; seen < u.waiting; at++ {
		if row++; l.over[at].urgent {
			seen++
		} else {
			row = 0
		}
	}
	if row >= urgentRow && at < last {
		at++
	}
	copy(l.over[at+1:], l.over[at:last])
	l.over[at] = o
	u.waiting++
}

// letIn notes that a message behind the queue has come into it.
func (u *urgency) letIn(urgent bool) {
	switch {
	case urgent:
		u.waiting--
		u.row++
	default:
		u.row = 0
	}
}
