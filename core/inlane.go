package core

import (
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// InLane is the receiving end of one lane: whole frames of one upstream node
// and one application, waiting for the switch. A local source feeds one too, so
// that it competes with the upstream nodes by the same rule. It is owned by its
// node's loop.
//
// What every message needs lies together at the front, as in OutLane.
type InLane struct {
	node *Node
	tr   InTransport

	// The run being switched: frames at buf[pos:end] of slab, on which the lane
	// owns one reference.
	slab *bufpool.Slab
	buf  []byte
	pos  int
	end  int

	from NodeID // zero for a local source
	app  uint32

	active  bool // in the node's list of active lanes
	closed  bool
	watched bool   // in the monitor's list
	ending  Reason // why the lane ends as soon as it is drained

	maxSize uint64 // most bytes that the size field of a frame may say

	// From here on frames may be shown as a batch; before it, one by one. neverBatch on
	// lanes that have none (batch.go).
	single int

	// Deficit round robin (Shreedhar and Varghese, SIGCOMM 1995).
	deficit int // bytes left in this turn; below 0 by part of a message
	quantum int // bytes a turn
	ticket  uint64
	next    *InLane // in the node's list of active lanes

	// Of the lane's turns, for the queue that it waited at last (contend.go).
	at     *OutLane
	round  uint64 // of the turn under way
	took   uint64 // quanta that this turn began with: more than 1 after a large message
	inDebt bool   // and they are not enough yet

	unproven  bool // the peer's address is only what it says; see Prover
	throttled bool // waits for credit: one of the reasons in blocked

	// blocked counts what must happen before the lane is served again: messages
	// of its that a full queue has not taken yet, and credit.
	blocked int

	// Held messages stay charged here.
	heldMsgs  int
	heldBytes int

	flow *emul.Flow // under an emulated limit (pacein.go); nil: none

	msgs  uint64 // switched
	bytes uint64 // switched, headers included

	seen inWatch // monitor.go
	age  place   // at rest (aging.go)

	// What follows is looked at when a lane comes, ends or is limited.

	weight int
	credit int64 // may be switched now
	passed int64 // of what was granted, what has been switched

	droppedMsgs  uint64 // received, and not switched when the lane ended
	droppedBytes uint64

	place          int     // in its node's list
	earlier, later *InLane // of its application, once the node has an index

	reported Tally     // switched, when throughput was reported last
	flows    []appFlow // of the sessions on the lane, what is remarkable (domino.go)
}

// From is the upstream node, or the zero NodeID of a local source.
func (l *InLane) From() NodeID { return l.from }

// App is the lane's application; 0 is the control lane.
func (l *InLane) App() uint32 { return l.app }

// Node is the node that receives on the lane.
func (l *InLane) Node() *Switch { return &l.node.sw }

// Busy reports whether the lane still has whole frames to switch, so that its
// transport must not read more.
func (l *InLane) Busy() bool { return l.active || l.blocked > 0 || l.holdsFull() }

// Blocked reports whether the lane waits for a downstream queue or for held
// messages: its transport may stop watching for more.
func (l *InLane) Blocked() bool { return l.blocked > 0 || l.holdsFull() }

// Closed reports whether the lane has ended.
func (l *InLane) Closed() bool { return l.closed }

// Feed gives the lane its next run and with it the reference on the run's slab.
// The lane must not be busy. The run may end in the beginning of a frame, which
// the lane leaves alone and TakeRest gives back.
func (l *InLane) Feed(r Run) {
	if l.slab != nil {
		panic("core: a lane was fed before it was drained")
	}
	l.slab, l.buf = r.Slab, r.Slab.Bytes()
	l.pos, l.end = int(r.Off), int(r.end())
	if l.single != neverBatch {
		l.single = 0
	}
	if !l.watched {
		l.node.watchIn(l)
	}
	l.activate()
}

// TakeRest takes the unfinished rest of the run away from a drained lane, with
// the reference on its slab. A nil slab means that there is none.
func (l *InLane) TakeRest() Run {
	r := Run{Slab: l.slab, Off: uint32(l.pos), Len: uint32(l.end - l.pos)}
	l.slab, l.buf, l.pos, l.end = nil, nil, 0, 0
	return r
}

// Unswitched is what the lane has been fed and has not switched, a view: whole frames, and
// perhaps the beginning of one.
func (l *InLane) Unswitched() []byte { return l.buf[l.pos:l.end] }

// Forgo counts as received and not switched what a transport had taken for a lane that has
// ended: all is what it told the lane's upstream that it took on the connection.
func (l *InLane) Forgo(all Tally) {
	rest := all.minus(l.Taken())
	l.droppedMsgs += rest.Msgs
	l.droppedBytes += rest.Bytes
	l.node.gone.in.add(rest)
}

// activate puts the lane at the end of its node's round, unless it is in it or
// waits for something.
func (l *InLane) activate() {
	if l.active || l.closed || l.Blocked() {
		return
	}
	l.active = true
	l.requeue()
	l.node.active.push(l)
	l.node.shard.ready.push(l.node)
}

// requeue makes the lane's place in the round the last one.
func (l *InLane) requeue() {
	l.node.ticket++
	l.ticket = l.node.ticket
}

// unblock takes one reason to wait away. A lane with none left goes back to the
// place in the round that it had, with what is left of its deficit.
func (l *InLane) unblock() {
	l.blocked--
	l.resume()
}

func (l *InLane) resume() {
	if l.active || l.closed || l.Blocked() {
		return
	}
	if !l.watched {
		l.node.watchIn(l)
	}
	l.active = true
	l.node.active.insert(l)
	l.node.shard.ready.push(l.node)
}

// holdsFull reports whether the messages held from this lane fill its buffer. A control
// lane's never do: the answers that an algorithm holds questions for may come on it.
func (l *InLane) holdsFull() bool {
	cfg := &l.node.shard.cfg
	return l.heldMsgs > 0 && l.app != 0 && (l.heldMsgs >= cfg.QueueMsgs || l.heldBytes >= cfg.QueueBytes)
}

// unheld lets the lane go on now that less is held from it, or begin to age.
func (l *InLane) unheld() {
	if l.slab != nil {
		l.resume()
	} else if !l.watched && !l.closed {
		l.node.watchIn(l)
	}
}

// drop lets go of what the lane still has and counts its whole messages: a hello or
// a bye is none.
func (l *InLane) drop() (msgs, bytes uint64) {
	if l.slab == nil {
		return 0, 0
	}
	for rest := l.buf[l.pos:l.end]; ; {
		total, err := wire.Peek(rest, l.node.shard.cfg.MaxPayload)
		if err != nil || total == 0 || total > len(rest) {
			break
		}
		if t := wire.TypeOf(rest); t != wire.TypeBye && t != wire.TypeHello {
			msgs++
			bytes += uint64(total)
		}
		rest = rest[total:]
	}
	l.slab.Release()
	l.slab, l.buf, l.pos, l.end = nil, nil, 0, 0
	return msgs, bytes
}

// laneList is a node's round: an intrusive FIFO of lanes in the order of their
// tickets.
type laneList struct {
	head, tail *InLane
	n          int
}

func (q *laneList) push(l *InLane) {
	if q.tail == nil {
		q.head = l
	} else {
		q.tail.next = l
	}
	q.tail = l
	q.n++
}

// insert puts a lane back where its ticket belongs. Lanes that come back are
// older than those that were served meanwhile, so the walk is short.
func (q *laneList) insert(l *InLane) {
	p := &q.head
	var before *InLane
	for *p != nil && (*p).ticket < l.ticket {
		before = *p
		p = &before.next
	}
	l.next = *p
	*p = l
	if l.next == nil {
		q.tail = l
	}
	q.n++
}

func (q *laneList) pop() *InLane {
	l := q.head
	q.head = l.next
	if q.head == nil {
		q.tail = nil
	}
	l.next = nil
	q.n--
	return l
}

// remove takes a lane out wherever it is: only when a lane closes.
func (q *laneList) remove(l *InLane) {
	var before *InLane
	for p := q.head; p != nil; before, p = p, p.next {
		if p != l {
			continue
		}
		if before == nil {
			q.head = p.next
		} else {
			before.next = p.next
		}
		if q.tail == p {
			q.tail = before
		}
		p.next = nil
		q.n--
		return
	}
}
