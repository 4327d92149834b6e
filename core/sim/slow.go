package sim

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A slow node takes time over every message that comes from another node. Its
// lanes take turns, a message each; meanwhile the others wait where they are, so
// that windows and queues upstream fill as they would behind a busy machine. Its
// timers, and what its own sources make, are not slowed.

// queueUp lets a lane wait for its turn.
func (n *Node) queueUp(l *lane) {
	if !l.waiting {
		l.waiting = true
		n.waiting = append(n.waiting, l)
		n.wake()
	}
}

// wake makes sure that the next turn comes.
func (n *Node) wake() {
	if !n.armed && len(n.waiting) > 0 {
		n.armed = true
		n.world.later(max(n.freeAt, n.world.now), nil, evSlow, n.index)
	}
}

// serveSlow takes one message from the lane whose turn it is.
func (n *Node) serveSlow() {
	n.armed = false
	for len(n.waiting) > 0 && (n.freeAt <= n.world.now || n.cost == 0) {
		l := n.waiting[0]
		copy(n.waiting, n.waiting[1:])
		n.waiting[len(n.waiting)-1] = nil
		n.waiting = n.waiting[:len(n.waiting)-1]
		l.waiting = false
		if l.in == nil || l.fed || l.arrived == 0 {
			continue
		}
		if n.cost == 0 { // not slow any more
			l.next()
			continue
		}
		n.freeAt = n.world.now + n.cost
		l.feed(l.nextMsg())
	}
	n.wake()
}

// nextMsg takes the first message off the first run.
func (l *lane) nextMsg() core.Run {
	r := &l.q.one
	if r.Msgs == 1 {
		l.arrived--
		return l.q.pop()
	}
	one := core.Run{Slab: r.Slab, Off: r.Off, Len: uint32(wire.FrameSize(r.Bytes())), Msgs: 1}
	r.Slab.Retain()
	r.Off += one.Len
	r.Len -= one.Len
	r.Msgs--
	return one
}
