package sim

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// A cut is silent, as one in a network is. What is under way stops there: it goes
// on when the cut is healed, as TCP would send it again, or is lost when the lane
// fails. Both ends of a lane fail when it has been cut for Options.FailTimeout, in
// one direction or both; a dial, when it has waited for Options.DialTimeout.

// reasonSilent is why a lane fails whose peer was silent for too long.
const reasonSilent = core.ReasonReset

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
		if len(k.lanes) > 0 {
			k.world.later(k.world.now+k.world.opt.FailTimeout, nil, evStall, k.index)
		}
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

// stalled fails the lanes of a link that has been cut for too long.
func (k *link) stalled() {
	if !k.isCut() || k.world.now-k.since < k.world.opt.FailTimeout {
		return // healed meanwhile, and perhaps cut again
	}
	for _, l := range slices.Clone(k.lanes) {
		l.silent()
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

// silent fails both ends of a lane that was cut for too long. One that is being
// dialled has a time of its own. What has reached the receiver it still switches.
func (l *lane) silent() {
	if l.opened {
		l.failSender(reasonSilent)
	}
	if l.out != nil && l.in == nil {
		return
	}
	l.refused = true // for a dial whose answer is under way
	l.failed = true  // what is in the queue of events still has been lost now
	l.lose(l.arrived)
	l.heldRuns, l.heldFin, l.heldHangup = 0, false, false
	l.why, l.finCame = reasonSilent, true
	l.finish()
}
