package core

import "time"

// When a pull hook may be asked, and what lists it again if it may not:
//
//	no lane, or one that has ended     it may: its first message opens it
//	the lane is being dialled          once; then Opened, or Fail
//	it has failed                      when its pause is over: the node's timer, or
//	                                   a lane that the peer opens
//	it is closing                      when it has closed
//	its queue is full                  when the transport takes something, or
//	                                   SetLaneQueue widens it
//	messages of others wait for room   when those have got it that were there before

// pullTimer is the timer of pull hooks whose lane has failed.
const pullTimer = monitorTimer | 6

// pulls is what a node keeps of its hooks besides.
type pulls struct {
	pausing []*puller
	armed   time.Duration // when the timer is set for; 0 if it is not
}

// may reports whether the hook may be asked. If not, what it waits for lists it again.
func (p *puller) may() bool {
	l := p.lane
	switch {
	case l == nil:
		return true
	case l.draining:
		return false
	case l.state == laneDialling:
		return l.empty() // one call opens the lane; what is made later is made better
	case l.state == laneOpen:
		return p.itsTurn(l)
	case l.node.Now() < l.retryAt: // it has failed, since one that is forgotten has no hooks
		p.pause()
		return false
	}
	return true
}

// itsTurn reports whether there is room in the lane's queue; or, where messages of others
// wait for room, whether all have got it that were there before the hook. Then what it
// sends waits as well, like theirs.
func (p *puller) itsTurn(l *OutLane) bool {
	cfg, waiting := &l.node.shard.cfg, len(l.over)-l.overHead
	if !p.inRow || waiting == 0 {
		p.inRow, p.ahead = true, waiting
	}
	if waiting == 0 && l.full() {
		return false // whoever comes now is behind it
	}
	if p.ahead > 0 || l.overMsgs >= cfg.OverflowMsgs || l.overBytes >= cfg.OverflowBytes {
		return false
	}
	p.inRow = false
	return true
}

// pause has the hook asked when its lane may be dialled again.
func (p *puller) pause() {
	n := p.link.node
	if !p.pausing {
		p.pausing = true
		n.pulls.pausing = append(n.pulls.pausing, p)
	}
	n.armPulls(p.lane.retryAt)
}

func (n *Node) armPulls(at time.Duration) {
	if n.pulls.armed == 0 || at < n.pulls.armed {
		n.pulls.armed = at
		n.shard.rt.SetTimer(&n.sw, at, pullTimer)
	}
}

// pausesOver is the timer of hooks whose lane has failed.
func (n *Node) pausesOver() {
	n.pulls.armed = 0
	now := n.Now()
	rest := n.pulls.pausing[:0]
	for _, p := range n.pulls.pausing {
		if l := p.lane; p.wants && l != nil && l.state == laneCooling && l.retryAt > now {
			rest = append(rest, p)
			continue
		}
		p.pausing = false
		p.want()
	}
	clear(n.pulls.pausing[len(rest):])
	n.pulls.pausing = rest
	for _, p := range rest {
		n.armPulls(p.lane.retryAt)
	}
}

// askPulls has the lane's hooks asked: something has become of it.
func (l *OutLane) askPulls() {
	for _, p := range l.pulls {
		p.want()
	}
}

// roomForPulls has those asked that wait for room, if there is any.
func (l *OutLane) roomForPulls() {
	if l.overHead == len(l.over) && !l.full() {
		l.askPulls()
	}
}

// movedUp notes that messages that waited for room have got it, and has those hooks asked
// that come next: there may be no room left, but by the time that they are asked others
// wait again, and were not here before them.
func (l *OutLane) movedUp(msgs int) {
	for _, p := range l.pulls {
		if p.ahead = max(0, p.ahead-msgs); p.ahead == 0 {
			p.want()
		}
	}
}

// unrowPulls forgets the turns of the lane's hooks: nobody waits for room any more.
func (l *OutLane) unrowPulls() {
	for _, p := range l.pulls {
		p.inRow, p.ahead = false, 0
	}
}
