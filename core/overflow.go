package core

import (
	"github.com/ioverlay/ioverlay/core/wire"
)

// What happens to a message that finds its lane's queue full: it waits behind the
// queue, and its upstream lane waits with it.

// overflow is one message that waits for room in a full queue.
type overflow struct {
	run   Run
	owner *InLane // the upstream lane that waits with it; nil for a made message
	next  uint64  // the round in which the owner goes on
}

// pushSlow is push for a lane that is full or down.
func (l *OutLane) pushSlow(m *Msg) {
	if l.state == laneCooling {
		l.tryAgain()
	}
	switch {
	case l.state > laneOpen:
		l.lose(1, uint64(len(m.frame)))
		return
	case l.overHead == len(l.over) && !l.full():
		l.append(m)
		return
	}
	owner, next := l.node.shard.cur, uint64(0)
	if owner == nil {
		if l.overMade >= l.node.shard.cfg.OverflowMsgs && wire.TypeOf(m.frame) != wire.TypeBrokenSource {
			// A broken source is the switch's own, one a session, and must not be lost.
			l.lose(1, uint64(len(m.frame)))
			l.node.post(event{typ: wire.TypeSendFailed, peer: l.peer, app: l.app,
				reason: ReasonFull, dir: Downstream, lost: l.untold()})
			return
		}
		l.overMade++
	} else {
		owner.blocked++
		next = l.contend(owner)
	}
	m.slab.Retain()
	if l.overHead > len(l.over)/2 { // a queue that is never empty must not grow
		n := copy(l.over, l.over[l.overHead:])
		clear(l.over[n:])
		l.over, l.overHead = l.over[:n], 0
	}
	l.over = append(l.over, overflow{
		run:   Run{Slab: m.slab, Off: m.off, Len: uint32(len(m.frame)), Msgs: 1},
		owner: owner,
		next:  next,
	})
}

// admitWaiting moves waiting messages into the queue while there is room, and
// lets the upstream lanes go on whose last message that was.
func (l *OutLane) admitWaiting() {
	l.shut()
	for l.overHead < len(l.over) && !l.full() {
		o := &l.over[l.overHead]
		l.q.push(o.run)
		l.queued(int(o.run.Len))
		owner, next := o.owner, o.next
		*o = overflow{}
		l.overHead++
		switch {
		case owner == nil:
			l.overMade--
		case next <= l.round:
			owner.goOn()
		default:
			l.park(owner, next)
		}
	}
	if l.overHead == len(l.over) {
		l.over, l.overHead = l.over[:0], 0
	}
	if len(l.parked) > 0 {
		l.node.shard.ready.push(l.node) // to look whether the round is over
	}
}
