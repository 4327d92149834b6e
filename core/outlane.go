package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// OutLane is the sending end of one lane: a bounded queue of runs for one
// downstream node and one application. It is owned by its node's loop.
type OutLane struct {
	node *Node
	peer NodeID
	app  uint32
	then *OutLane // the lane that was sent on after this one the last time
	tr   OutTransport

	state laneState
	dirty bool // in the shard's list of lanes to flush

	q     runQueue
	open  *Run   // the last run in q, if views that touch it may still extend it
	cut   uint32 // bytes of q's first run that were written already
	bytes int    // in q and not written
	msgs  int    // in q: counted until the run they are in is written

	maxBytes, maxMsgs int // Config.QueueBytes and QueueMsgs

	// over holds what came while q was full, in order. A forwarded message in it
	// keeps its upstream lane from being served: that is the paper's label of
	// remaining senders, kept where it is looked for.
	over     []overflow
	overHead int
	overMade int // entries that no upstream lane answers for

	round  uint64   // of the upstream lanes that wait here (contend.go)
	parked []parked // those that are ahead of it

	sentMsgs  uint64
	sentBytes uint64
	lostMsgs  uint64 // queued or refused, and never sent
	lostBytes uint64
	toldLost  uint64 // of lostMsgs, what the algorithm has been told

	retryAt time.Duration // while cooling: when the destination may be dialled again
	backoff time.Duration
}

type laneState uint8

const (
	laneDialling laneState = iota // queues up to its bound
	laneOpen
	laneCooling // failed a moment ago: what is sent is counted as lost
	laneClosed
)

// Node is the node that sends on the lane.
func (l *OutLane) Node() *Node { return l.node }

// Peer is the downstream node.
func (l *OutLane) Peer() NodeID { return l.peer }

// App is the lane's application; 0 is the control lane.
func (l *OutLane) App() uint32 { return l.app }

// Queued is what waits to be sent, in bytes and messages, without what waits
// for room in the queue.
func (l *OutLane) Queued() (bytes, msgs int) { return l.bytes, l.msgs }

// Open reports whether the lane has a transport.
func (l *OutLane) Open() bool { return l.state == laneOpen }

// full reports whether the queue takes no more. It exceeds its bound in bytes by
// at most one message, so that a message larger than the bound passes too.
func (l *OutLane) full() bool {
	return l.bytes >= l.maxBytes || l.msgs >= l.maxMsgs
}

// push queues a message that does not extend the last run (see Node.Send).
func (l *OutLane) push(m *Msg) {
	if l.state > laneOpen || l.overHead < len(l.over) || l.full() {
		l.pushSlow(m)
		return
	}
	l.append(m)
}

// append begins a new run, which stays open for views that touch it.
func (l *OutLane) append(m *Msg) {
	m.slab.Retain()
	l.q.push(Run{Slab: m.slab, Off: m.off, Len: uint32(len(m.frame)), Msgs: 1})
	l.open = l.q.tail()
	l.queued(len(m.frame))
}

// shut closes the open run: before the queue is popped, and before anything is
// pushed to it but by append.
func (l *OutLane) shut() { l.open = nil }

func (l *OutLane) queued(size int) {
	l.bytes += size
	l.msgs++
	l.touch()
}

// touch puts the lane in the list of those to flush.
func (l *OutLane) touch() {
	if !l.dirty {
		l.dirty = true
		l.node.shard.dirty = append(l.node.shard.dirty, l)
	}
}

// Opened says that the transport is ready. What was queued meanwhile is flushed.
func (l *OutLane) Opened(tr OutTransport) {
	if l.state != laneDialling {
		panic("core: a lane was opened that nobody dialled")
	}
	l.tr, l.state, l.backoff = tr, laneOpen, 0
	l.node.post(event{typ: wire.TypeLinkUp, peer: l.peer, app: l.app, dir: Downstream, lost: l.untold()})
	if l.q.n > 0 {
		l.touch()
	}
}

// Iovecs appends the queued bytes, in order and at most most of them, to dst: a
// view for one writev.
func (l *OutLane) Iovecs(dst [][]byte, most int) [][]byte {
	for i := 0; i < l.q.len() && len(dst) < most; i++ {
		b := l.q.at(i).Bytes()
		if i == 0 {
			b = b[l.cut:]
		}
		dst = append(dst, b)
	}
	return dst
}

// First is the run at the head of the queue, which must not be empty, and
// whether it is the only one: the usual case, which needs no vector.
func (l *OutLane) First() (b []byte, only bool) { return l.q.at(0).Bytes()[l.cut:], l.q.n == 1 }

// Wrote says that the transport has taken the first n bytes of the queue.
func (l *OutLane) Wrote(n int) {
	l.shut()
	l.bytes -= n
	l.sentBytes += uint64(n)
	for n > 0 {
		r := l.q.at(0)
		left := int(r.Len - l.cut)
		if n < left {
			l.cut += uint32(n)
			break
		}
		n -= left
		l.cut = 0
		l.msgs -= int(r.Msgs)
		l.sentMsgs += uint64(r.Msgs)
		r.Slab.Release()
		l.q.pop()
	}
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	l.settled()
}

// Take removes the first run for a transport that moves references instead of
// bytes. The caller owns its reference on the slab.
func (l *OutLane) Take() (Run, bool) {
	if l.q.n == 0 {
		return Run{}, false
	}
	l.shut()
	r := l.q.pop()
	l.bytes -= int(r.Len)
	l.msgs -= int(r.Msgs)
	l.sentBytes += uint64(r.Len)
	l.sentMsgs += uint64(r.Msgs)
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	l.settled()
	return r, true
}

// settled lets a stopping node look again once a lane has run dry.
func (l *OutLane) settled() {
	if l.q.n == 0 && l.node.state == nodeStopping {
		l.node.shard.ready.push(l.node)
	}
}

// Fail ends the lane's transport: the destination refused, vanished, or broke
// the protocol. What was queued is lost and counted; the algorithm is told.
// Another Send after a pause dials again.
func (l *OutLane) Fail(why Reason) {
	if l.state == laneClosed || l.state == laneCooling {
		return
	}
	l.tr = nil
	l.state = laneCooling
	cfg := &l.node.shard.cfg
	l.backoff = min(max(2*l.backoff, cfg.RedialMin), cfg.RedialMax)
	l.retryAt = l.node.shard.rt.Now() + l.backoff
	l.discard()
	l.node.post(event{typ: wire.TypeLinkDown, peer: l.peer, app: l.app,
		reason: why, dir: Downstream, lost: l.untold()})
}

// tryAgain dials a destination that failed, once its pause is over.
func (l *OutLane) tryAgain() {
	if l.node.state != nodeRunning || l.node.shard.rt.Now() < l.retryAt {
		return
	}
	l.state = laneDialling
	l.node.shard.rt.Dial(l)
}

// discard counts everything queued as lost and lets the upstream lanes go on.
func (l *OutLane) discard() {
	l.shut()
	for l.q.n > 0 {
		r := l.q.pop()
		whole := r.wholeWithin(l.cut)
		l.sentMsgs += uint64(whole)
		l.lose(uint64(r.Msgs-whole), uint64(r.Len-l.cut))
		l.cut = 0
		r.Slab.Release()
	}
	l.bytes, l.msgs = 0, 0
	for ; l.overHead < len(l.over); l.overHead++ {
		o := &l.over[l.overHead]
		l.lose(1, uint64(o.run.Len))
		o.run.Slab.Release()
		if o.owner != nil {
			o.owner.unblock()
		}
		*o = overflow{}
	}
	l.over, l.overHead, l.overMade = nil, 0, 0
	l.unpark()
}

func (l *OutLane) lose(msgs, bytes uint64) {
	l.lostMsgs += msgs
	l.lostBytes += bytes
}

// untold is how many lost messages the algorithm has not been told of; after
// this it has.
func (l *OutLane) untold() uint64 {
	n := l.lostMsgs - l.toldLost
	l.toldLost = l.lostMsgs
	return n
}

// close ends the lane for good.
func (l *OutLane) close(how CloseHow) {
	if l.state == laneClosed {
		return
	}
	tr := l.tr
	l.state, l.tr = laneClosed, nil
	l.discard()
	if tr != nil {
		tr.Close(l, how)
	}
}
