package core

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Sending, in the order in which a message meets it:
//
//	Node.Send      the one call an algorithm must know
//	               guesses the lane: algorithms send to their downstreams in the
//	               same order again and again, so the lane that followed the last
//	               one before is probably the one: no look-up, whatever the fan-out.
//	               What goes on control lanes is mostly for somebody else than the
//	               last was, and a wrong guess costs more than a look-up
//	Node.findLane  else looks it up, or opens it on first use (link.go)
//	OutLane.push   into the queue, or behind it if it is full (outlane.go)

// Send sends a message to a node. It never blocks and never fails: whatever
// goes wrong comes back as a message (LinkDown, SendFailed). The message may be
// one that was received, held, retained or made here; it may be sent to any
// number of nodes and needs no clone, whatever its type. Its bytes must not be
// written to any more.
//
// The first message to a destination opens the link; messages of one application
// to one destination arrive in the order in which they were sent.
func (n *Node) Send(m *Msg, dest NodeID) {
	if m.state != msgCurrent {
		m.mayLeave()
	}
	m.sent = true
	var l *OutLane
	if app := wire.App(m.frame); app == 0 {
		if l = n.outs.Get(dest, 0); l == nil {
			l = n.findLane(dest, 0)
		}
	} else {
		if l = n.last.then; l == nil || l.app != app || l.route != dest {
			l = n.findLane(dest, app)
			n.last.then = l
		}
		n.last = l
	}
	if o := l.open; o != nil && o.Slab == m.slab && o.end() == m.off && l.bytes < l.maxBytes && l.msgs < l.maxMsgs {
		// What most messages meet: a view that touches the one before it extends
		// its run, with no reference of its own.
		size := uint32(len(m.frame))
		o.Len += size
		o.Msgs++
		l.bytes += int(size)
		l.msgs++
		return
	}
	l.push(m)
}

// mayLeave panics unless a message that is not simply the current one may be sent.
func (m *Msg) mayLeave() {
	if m.loose {
		m.publish()
	}
	switch {
	case m.state == msgFree:
		panic(Misuse("core: Send of a message after the Process call it belonged to: Retain it, or return Hold"))
	case m.Type().Local():
		panic("core: Send of an event of the engine, which is this node's own and would break the peer's protocol: " +
			m.Type().String() + "; send what it says in a message of a type of yours")
	}
}

// NewMsg makes a message of size payload bytes. Fill Payload, then Send it as
// often as needed; the engine drops it when the call in progress ends, unless it
// is retained. Payload starts with arbitrary bytes: write all of it.
func (n *Node) NewMsg(t Type, app uint32, size int) *Msg {
	// The address of an IPv6 sender counts as payload on the wire.
	if size < 0 || wire.HeaderLen(n.id)-wire.HeaderSize+size > n.shard.cfg.MaxPayload {
		panic("core: NewMsg with a payload below 0 or above Config.MaxPayload")
	}
	if t == 0 || t > wire.MaxType || t.Local() || t == wire.TypeHello || t == wire.TypeBye {
		panic("core: NewMsg of a type that only the engine makes: " + t.String())
	}
	m := n.shard.madeForAlgorithm(n.makeMsg(header(n, t, app, size)))
	if m.loose {
		blot(m.Payload()) // so that what is not written shows
	}
	return m
}

// Clone makes a copy of a message that may be written to until it is sent. Its
// sender, type, application and sequence number are the original's.
func (n *Node) Clone(m *Msg) *Msg {
	c := n.copyOf(m.frame)
	if m.Type().Local() {
		c.state = msgEvent
	}
	return n.shard.madeForAlgorithm(c)
}

// Remake makes a message again from a copy of its bytes ([Msg.Frame]), with the sender and all else that it had: for
// algorithms that keep many messages for those who may ask, and not the slabs that they came in. Like those of NewMsg
// it may be written to until it is sent, and goes when the call in progress ends. It panics if the bytes are not
// one whole message of a kind that may be sent.
func (n *Node) Remake(frame []byte) *Msg {
	total, err := wire.Peek(frame, n.shard.cfg.MaxPayload)
	if err != nil || total == 0 || total != len(frame) {
		panic(fmt.Sprintf("core: Remake of %d bytes that are not one whole message: keep a copy of all of Msg.Frame", len(frame)))
	}
	if t := wire.TypeOf(frame); t.Local() || t == wire.TypeHello || t == wire.TypeBye {
		panic("core: Remake of a type that only the engine makes: " + t.String())
	}
	return n.shard.madeForAlgorithm(n.copyOf(frame))
}

func (n *Node) copyOf(frame []byte) *Msg {
	payload := wire.Payload(frame)
	c := n.makeMsg(wire.Header{Type: wire.TypeOf(frame), Sender: wire.Sender(frame), App: wire.App(frame), Seq: wire.Seq(frame), Size: len(payload)})
	copy(c.Payload(), payload)
	return c
}

// makeMsg carves a message out of the build slab, header in place.
func (n *Node) makeMsg(h wire.Header) *Msg {
	s := n.shard
	size := wire.HeaderLen(h.Sender) + h.Size
	slab, off := s.carve(&s.build, size)
	m := s.newMsg()
	m.frame = slab.Bytes()[off : off+size : off+size]
	wire.PutHeader(m.frame, h)
	m.slab, m.off, m.node = slab, uint32(off), n
	m.state, m.made = msgCurrent, true
	m.next = s.made
	s.made = m
	return m
}
