package core

// A lane that closes in order may be wanted again before its peer has taken all that was
// sent on it: a session ends and the next one begins. Were it dialled at once, the new
// connection would overtake the old one, which its accepter then takes for dead, with
// what it has not switched. So what is sent meanwhile waits in the queue, with
// back-pressure as ever, and the dial waits until the old connection is over at both
// ends, or is given up.
//
//	closeInOrder  the lane parts
//	dial          is held back while it does
//	Parted        the transport says that the old connection is over

// dial dials the lane's peer, or has it wait for the connection before to end.
func (l *OutLane) dial() {
	l.age.leave()
	l.state, l.forget = laneDialling, false // CloseLink was before it opened again
	if l.parting {
		l.held = true
		return
	}
	l.node.shard.rt.Dial(l)
}

// Parted says that a connection which was closed with CloseGraceful is over: its peer
// has ended its end, or is given up. A transport calls it once for each.
func (l *OutLane) Parted() {
	if !l.parting {
		return
	}
	l.parting = false
	switch {
	case l.held:
		l.held = false
		if l.state == laneDialling && l.node.state != nodeEnded {
			l.node.shard.rt.Dial(l)
		}
	case l.forget && l.state == laneCooling:
		l.free()
	}
}
