package core

import (
	"math/bits"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Losses, to the message. What a lane was given is either sent or lost:
//
//	in the queue         lost when the lane fails (outlane.go, discard)
//	taken by the kernel  lost as far as the peer has not taken it: it says how much
//	                     it took, with its last word on the connection, or, if it
//	                     has none, its kernel has acknowledged some
//	taken by the peer    switched, or counted there as received and not switched
//
// So at every link: sent at one end is received at the other, and with what is
// lost it is all that was given to it.

// Tally counts whole messages and their bytes, headers included.
type Tally struct{ Msgs, Bytes uint64 }

func (t Tally) minus(u Tally) Tally {
	return Tally{t.Msgs - min(t.Msgs, u.Msgs), t.Bytes - min(t.Bytes, u.Bytes)}
}

func (t *Tally) add(u Tally) {
	t.Msgs += u.Msgs
	t.Bytes += u.Bytes
}

// Handed is what the connection that is open now has been given, or the last one
// if it has just ended.
func (l *OutLane) Handed() Tally {
	return Tally{l.sentMsgs - l.base.Msgs, l.sentBytes - l.base.Bytes}
}

// FailTook is Fail for a transport whose peer has said how much it took of what
// it was handed.
func (l *OutLane) FailTook(why Reason, took Tally) {
	l.fail(why, func() { l.missed(l.Handed().minus(took)) })
}

// FailAcked is Fail for a transport that knows only how many of the bytes it was
// handed the peer's system has acknowledged.
func (l *OutLane) FailAcked(why Reason, bytes uint64) {
	l.fail(why, func() { l.missed(l.Handed().minus(l.Handed().within(bytes))) })
}

// within is how much of what was handed over lies whole in its first bytes: to the
// message if all are of one length, and to the message by their mean length if
// not. Where each message ended is not kept: that would cost every burst a note,
// for a case in which whoever knows better is dead.
func (t Tally) within(bytes uint64) Tally {
	if bytes >= t.Bytes {
		return t
	}
	share := func(of, part, whole uint64) uint64 {
		hi, lo := bits.Mul64(of, part)
		q, _ := bits.Div64(hi, lo, whole) // part is below whole, so it fits
		return q
	}
	msgs := share(t.Msgs, bytes, t.Bytes)
	if msgs == t.Msgs {
		return t
	}
	return Tally{msgs, share(t.Bytes, msgs, t.Msgs)}
}

// missed counts as lost what had counted as sent.
func (l *OutLane) missed(m Tally) {
	l.sentMsgs -= m.Msgs
	l.sentBytes -= m.Bytes
	l.base.Msgs -= min(l.base.Msgs, m.Msgs) // of the next connection, if there is one
	l.base.Bytes -= min(l.base.Bytes, m.Bytes)
	l.lose(m.Msgs, m.Bytes)
	if !l.booked {
		return
	}
	n := l.node
	n.gone.outMsgs += m.Msgs
	n.gone.outBytes += m.Bytes
	if l.forgotten() {
		n.past.Out = n.past.Out.minus(m)
	}
}

// Missed is for a transport that has outlived its lane to hear what the peer took:
// it was handed so much, and the peer took no more than that.
func (l *OutLane) Missed(handed, took Tally) {
	m := handed.minus(took)
	if m.Msgs == 0 && m.Bytes == 0 {
		return
	}
	before := Tally{l.lostMsgs, l.lostBytes}
	l.missed(m)
	l.lostSignals(before)
	if lost := l.untold(); lost > 0 {
		l.node.post(event{typ: wire.TypeSendFailed, peer: l.peer, app: l.app, reason: ReasonReset, dir: Downstream, lost: lost})
	}
}

// Acked is how much of what was handed over the given number of acknowledged bytes
// amounts to.
func (t Tally) Acked(bytes uint64) Tally { return t.within(bytes) }

// Taken is what the lane has taken from its upstream: switched, or, once it has
// ended, counted as received and not switched.
func (l *InLane) Taken() Tally {
	return Tally{l.msgs + l.droppedMsgs, l.bytes + l.droppedBytes}
}
