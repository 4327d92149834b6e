package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// OutLane is the sending end of one lane: a bounded queue of runs for one
// downstream node and one application. It is owned by its node's loop.
//
// In a world of thousands of nodes what a message costs is the memory that it touches, so
// what every message needs lies together at the front.
type OutLane struct {
	node  *Node
	tr    OutTransport
	route NodeID // what Send goes by: the peer, or zero once the lane is forgotten
	app   uint32
	state laneState

	dirty    bool // in the shard's list of lanes to flush
	watched  bool // in the monitor's list
	draining bool // to be closed once it has run dry

	open     *Run          // the last run in q, if views that touch it may still extend it
	emulator *linkEmulator // between q and the transport, if the link is emulated (linkemul.go); else nil
	bytes    int           // in q, or behind the emulator, and not written
	msgs     int           // the same: counted until the run they are in is written

	maxBytes, maxMsgs int // Config.QueueBytes and QueueMsgs

	sentMsgs  uint64
	sentBytes uint64
	then      *OutLane // the lane that was sent on after this one the last time

	q sendQueue

	// over holds what came while q was full, in order. A forwarded message in it
	// keeps its upstream lane from being served: that is the paper's label of
	// remaining senders, kept where it is looked for.
	over     []overflow
	overHead int

	said    []uint32  // the applications whose signals are the last that the lane was given
	signals Tally     // those, if they are not known to be lost (signals.go)
	claims  []*claim  // messages that wait for room here or elsewhere (sendfirst.go)
	pulls   []*puller // the hooks that fill it; who was asked last comes last (pull.go)

	seen outWatch // monitor.go
	age  place    // at rest, or down (aging.go)

	// What follows is looked at when a lane opens, ends, is full or loses something.

	link  *Link
	peer  NodeID
	batch uint64 // the last one that was to go on the lane (batch.go)

	// Of over, what no upstream lane waits with.
	overMsgs, overBytes int
	urgency             urgency // urgent.go

	round  uint64   // of the upstream lanes that wait here (contend.go)
	parked []parked // those that are ahead of it

	base      Tally  // what was sent before the connection that is open now
	lostMsgs  uint64 // queued or refused, or sent and not taken
	lostBytes uint64
	emulMsgs  uint64 // lost on the emulated link, as that was told to
	emulBytes uint64
	toldLost  uint64 // of lostMsgs, what the algorithm has been told
	lossWhy   Reason // of the last of them
	telling   bool   // in the node's list of lanes with losses to tell (losstell.go)
	booked    bool   // the lane is forgotten, or the node has ended: lostMsgs is in its own
	forget    bool   // to be forgotten once it is drained

	reported Tally    // sent, when throughput was reported last
	apps     []uint32 // a lane of all applications: those that it has carried (domino.go)

	parting bool          // closed in order, and the peer has not confirmed it (parting.go)
	held    bool          // while dialling: not dialled yet, for that reason
	why     Reason        // while cooling: of the failure
	opened  time.Duration // when the connection was there; 0 if it has not been
	retryAt time.Duration // while cooling: when the destination may be dialled again
	backoff time.Duration // the pause before that, before it was drawn

	first [firstRuns]Run // of q: most lanes never have more
}

// firstRuns is how many runs a lane's queue has room for with no memory of its own.
const firstRuns = 2

type laneState uint8

const (
	laneDialling laneState = iota // queues up to its bound
	laneOpen
	laneCooling // has no connection; what is sent too soon after a failure is lost
	laneClosed
)

// Node is the node that sends on the lane.
func (l *OutLane) Node() *Switch { return &l.node.sw }

// Peer is the downstream node.
func (l *OutLane) Peer() NodeID { return l.peer }

// App is the lane's application; 0 is the control lane.
func (l *OutLane) App() uint32 { return l.app }

// Queued is what the transport may send now, in bytes and messages: all that is in
// the queue, or with emulation what has come to the far end of the emulated link.
func (l *OutLane) Queued() (bytes, msgs int) {
	if l.emulator != nil {
		return l.emulator.outBytes, l.emulator.outMsgs
	}
	return l.bytes, l.msgs
}

// exit is the queue that the transport takes from.
func (l *OutLane) exit() *sendQueue {
	if l.emulator != nil {
		return &l.emulator.out
	}
	return &l.q
}

// empty reports whether nothing waits to be sent or is on the emulated link.
func (l *OutLane) empty() bool {
	return l.q.n == 0 && l.overHead == len(l.over) && (l.emulator == nil || l.emulator.empty())
}

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
	l.nothingSaid()
	if l.app == 0 && l.q.n > 0 {
		l.q.push(l.compact(m, l.q.tail().Slab))
	} else {
		l.q.push(runOf(m))
	}
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
		if !l.watched {
			l.node.watchOut(l)
		}
		l.node.shard.dirty = append(l.node.shard.dirty, l)
	}
}

// Opened says that the transport is ready. What was queued meanwhile is flushed.
func (l *OutLane) Opened(tr OutTransport) {
	if l.state != laneDialling {
		panic("core: a lane was opened that nobody dialled")
	}
	l.tr, l.state, l.opened = tr, laneOpen, max(l.node.Now(), 1)
	l.base, l.seen = Tally{l.sentMsgs, l.sentBytes}, outWatch{rate: l.seen.rate}
	l.node.post(event{typ: wire.TypeLinkUp, peer: l.peer, app: l.app, dir: Downstream})
	l.node.watchOut(l)
	if l.q.n > 0 || l.emulator != nil {
		l.touch()
	}
	l.askPulls()
}

// Iovecs appends what may be sent, in order and at most most pieces of it, to dst: a
// view for one writev.
func (l *OutLane) Iovecs(dst [][]byte, most int) [][]byte { return l.exit().iovecs(dst, most) }

// First is the run at the head of what may be sent, of which there must be some, and
// whether it is the only one: the usual case, which needs no vector.
func (l *OutLane) First() (b []byte, only bool) {
	q := l.exit()
	return q.at(0).Bytes()[q.cut:], q.n == 1
}

// Wrote says that the transport has taken the first n bytes of what it may send.
func (l *OutLane) Wrote(n int) {
	l.shut()
	l.left(n, l.exit().wrote(n))
}

// Take removes the first run for a transport that moves references instead of
// bytes. The caller owns its reference on the slab.
func (l *OutLane) Take() (Run, bool) {
	q := l.exit()
	if q.n == 0 {
		return Run{}, false
	}
	l.shut()
	r := q.pop()
	l.left(int(r.Len), int(r.Msgs))
	return r, true
}

// left accounts for what the transport has taken: there is room in the queue.
func (l *OutLane) left(bytes, msgs int) {
	l.bytes -= bytes
	l.msgs -= msgs
	l.sentBytes += uint64(bytes)
	l.sentMsgs += uint64(msgs)
	if l.emulator != nil {
		l.emulator.left(bytes, msgs)
	}
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	if len(l.claims) > 0 {
		l.claimed()
	}
	if len(l.pulls) > 0 {
		l.roomForPulls()
	}
	l.settled()
}

// settled lets a stopping node look again once a lane has run dry.
func (l *OutLane) settled() {
	if l.q.n == 0 && (l.draining || l.node.state == nodeStopping) && l.empty() {
		l.node.shard.ready.push(l.node)
	}
}

// Fail ends the lane's transport: the destination refused, vanished, or broke
// the protocol. What was queued is lost and counted; the algorithm is told.
// Another Send after a pause dials again.
func (l *OutLane) Fail(why Reason) { l.fail(why, func() {}) }

// fail is Fail; count counts what the transport had taken and the peer had not.
func (l *OutLane) fail(why Reason, count func()) {
	if l.state == laneClosed || l.state == laneCooling {
		return
	}
	l.tr, l.draining = nil, false
	l.state, l.why = laneCooling, why
	l.pause(l.node.Now())
	l.node.restOut(l)
	before := Tally{l.lostMsgs, l.lostBytes}
	l.discard()
	count()
	l.lostSignals(before)
	l.node.post(event{typ: wire.TypeLinkDown, peer: l.peer, app: l.app,
		reason: why, dir: Downstream, lost: l.untold()})
	l.askPulls() // which have it dialled again when the pause is over
}

// discard counts everything queued as lost and lets the upstream lanes go on.
func (l *OutLane) discard() {
	l.shut()
	if l.emulator != nil {
		l.emulator.discard()
	}
	l.discardQueue(&l.q)
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
	l.over, l.overHead, l.overMsgs, l.overBytes = nil, 0, 0, 0
	l.urgency.waiting, l.urgency.row = 0, 0
	l.unclaim()
	l.unrowPulls()
	l.unpark()
}

// discardQueue counts the runs of a queue as lost, but for messages that were written
// whole.
func (l *OutLane) discardQueue(q *sendQueue) {
	for q.n > 0 {
		r := q.pop()
		whole, bytes := r.wholeWithin(q.cut)
		l.sentMsgs += uint64(whole)
		l.sentBytes -= uint64(q.cut - bytes) // of a message that broke off
		l.lose(uint64(r.Msgs-whole), uint64(r.Len-bytes))
		q.cut = 0
		r.Slab.Release()
	}
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
	before := Tally{l.lostMsgs, l.lostBytes}
	l.discard()
	l.lostSignals(before)
	l.node.unpace(l)
	if tr != nil {
		tr.Close(l, how)
	}
}
