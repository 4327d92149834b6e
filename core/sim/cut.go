package sim

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/qos"
)

// A cut is silent, as one in a network is. What is under way stops there: it goes
// on when the cut is healed, as TCP would send it again. Whoever has data that is
// not acknowledged finds out: core's monitor asks the lane what a system would know
// of its connection, and fails it when the peer has owed an answer for
// Config.FailTimeout. An idle lane knows of no cut, and a receiver only that a
// stream which was steady has stalled. A dial fails when it has waited for Options.DialTimeout.

func (k *link) isCut() bool { return k.forth || k.back }

// severed reports whether nothing gets from one node to another.
func (w *World) severed(from, to *Node) bool {
	return from.group != to.group || w.cuts[pair{from.index, to.index}]
}

// look sees whether the link is cut, and lets go on what a cut has held that is no
// more.
func (k *link) look() {
	was, forth, back := k.isCut(), k.forth, k.back
	k.forth, k.back = k.world.severed(k.from, k.to), k.world.severed(k.to, k.from)
	if !was && k.isCut() {
		k.since = k.world.now
	}
	for _, l := range k.lanes {
		l.forth, l.back = k.forth, k.back
		if forth && !k.forth {
			l.resumeForth()
		}
		if back && !k.back {
			l.resumeBack()
		}
		if was && !k.isCut() && l.heldSyn {
			l.heldSyn = false
			k.world.soon(l, evSyn, 0)
		}
	}
}

// lookAll sees to all links, after a change that concerns many.
func (w *World) lookAll() {
	for _, k := range w.links {
		k.look()
	}
}

// resumeForth sends again what a cut has kept from the receiver.
func (l *lane) resumeForth() {
	if n := l.heldRuns; n > 0 {
		l.heldRuns = 0
		l.world.soon(l, evArrive, n)
	}
	if l.heldFin {
		l.heldFin = false
		l.world.soon(l, evFin, 0)
	}
}

// resumeBack sends again what a cut has kept from the sender.
func (l *lane) resumeBack() {
	l.usedBytes -= l.owedBytes
	l.usedMsgs -= l.owedMsgs
	l.owedBytes, l.owedMsgs = 0, 0
	if l.starved {
		l.fill()
	}
	if l.heldAnswer {
		l.heldAnswer = false
		l.world.soon(l, evAnswer, 0)
	}
	if l.heldHangup {
		l.heldHangup = false
		l.world.soon(l, evHangup, 0)
	}
}

// Kernel implements core.Meter: what a system would know of the connection. Data is
// acknowledged when it has arrived, whether it was taken or not.
func (t outEnd) Kernel(o *core.OutLane) (qos.Kernel, bool) {
	l := t.lane
	k := qos.Kernel{RTT: 2 * l.world.opt.Hop}
	if l.forth || l.back {
		k.Unacked = uint64(l.usedBytes)
		k.Unanswered = k.Unacked > 0
		k.SinceAck = l.world.now - l.link.since
	} else {
		for i := l.arrived; i < l.q.n; i++ {
			k.Unacked += uint64(l.q.at(i).Len)
		}
	}
	k.Acked = o.Handed().Bytes - k.Unacked
	return k, true
}

// abandon is the end of the sender's end after a peer that did not answer. The word
// of it is sent once, and a cut swallows it: the receiver keeps its end, and finds out
// when the sender opens the lane again.
func (l *lane) abandon() {
	if !l.forth {
		l.sendFin(core.CloseAbort)
		return
	}
	l.failed = true // what is in the queue of events still has been lost now
	l.lose(l.arrived)
	l.heldRuns, l.hanging, l.heldHangup = 0, false, false
	l.over()
}
