package core

import "github.com/ioverlay/ioverlay/core/wire"

// Signals are the messages in which the switch itself says downstream what has become of
// a session. They end a lane's traffic, so of what a lane loses they are the last. They
// are not the algorithm's, which is not told of their loss: what it is told adds up to
// what it has sent.

// signalled notes that a signal was given to the lane.
func (l *OutLane) signalled(m *Msg) {
	l.signals.Msgs++
	l.signals.Bytes += uint64(len(m.frame))
	l.node.own.Sent++
}

// lostSignals takes the lane's signals out of what it has lost since it had lost that
// much, and forgets them: the lane begins anew.
func (l *OutLane) lostSignals(before Tally) {
	s := l.signals
	l.signals = Tally{}
	if l.lostMsgs-before.Msgs < s.Msgs || l.lostBytes-before.Bytes < s.Bytes {
		return // they are on their way, or there is nobody left who knows
	}
	l.lostMsgs -= s.Msgs
	l.lostBytes -= s.Bytes
	n := l.node
	n.own.Lost += s.Msgs
	if l.booked {
		n.gone.outMsgs -= s.Msgs
		n.gone.outBytes -= s.Bytes
	}
}

// signal reports whether a run is one signal. Emulated links lose none: nobody would say
// it again.
func (r *Run) signal() bool {
	if r.Msgs != 1 {
		return false
	}
	t := wire.TypeOf(r.Bytes())
	return t == wire.TypeBrokenSource || t == wire.TypeSessionEnd
}
