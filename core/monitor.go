package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The monitor: one coarse timer a node that looks whether what should move does.
// It is set while something is going on and no longer, so an idle node wakes for
// none, and the way of a message knows of it by one branch a burst.
//
//	watchOut    something moves on a lane: look at it in a quarter of
//	watchIn     Config.StallTimeout
//	monitor     each lane that is watched is looked at, and no longer if it is at rest
//	lookOut     to downstream: data to send and no progress is a stall; no answer
//	            of the peer's system for Config.FailTimeout is a failure
//	lookIn      from upstream: a silence that the stream's history does not explain
//	            is a stall, and never more than that
//
// A failure is judged here and not by TCP_USER_TIMEOUT, because Linux applies that
// to a window that the peer keeps closed, too: a process that is stopped would
// count as dead although its system answers every probe. And a process that was
// stopped itself would find its own lanes dead when it goes on.

// monitorTimer is the monitor's timer; sources have ids below it.
const monitorTimer = sourceTimer | 1<<62

// monitorTicks is how often the monitor looks in a Config.StallTimeout.
const monitorTicks = 4

// outWatch is what the monitor remembers of a lane to downstream.
type outWatch struct {
	sent    uint64 // bytes, at the last look
	acked   uint64
	moved   time.Duration // when it last made progress, or had nothing to do
	rest    bool          // all was acknowledged at the last look
	stalled bool
	peer    qos.Patience
	rate    qos.Meter // bytes
}

// inWatch is what the monitor remembers of a lane from upstream.
type inWatch struct {
	bytes   uint64 // at the last look
	rhythm  qos.Rhythm
	rate    qos.Meter // bytes
	stalled bool
}

// watchList is what the monitor looks at: the lanes on which something may move, and no
// others. Each list is swapped for the one before at a look, so that neither allocates.
type watchList struct {
	on              bool // the timer is set
	outs, spareOuts []*OutLane
	ins, spareIns   []*InLane
}

// idleWatched is the room for lanes that an idle node keeps.
const idleWatched = 16

// watchOut has the monitor look at a lane to a downstream node.
func (n *Node) watchOut(l *OutLane) {
	if n.state == nodeEnded || l.watched {
		return
	}
	l.watched = true
	l.age.leave()
	if w := &l.seen; w.moved > 0 { // it has been at rest, and what is measured from the last look on did not happen then
		w.moved = n.Now()
		w.peer.Begin(w.moved)
	}
	n.watch.outs = append(n.watch.outs, l)
	n.watchOver()
}

// watchIn has it look at a lane from an upstream node.
func (n *Node) watchIn(l *InLane) {
	if n.state == nodeEnded || l.watched {
		return
	}
	l.watched = true
	l.age.leave()
	n.watch.ins = append(n.watch.ins, l)
	n.watchOver()
}

// watchOver sets the monitor's timer.
func (n *Node) watchOver() {
	if n.watch.on {
		return
	}
	n.watch.on = true
	n.shard.rt.SetTimer(&n.sw, n.Now()+n.shard.cfg.tick(), monitorTimer)
	n.reporter.arm(n)
}

// tick is how long the monitor waits between two looks.
func (c *Config) tick() time.Duration { return max(1, c.StallTimeout/monitorTicks) }

// monitor looks at the lanes that are watched, and again later at those that are not at
// rest. The others begin to age.
func (n *Node) monitor() {
	w := &n.watch
	w.on = false
	now := n.Now()
	outs, ins := w.outs, w.ins
	n.waits = n.waits[:0]
	w.outs, w.ins = w.spareOuts[:0], w.spareIns[:0]
	for i, l := range outs {
		outs[i] = nil
		if n.lookOut(l, now) {
			w.outs = append(w.outs, l)
		} else if l.watched = false; l.state != laneClosed {
			n.restOut(l)
		}
	}
	for i, l := range ins {
		ins[i] = nil
		if n.lookIn(l, now) {
			w.ins = append(w.ins, l)
		} else if l.watched = false; l.slab == nil && !l.Blocked() && l.heldMsgs == 0 {
			n.restIn(l)
		}
	}
	w.spareOuts, w.spareIns = outs[:0], ins[:0]
	n.reportWaits()
	switch {
	case len(w.outs)+len(w.ins) > 0:
		n.watchOver()
	case cap(outs)+cap(ins) > idleWatched:
		n.watch = watchList{} // an idle node keeps no long lists
	}
}

// lookOut looks at a lane to downstream and reports whether to look again.
func (n *Node) lookOut(l *OutLane, now time.Duration) (again bool) {
	w := &l.seen
	todo := !l.empty()
	if l.emulator != nil {
		todo = l.emulator.out.n > 0 // what waits for emulated bandwidth is no stall
	}
	busy := w.rate.Rate(now, n.shard.cfg.tick()) > 0
	if l.state != laneOpen || !todo && w.rest && w.sent == l.sentBytes && !busy {
		return false // a lane that is being dialled has a deadline of its own
	}
	busy = w.rate.Look(now, n.shard.cfg.tick(), l.sentBytes) > 0 && busy
	k := l.Kernel()
	if owed := w.peer.Look(now, k); owed >= n.shard.cfg.FailTimeout {
		l.tr.Close(l, CloseDead)
		l.FailAcked(ReasonTimeout, k.Acked)
		return false
	}
	moved := w.sent != l.sentBytes || w.acked != k.Acked || w.moved == 0
	w.sent, w.acked, w.rest = l.sentBytes, k.Acked, k.Unacked == 0
	todo = todo || !w.rest || busy // of a lane at rest one look is enough, unless it is likely to move on
	switch {
	case moved || !todo:
		w.moved = now
		w.stalled = n.tellStall(w.stalled, false, l.peer, l.app, Downstream)
	case now-w.moved >= n.shard.cfg.StallTimeout:
		w.stalled = n.tellStall(w.stalled, true, l.peer, l.app, Downstream)
	}
	if len(l.over) > l.overHead && now-w.moved >= waitTicks*n.shard.cfg.tick() {
		n.noteWaits(l)
	}
	return todo
}

// lookIn looks at a lane from upstream and reports whether to look again.
func (n *Node) lookIn(l *InLane, now time.Duration) (again bool) {
	if l.closed {
		return false
	}
	w := &l.seen
	moved := w.bytes != l.bytes
	w.bytes = l.bytes
	busy := w.rate.Rate(now, n.shard.cfg.tick()) > 0
	busy = w.rate.Look(now, n.shard.cfg.tick(), l.bytes) > 0 && busy
	switch {
	case moved:
		w.rhythm.Moved(now)
		w.stalled = n.tellStall(w.stalled, false, l.from, l.app, Upstream)
		return busy || l.app != 0 || l.slab != nil || l.Blocked() || l.heldMsgs > 0
	case l.slab != nil || l.Blocked():
		w.rhythm.Deaf(now)
		return l.active
	case l.app == 0 || l.app != wire.SharedApp && l.flowOf(l.app) != flowing:
		return false // no stream, or one that has ended
	}
	silent, allowed, known := w.rhythm.Silence(now, n.shard.cfg.StallTimeout)
	if !known || w.stalled {
		return false // the next message sets the timer
	}
	w.stalled = n.tellStall(false, silent > allowed, l.from, l.app, Upstream)
	return !w.stalled
}

// tellStall tells the algorithm of a lane that stalls, or no longer does, and
// returns which.
func (n *Node) tellStall(was, is bool, peer NodeID, app uint32, d Direction) bool {
	if was != is {
		t := wire.TypeLinkRecovered
		if is {
			t = wire.TypeLinkStalled
		}
		n.post(event{typ: t, peer: peer, app: app, dir: d})
	}
	return is
}

// Kernel is what the transport's system knows of the lane's connection; zero if
// there is none, or none that tells.
func (l *OutLane) Kernel() qos.Kernel {
	if m, ok := l.tr.(Meter); ok {
		if k, told := m.Kernel(l); told {
			return k
		}
	}
	return qos.Kernel{}
}
