package core

import (
	"encoding/binary"
	"iter"
	"math"
	"reflect"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Batches: many messages in one call, in the order in which they meet it.
//
//	Node.serveBatch  asks the algorithm, in the middle of a lane's turn (switch.go)
//	Batch.Take       finds how far queues, deficit and run reach, and sends that much
//	Batch.All        shows what was taken one by one
//
// What the switch does with what is taken is what it would have done one by one: the
// same runs in the same queues, the same counters. What might go otherwise (a queue that
// has no room, a lane that is not there or has failed, a frame that needs a closer look)
// is not taken, and meets Process.

// BatchAlgorithm is an [Algorithm] that can be shown data messages many at a time: worth
// it if it does the same with all of them and their payloads are small, when the call
// for each is most of what they cost.
//
// All that ProcessBatch does not take is shown to Process, and nothing is shown to both.
// So ProcessBatch may decline at any time by returning without [Batch.Take], and an
// algorithm is right if the two agree on what becomes of a message.
type BatchAlgorithm interface {
	Algorithm

	// ProcessBatch may take messages from one lane. It is called only where there are
	// two or more, of type data and of one application. The batch is valid until it
	// returns.
	ProcessBatch(b *Batch)

	// Batches returns the receiver. A type that embeds another algorithm has its
	// ProcessBatch without having asked for it, and it would pass by a Process of its own:
	// so no batch is shown to an algorithm for which Batches returns one of another type.
	Batches() Algorithm
}

// PassiveSink is a [Sink] that neither sends nor makes data, so that it does not matter to
// back-pressure how many messages have been sent on before it gets the first of them. An
// algorithm may take batches for it; each message is handed to Consume all the same.
type PassiveSink interface {
	Sink
	// Passive does nothing: to have it is to say so.
	Passive()
}

// batchesOf is an algorithm as one that takes batches, or nil.
func batchesOf(alg Algorithm) BatchAlgorithm {
	b, ok := alg.(BatchAlgorithm)
	if !ok || reflect.TypeOf(b.Batches()) != reflect.TypeOf(alg) {
		return nil
	}
	return b
}

// Batch is a row of data messages of one application from one upstream node or source,
// the next ones in their order. How many is known when Take has found out for how many
// there is room.
type Batch struct {
	node   *Node
	lane   *InLane // nil: no batch is shown
	serial uint64  // of the last Take

	// What was taken: Msgs is 0 before. The batch has a reference of its own while it has
	// messages, for ProcessBatch may end the lane.
	run   Run
	taken bool
}

// neverBatch is no offset in a slab.
const neverBatch = math.MaxInt

// From is the upstream node that the messages came from, or the zero NodeID if they are
// from a local source.
func (b *Batch) From() NodeID { return b.lane.from }

// App is the application (session) of all of them.
func (b *Batch) App() uint32 { return b.lane.app }

// Len is how many messages were taken.
func (b *Batch) Len() int { return int(b.run.Msgs) }

// Bytes is how many bytes were taken, headers included.
func (b *Batch) Bytes() int { return int(b.run.Len) }

// Take takes as many messages as can go to all the given nodes at once, and sends them
// there: for each of them it is as [Node.Send] to each node in turn. It returns
// their number, which may be 0. It takes none for a node that no lane is open to yet or
// any more, nor if a node is given twice. With no nodes it takes what there is: messages
// that end here. It may be called once a batch, and panics if it is called again.
//
// What is taken is switched, whatever ProcessBatch does afterwards. What is left is shown
// to Process, or comes as another batch.
func (b *Batch) Take(to ...NodeID) int {
	if b.lane == nil || b.taken {
		panic("core: Batch.Take for the second time, or after ProcessBatch has returned: what is left comes again")
	}
	b.taken = true
	n, l := b.node, b.lane
	if l.closed {
		return 0
	}
	b.serial++
	bytes, msgs := l.deficit, math.MaxInt
	var first *OutLane
	for _, d := range to {
		o := n.openLane(d, l.app)
		if o == nil || !o.roomy() || o.batch == b.serial {
			return 0
		}
		o.batch = b.serial
		bytes, msgs = min(bytes, o.maxBytes-o.bytes), min(msgs, o.maxMsgs-o.msgs)
		if first == nil {
			first = o
		} else {
			n.last.then = o
		}
		n.last = o
	}
	r := l.batch(bytes, msgs)
	if r.Msgs == 0 {
		return 0
	}
	r.Slab.Retain()
	b.run = r
	l.deficit -= int(r.Len)
	l.pos += int(r.Len)
	l.msgs += uint64(r.Msgs)
	l.bytes += uint64(r.Len)
	for range to { // each follows the one before it now
		first.pushRun(r)
		first = first.then
	}
	return int(r.Msgs)
}

// All is what was taken, one message after the other. Each is as in Process, and valid
// until the next. Data that is made of them, or sent on, and finds a queue full stops
// the lane as ever, but not before the batch is over.
func (b *Batch) All() iter.Seq[*Msg] {
	return func(yield func(*Msg) bool) {
		s, l, r := b.node.shard, b.lane, b.run
		if r.Msgs == 0 {
			return
		}
		buf := r.Slab.Bytes()[:r.end()]
		for pos := int(r.Off); pos < len(buf); {
			total := wire.FrameSize(buf[pos:])
			m := s.current()
			m.frame, m.slab, m.off = buf[pos:pos+total:pos+total], r.Slab, uint32(pos)
			m.lane, m.state = l, msgCurrent
			more := yield(m)
			if s.one == m { // else it was retained
				m.state = msgFree
			}
			if !more {
				return
			}
			pos += total
		}
	}
}

// end lets go of the batch that was shown to a node, if there is one.
func (b *Batch) end(n *Node) {
	if b.node != n {
		return
	}
	if b.run.Slab != nil {
		b.run.Slab.Release()
	}
	b.node, b.lane, b.run, b.taken = nil, nil, Run{}, false
}

// serveBatch shows the algorithm a batch, if the lane's next messages are one: the first is
// usual, total bytes long, and rest begins with it. It reports whether the lane's turn goes
// on; l.pos says whether something was taken. The next message then is one for Process.
func (n *Node) serveBatch(l *InLane, rest []byte, total int) (more bool) {
	if len(rest) < total+wire.HeaderSize || wire.Type(binary.BigEndian.Uint16(rest[4:])) != wire.TypeData {
		l.single = l.pos + 1
		return true
	}
	s := n.shard
	b := &s.batch
	b.node, b.lane = n, l
	n.batches.ProcessBatch(b)
	if b.taken {
		l.single = l.pos + 1 // it may be one that a queue has no room for
	} else {
		l.single = l.end // declined
	}
	b.end(n)
	if s.made != nil {
		n.settleMade()
	}
	switch {
	case l.closed:
		return false
	case l.Blocked():
		l.wait()
		return false
	}
	return true
}

// batch is what may be taken of the lane's run at once: data frames with nothing
// remarkable about them, each of which begins within the given number of bytes, as
// the deficit and queues want it, and no more than msgs.
func (l *InLane) batch(bytes, msgs int) Run {
	buf, pos := l.buf[:l.end], l.pos
	limit := min(len(buf), pos+max(bytes, 0))
	count := 0
	var like uint64 // size and type of the frame before
	total := 0
	for ; pos < limit && count < msgs; count++ {
		rest := buf[pos:]
		if len(rest) < wire.HeaderSize {
			break
		}
		// Most frames are as long as the one before: then the processor need not wait for
		// this length to find the next.
		if head := binary.BigEndian.Uint64(rest) >> 16; head != like {
			size := head >> 16
			if wire.Type(head) != wire.TypeData || size > l.maxSize {
				break
			}
			like, total = head, wire.HeaderSize+int(size)
		}
		if wire.App(rest) != l.app || total > len(rest) {
			break
		}
		pos += total
	}
	return Run{Slab: l.slab, Off: uint32(l.pos), Len: uint32(pos - l.pos), Msgs: uint32(count)}
}

// openLane is the lane to a node for an application, or nil if there is none.
func (n *Node) openLane(dest NodeID, app uint32) *OutLane {
	if l := n.last.then; l != nil && l.app == app && l.route == dest {
		return l
	}
	if lk := n.knownLink(dest); lk != nil {
		return lk.known(app)
	}
	return nil
}

// roomy reports whether what is sent on the lane now would go into its queue.
func (l *OutLane) roomy() bool {
	return l.state <= laneOpen && l.overHead == len(l.over) && !l.full()
}

// pushRun queues a run of which the caller keeps its reference; there is room for it.
func (l *OutLane) pushRun(r Run) {
	if o := l.open; o != nil && o.Slab == r.Slab && o.end() == r.Off {
		o.Len += r.Len
		o.Msgs += r.Msgs
	} else {
		l.nothingSaid()
		r.Slab.Retain()
		l.q.push(r)
		l.open = l.q.tail()
		l.touch()
	}
	l.bytes += int(r.Len)
	l.msgs += int(r.Msgs)
}

// current is the struct in which the next received message is shown.
func (s *Shard) current() *Msg {
	if s.one == nil { // the last one was kept
		s.one = s.newMsg()
	}
	return s.one
}
