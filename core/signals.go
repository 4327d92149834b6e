package core

import (
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Signals are the messages in which the switch itself says downstream what has become of
// a session. They end a lane's traffic, so of what a lane loses they are the last. They
// are not the algorithm's, which is not told of their loss: what it is told adds up to
// what it has sent.

// signal gives the lane a signal of a session.
func (l *OutLane) signal(m *Msg, app uint32) {
	before, said := l.signals, l.said
	if l.state == laneCooling {
		before, said = Tally{}, nil // those went to a connection that is over
	}
	l.node.Send(m, l.peer)
	l.shut() // what is sent after it is queued anew, and is known not to be one
	l.signals = Tally{before.Msgs + 1, before.Bytes + uint64(len(m.frame))}
	said = append(said, app) // Send has forgotten them
	l.said = said
	l.node.own.Sent++
}

// nothingSaid notes that something else is given to the lane.
func (l *OutLane) nothingSaid() { l.signals, l.said = Tally{}, nil }

// hasSaid reports whether the lane's last messages tell of the session already: to tell it
// again would say nothing new, and signals have no bound.
func (l *OutLane) hasSaid(app uint32) bool {
	return (l.draining || l.app == wire.SharedApp) && slices.Contains(l.said, app)
}

// lostSignals takes the lane's signals out of what it has lost since it had lost that
// much, and forgets them: the lane begins anew.
func (l *OutLane) lostSignals(before Tally) {
	s := l.signals
	l.nothingSaid()
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
