package core

import "slices"

// A message for whichever of several nodes has room first. A source that may go as fast as the fastest of its
// downstreams must not wait at the queue of one of them, which may be stuck, while others run dry:
//
//	Node.SendFirst   sends to the first that has room, or waits at all of them
//	OutLane.claimed  a queue has room: it takes the message, and the others forget it
//	OutLane.unclaim  a lane has failed: the message waits at the others, and is lost with the last

// claim is one message that waits for room in any of some queues.
type claim struct {
	run   Run
	owner *InLane    // waits meanwhile
	lanes []*OutLane // that it waits at
}

// SendFirst sends a data message to the first of some nodes that has room for it. If none has, the lane that it came on, or the
// source that made it, waits until one of them takes it, as Send would have it wait for one of them: it goes to one, and
// nobody knows before to whom. A message that stops nobody (made on a timer, or control) goes to the first
// node, as with Send; and one to nobody nowhere.
func (n *Node) SendFirst(m *Msg, dests ...NodeID) {
	for _, dest := range dests {
		if !n.Full(dest, m.App()) {
			n.Send(m, dest)
			return
		}
	}
	switch {
	case len(dests) == 0:
		return
	case len(dests) == 1 || n.shard.cur == nil || n.shard.cur.app == 0 || m.App() == 0:
		n.Send(m, dests[0])
		return
	}
	if m.state != msgCurrent {
		m.mayLeave()
	}
	m.sent = true
	c := n.spareClaim
	if n.spareClaim = nil; c == nil {
		c = &claim{}
	}
	c.run, c.owner = runOf(m), n.shard.cur
	for _, dest := range dests {
		l := n.findLane(dest, m.App())
		c.lanes = append(c.lanes, l)
		l.claims = append(l.claims, c)
	}
	c.owner.blocked++
}

// claimed gives the queue, which may have room, what waits for it. Messages that wait for this queue alone come first.
func (l *OutLane) claimed() {
	for len(l.claims) > 0 && l.overHead == len(l.over) && !l.full() {
		c := l.claims[0]
		for _, other := range c.lanes {
			other.forgetClaim(c)
		}
		l.shut()
		l.nothingSaid()
		l.q.push(c.run)
		l.queued(int(c.run.Len))
		owner := c.owner
		l.node.spare(c)
		owner.goOn()
	}
}

// unclaim takes the lane out of what waits for it among others. What waits for it alone is lost with it.
func (l *OutLane) unclaim() {
	for len(l.claims) > 0 {
		c := l.claims[0]
		l.forgetClaim(c)
		c.lanes = slices.DeleteFunc(c.lanes, func(other *OutLane) bool { return other == l })
		if len(c.lanes) > 0 {
			continue
		}
		l.lose(1, uint64(c.run.Len))
		c.run.Slab.Release()
		owner := c.owner
		l.node.spare(c)
		owner.unblock()
	}
}

func (l *OutLane) forgetClaim(c *claim) {
	l.claims = slices.DeleteFunc(l.claims, func(other *claim) bool { return other == c })
}

// spare keeps a claim's memory for the next.
func (n *Node) spare(c *claim) {
	clear(c.lanes)
	*c = claim{lanes: c.lanes[:0]}
	n.spareClaim = c
}
