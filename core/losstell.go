package core

import "github.com/ioverlay/ioverlay/core/wire"

// Every loss is told. What a lane loses when it ends, LinkDown says; everything else,
// what is sent to a destination that is left alone for a moment, or goes over the
// bound of a queue, or was sent and not taken by a peer that has gone, is gathered for
// lossDelay and told by SendFailed, with its number.
//
//	tellLost     a lane has lost something: the node's timer is set
//	tellLosses   its time has come: an event a lane

// lossTimer is the timer of losses to be told.
const lossTimer = monitorTimer | 3

// tellLost has the algorithm told of what the lane has lost, soon.
func (l *OutLane) tellLost(why Reason) {
	l.lossWhy = why
	if l.telling || l.node.state == nodeEnded {
		return
	}
	l.telling = true
	n := l.node
	if len(n.telling) == 0 {
		n.shard.rt.SetTimer(&n.sw, n.Now()+lossDelay, lossTimer)
	}
	n.telling = append(n.telling, l)
}

// tellLosses posts an event for each lane with losses that nobody has told of since.
func (n *Node) tellLosses() {
	for i, l := range n.telling {
		n.telling[i] = nil
		l.telling = false
		if lost := l.untold(); lost > 0 {
			n.post(event{typ: wire.TypeSendFailed, peer: l.peer, app: l.app, reason: l.lossWhy, dir: Downstream, lost: lost})
		}
	}
	n.telling = n.telling[:0]
}
