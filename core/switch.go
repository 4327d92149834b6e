package core

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/ioverlay/ioverlay/core/wire"
)

// The switch, in the order in which a message meets it:
//
//	Node.serve      one round: events first, then every active lane once
//	Node.serveLane  one turn of one lane: deficit round robin
//	Node.servePaced the same for a lane under an emulated limit (pacein.go)
//	Node.serveBatch many of its frames at once, if the algorithm takes them (batch.go)
//	InLane.usual    the next frame, if there is nothing remarkable about it
//	Node.unusual    else
//
// The paper's Engine::switch() (section 2.2), with bytes in place of messages.

// ErrForeignApp means that a frame of another application came on a lane.
var ErrForeignApp = errors.New("message of another application than the lane's")

// ErrLocalType means that a peer sent a message type that never crosses a link.
var ErrLocalType = errors.New("message type that never crosses a link")

// ErrLateHello means that a peer sent a hello on a lane that it had opened before.
var ErrLateHello = errors.New("hello after the first frame")

// serve gives the node one round. A panic in its algorithm stops the node and
// nothing else.
func (n *Node) serve() {
	if n.state == nodeEnded || n.state == nodeNew {
		return
	}
	n.shard.serving = n
	defer n.guard()
	n.serveEvents()
	for turns := n.active.n; turns > 0 && n.active.n > 0; turns-- {
		if l := n.active.pop(); l.flow == nil {
			n.serveLane(l)
		} else {
			n.servePaced(l)
		}
	}
	n.shard.cur = nil
	if len(n.parking) > 0 {
		n.endRound()
	}
	if n.active.n > 0 || len(n.events) > 0 {
		n.shard.ready.push(n)
	}
	if len(n.draining) > 0 {
		n.closeDrained()
	}
	if n.state == nodeStopping {
		n.tryEnd()
	}
}

// guard turns a panic in the algorithm into the end of this node.
func (n *Node) guard() {
	if v := recover(); v != nil {
		stack := debug.Stack()
		if n.shard.cfg.Strict {
			v = explain(v, stack)
		}
		n.crash(&Crash{Value: v, Stack: stack})
	}
}

// serveLane gives a lane its turn. The lane is in no list while it is served, but
// stays marked active, so that nothing lists it meanwhile.
//
// Its loop is the heart of the switch: each frame is shown to the algorithm in
// the same Msg again, unless that was kept, and its verdict is carried out.
func (n *Node) serveLane(l *InLane) {
	if l.deficit <= 0 {
		l.grant(1)
	}
	s, alg := n.shard, n.alg
	s.cur = l // whom to stop if a queue is full
	for l.deficit > 0 {
		rest := l.buf[l.pos:l.end]
		total := l.usual(rest)
		if total == 0 || total > len(rest) {
			var more bool
			if total, more = n.unusual(l, rest); !more {
				return
			}
			if total == 0 {
				continue // with the lane's next run
			}
		} else if l.pos >= l.single {
			if before := l.pos; !n.serveBatch(l, rest, total) {
				return
			} else if l.pos != before {
				continue
			}
		}
		m := s.one
		if m == nil { // the last one was kept
			m = s.newMsg()
			s.one = m
		}
		m.frame, m.slab, m.off = rest[:total:total], l.slab, uint32(l.pos)
		m.lane, m.state = l, msgCurrent
		l.deficit -= total
		l.pos += total
		l.msgs++
		l.bytes += uint64(total)
		v := alg.Process(m)
		if s.one == m { // else the algorithm retained it
			if v == Hold && n.state != nodeEnded {
				n.keep(m, msgHeld)
			} else {
				m.state = msgFree // and it is the next message too
			}
		}
		if s.made != nil {
			n.settleMade()
		}
		if l.blocked > 0 || l.heldMsgs > 0 && l.holdsFull() {
			l.wait()
			return
		}
		if l.closed {
			return
		}
	}
	l.active = false
	l.activate() // the turn is over; there may be more
}

// wait ends the turn of a lane that is not to be served until something has happened.
func (l *InLane) wait() {
	l.active = false // resume puts it back in its place
	if l.deficit <= 0 {
		l.requeue() // which is behind the others if the turn is over
	}
}

// unusual handles what usual does not know: the end of the lane's run, a frame
// that needs a closer look, a peer that breaks the protocol. It returns the
// length of the next frame, or 0 if the lane has got another run; more is false
// if the turn is over.
func (n *Node) unusual(l *InLane, rest []byte) (total int, more bool) {
	total, err := n.inspect(l, rest)
	switch {
	case err != nil:
		n.violate(l, err)
		return 0, false
	case total != 0 && total <= len(rest):
		return n.notable(l, rest[:total], total < len(rest))
	case l.ending != ReasonNone:
		n.endIn(l, l.ending, nil)
		return 0, false
	case l.tr.Drained(l):
		return 0, true
	}
	// An idle lane saves nothing up, but it still owes what its last message took
	// beyond the turn.
	if l.active = false; l.deficit > 0 {
		l.deficit, l.at = 0, nil
	}
	return 0, false
}

// usual is the length of the frame that rest begins with, if there is nothing
// remarkable about it: four comparisons on one load. 0 leaves it to inspect.
func (l *InLane) usual(rest []byte) int {
	if len(rest) < wire.HeaderSize {
		return 0
	}
	head := binary.BigEndian.Uint64(rest) // size 32, type 16, port 16
	size, typ := head>>32, uint16(head>>16)
	if size > l.maxSize || !ordinary(typ) || wire.App(rest) != l.app {
		return 0
	}
	return wire.HeaderSize + int(size)
}

// ordinary reports whether a type field, of an IPv4 sender, is data or belongs to
// algorithms. The engine's other types may concern the lane itself.
func ordinary(typ uint16) bool {
	const first = uint16(wire.FirstAlgorithmType)
	return typ == uint16(wire.TypeData) || typ-first <= uint16(wire.MaxType)-first
}

// inspect is usual for what is remarkable: an unfinished frame, an IPv6 sender, a
// lane that applications share, a type of the engine's, or a peer that breaks the
// protocol.
func (n *Node) inspect(l *InLane, rest []byte) (total int, err error) {
	total, err = wire.Peek(rest, n.shard.cfg.MaxPayload)
	if err != nil || total == 0 || total > len(rest) {
		return total, err
	}
	// The type first: a hello names no application, and would be called foreign.
	switch t, app := wire.TypeOf(rest), wire.App(rest); {
	case t == wire.TypeHello:
		return 0, ErrLateHello
	case t.Local():
		return 0, fmt.Errorf("%w: %v", ErrLocalType, t)
	case app != l.app && l.app != wire.SharedApp:
		return 0, fmt.Errorf("%w: application %d on the lane of %d", ErrForeignApp, app, l.app)
	}
	return total, nil
}

// process shows the algorithm a message that was made here: an event.
func (n *Node) process(m *Msg) {
	n.shard.event = m
	if v := n.alg.Process(m); v == Hold && m.state.passing() {
		n.keep(m, msgHeld)
	}
	n.shard.event = nil
	n.settleMade()
}

// settleMade drops the switch's reference on the messages that were made in the
// call that just ended.
func (n *Node) settleMade() {
	if bad := n.dropMade(); bad != "" {
		panic(Misuse(bad))
	}
}

// dropMade is settleMade, and says what a strict shard has found.
func (n *Node) dropMade() (bad string) {
	s := n.shard
	for m := s.made; m != nil; {
		next := m.next
		m.next = nil
		if m.state.passing() {
			if s.cfg.Strict {
				bad = cmp.Or(bad, m.disown())
			}
			m.slab.Release()
			s.recycle(m)
		}
		m = next
	}
	s.made = nil
	return bad
}

// violate ends a lane whose peer broke the protocol, and that lane alone.
func (n *Node) violate(l *InLane, err error) {
	n.endIn(l, ReasonProtocol, err)
}
