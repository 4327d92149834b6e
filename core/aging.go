package core

import (
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Lanes have a life. A lane at rest is closed by its sending end after
// Config.IdleTimeout, and what is left of a lane that has ended, its pause before the
// next dial and its counters, is forgotten after as long again. The receiving end of a
// lane goes with it, and by itself if nothing has come for twice that time: its peer
// is gone, and nobody had anything to say to notice it. A lane on which nothing was
// ever sent, for nobody was there, is forgotten soon after its pause.
//
// NeverIdle keeps lanes for what they carry. Lanes are opened to send something, so one
// from upstream that has never brought a whole message has no part in that: it ends after
// the usual time, or whoever says hello and falls silent would hold a descriptor for ever.
//
//	rest        the monitor has found a lane at rest (monitor.go): it joins a row
//	leave       something moves on it: it leaves the row
//	expire      the node's timer, set for the head of a row and no other
//	free        a lane that has ended is forgotten, and its link with the last one
//
// All lanes of a row wait equally long, so a row is in the order in which its lanes
// are due, and joining, leaving and looking cost the same however many there are.

// idleTimer is the timer of lanes at rest.
const idleTimer = monitorTimer | 5

// aging is the rows of a node's lanes that rest or have ended.
type aging struct {
	idle  row           // open lanes to downstream nodes
	down  row           // lanes to downstream nodes that have no connection
	vain  row           // those of them that never sent anything: nobody was there
	deaf  row           // lanes from upstream nodes
	mute  row           // those of them that never brought a whole message
	armed time.Duration // when the timer is due; 0: it is not set
	limit time.Duration // in place of Config.IdleTimeout; 0: that
}

// row is a doubly linked list of places.
type row struct{ head, tail *place }

// place is a lane's place in a row. Its owner is the lane it lies in.
type place struct {
	in         *row // nil: in none
	prev, next *place
	since      time.Duration
	out        *OutLane // one of the two
	from       *InLane
}

func (p *place) join(r *row, now time.Duration) {
	if p.in == r {
		return
	}
	p.leave()
	p.in, p.since, p.prev = r, now, r.tail
	if r.tail == nil {
		r.head = p
	} else {
		r.tail.next = p
	}
	r.tail = p
}

func (p *place) leave() {
	r := p.in
	if r == nil {
		return
	}
	if p.prev == nil {
		r.head = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		r.tail = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.in, p.prev, p.next = nil, nil, nil
}

// SetIdleTimeout sets how long the node's lanes may rest before they are closed, in
// place of Config.IdleTimeout; [NeverIdle] keeps them. An algorithm whose links tell it
// that a neighbour has failed wants them to stay, and closes them itself (CloseLink).
// It panics if d is 0.
func (n *Node) SetIdleTimeout(d time.Duration) {
	if d == 0 {
		panic("core: SetIdleTimeout(0): want a time, or core.NeverIdle")
	}
	n.aging.limit = d
	n.armAging()
}

// idleTimeout is how long lanes may rest; below 0 for ever.
func (n *Node) idleTimeout() time.Duration {
	if n.aging.limit != 0 {
		return n.aging.limit
	}
	return n.shard.cfg.IdleTimeout
}

// patience is how long the lanes of a row stay in it; below 0 for ever.
func (n *Node) patience(r *row) time.Duration {
	d := n.idleTimeout()
	switch {
	case r == &n.aging.vain: // of use for its pause alone; peers can make up as many as they like
		return 2 * n.shard.cfg.RedialMax
	case r == &n.aging.down && d < 0:
		return DefaultIdleTimeout // nothing is closed by it
	case r == &n.aging.mute && d < 0:
		d = DefaultIdleTimeout
		fallthrough
	case (r == &n.aging.deaf || r == &n.aging.mute) && d > 0:
		return 2*d + n.shard.cfg.FailTimeout // the sending end comes first
	}
	return d
}

func (n *Node) rows() [5]*row {
	return [...]*row{&n.aging.idle, &n.aging.down, &n.aging.vain, &n.aging.deaf, &n.aging.mute}
}

// restOut has a lane to a downstream node begin to age.
func (n *Node) restOut(l *OutLane) {
	switch {
	case n.state == nodeEnded || l.state == laneDialling || l.state == laneClosed:
		return
	case l.state == laneCooling && l.sentMsgs == 0 && l.why != ReasonIdle:
		l.age.join(&n.aging.vain, n.Now())
	case l.state == laneCooling:
		l.age.join(&n.aging.down, n.Now())
	default:
		l.age.join(&n.aging.idle, n.Now())
	}
	n.armFor(&l.age)
}

// restIn does so with a lane from an upstream node.
func (n *Node) restIn(l *InLane) {
	if n.state == nodeEnded || l.closed || l.from.IsZero() {
		return
	}
	r := &n.aging.deaf
	if l.msgs == 0 {
		r = &n.aging.mute
	}
	l.age.join(r, n.Now())
	n.armFor(&l.age)
}

// armFor sets the timer for a lane that has joined a row, unless it waits behind one for which the timer is set.
func (n *Node) armFor(p *place) {
	if p.prev == nil || n.aging.armed == 0 {
		n.armAging()
	}
}

// armAging sets the timer for the lane that is due first, which may be one of a row
// that is shorter than that of those before. It may go off once too often, after lanes
// have left their rows; that is cheaper than to move it back each time.
func (n *Node) armAging() {
	due, first := time.Duration(math.MaxInt64), false
	for _, r := range n.rows() {
		if d := n.patience(r); d >= 0 && r.head != nil {
			due, first = min(due, r.head.since+d), true
		}
	}
	if due = max(due, n.Now(), 1); first && (n.aging.armed == 0 || due < n.aging.armed) {
		n.aging.armed = due
		n.shard.rt.SetTimer(&n.sw, due, idleTimer)
	}
}

// expire is the timer of lanes at rest.
func (n *Node) expire() {
	n.aging.armed = 0
	now := n.Now()
	for _, r := range n.rows() {
		d := n.patience(r)
		for p := r.head; d >= 0 && p != nil && p.since+d <= now; p = r.head {
			p.leave()
			if p.out != nil {
				p.out.expire(now)
			} else {
				n.endIn(p.from, ReasonIdle, nil)
			}
		}
	}
	n.armAging()
}

// expire closes a lane that rests, or forgets one that has ended.
func (l *OutLane) expire(now time.Duration) {
	n := l.node
	switch {
	case l.state == laneCooling && (now < l.retryAt || l.parting || l.sleeps()):
		n.restOut(l)
	case l.state == laneCooling:
		l.free()
	case l.state == laneOpen && l.empty():
		l.closeInOrder(ReasonIdle)
	case l.state == laneOpen:
		n.restOut(l) // waits on an emulated link, which the monitor calls a rest
	}
}

// sleeps reports whether the lane was closed while a session was at rest that this node
// has not seen the end of, and will have to tell.
func (l *OutLane) sleeps() bool {
	switch {
	case l.why != ReasonIdle || l.app == 0:
		return false
	case l.app != wire.SharedApp:
		return l.node.brings(l.app)
	}
	return slices.ContainsFunc(l.apps, l.node.brings)
}

// forgotten reports whether the lane was freed: its counts are the node's.
func (l *OutLane) forgotten() bool { return l.route.IsZero() }

// free forgets a lane that has no connection. What it has counted goes to its node.
func (l *OutLane) free() {
	if l.forgotten() {
		return
	}
	n := l.node
	if lost := l.untold(); lost > 0 {
		n.post(event{typ: wire.TypeSendFailed, peer: l.peer, app: l.app, reason: l.lossWhy, dir: Downstream, lost: lost})
	}
	l.age.leave()
	l.state, l.route, l.then = laneClosed, NodeID{}, nil
	l.discard()
	l.detachAll()
	n.unpace(l)
	n.bookOut(l)
	n.past.Out.Msgs += l.sentMsgs
	n.past.Out.Bytes += l.sentBytes
	l.link.drop(l)
}

// bookOut adds what a lane has lost to its node's count, for good.
func (n *Node) bookOut(l *OutLane) {
	n.gone.outMsgs += l.lostMsgs
	n.gone.outBytes += l.lostBytes
	n.gone.emulMsgs += l.emulMsgs
	n.gone.emulBytes += l.emulBytes
	l.booked = true
}
