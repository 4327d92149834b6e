package core

import "github.com/ioverlay/ioverlay/core/wire"

// The queue of one lane, for algorithms that make what they send: a coded packet is
// the better the later it is made, so such an algorithm wants short queues and wants to
// know what is in them, without a report for it ([Node.Stats] allocates).

// Queued is what waits on the lane to a downstream node: in the queue, behind it, and
// in flight on an emulated link. What the kernel has taken is not in it. A lane that does
// not exist has nothing.
func (n *Node) Queued(to NodeID, app uint32) (bytes, msgs int) {
	l := n.outLane(to, app)
	if l == nil {
		return 0, 0
	}
	return l.waiting()
}

// Full reports whether a message that is sent on the lane to a downstream node now would
// wait behind its queue, and if it is data that came from upstream, stop the lane that it
// came on. An algorithm that would rather do without that message asks first. A lane that
// does not exist has room.
func (n *Node) Full(to NodeID, app uint32) bool {
	l := n.last.then // the guess of Send, which is asked next
	if l == nil || l.app != app || l.route != to {
		l = n.outLane(to, app)
	}
	return l != nil && (l.overHead < len(l.over) || l.full())
}

// waiting is what was given to the lane and has neither left it nor been lost.
func (l *OutLane) waiting() (bytes, msgs int) {
	bytes, msgs = l.bytes, l.msgs
	for _, o := range l.over[l.overHead:] {
		bytes += int(o.run.Len)
		msgs++
	}
	if l.emulator != nil {
		bytes += l.emulator.line.bytes + l.emulator.apart.Bytes
		msgs += l.emulator.line.msgs + l.emulator.apart.Msgs
	}
	return bytes, msgs
}

// SetLaneQueue bounds the queue of the lane to a downstream node in messages, in place
// of Config.QueueMsgs, from now on; 0 means Config.QueueMsgs again. Config.QueueBytes
// holds too. The lane is opened if it does not exist. The bound goes with the lane when
// that is forgotten, unless there is a pull hook for it: then it goes with that.
func (n *Node) SetLaneQueue(to NodeID, app uint32, msgs int) {
	if msgs < 0 {
		panic("core: SetLaneQueue with a bound below 0")
	}
	if msgs == 0 {
		msgs = n.shard.cfg.QueueMsgs
	}
	l := n.findLane(to, app)
	l.shut() // Send extends the open run without looking back
	l.maxMsgs, l.urgency.moved = msgs, 0
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	l.claimed()
	if p := l.link.pull(app); p != nil {
		p.msgs = msgs
	}
	l.roomForPulls()
}

// outLane is the lane to a node, or nil: findLane would open it.
func (n *Node) outLane(to NodeID, app uint32) *OutLane {
	if app != 0 && n.shard.cfg.Lanes == LaneShared {
		app = wire.SharedApp
	}
	lk := n.knownLink(to)
	if lk == nil {
		return nil
	}
	return lk.known(app)
}
