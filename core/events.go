package core

import (
	"encoding/binary"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Events: what the engine tells an algorithm. Each is a message like any other
// (paper, section 2.3); its sender is the node that it is about.

const (
	typeStarted = wire.TypeStarted
	typeTimer   = wire.TypeTimer
)

// Direction says which end of a link this node is.
type Direction uint8

const (
	// Upstream: the link brings messages here.
	Upstream Direction = iota
	// Downstream: the link takes messages away.
	Downstream
)

// String is the direction's name.
func (d Direction) String() string {
	if d == Downstream {
		return "downstream"
	}
	return "upstream"
}

// Reason says why a lane ended or a message was not sent.
type Reason uint8

// The reasons.
const (
	ReasonNone     Reason = iota
	ReasonClosed          // the peer closed it, or left
	ReasonRefused         // nobody listens at the destination
	ReasonReset           // the connection broke
	ReasonProtocol        // the peer broke the protocol
	ReasonReplaced        // the same upstream opened it again
	ReasonStopped         // this node is stopping
	ReasonEnded           // the source is exhausted or was stopped
	ReasonFull            // more for a full lane than Config.OverflowMsgs or OverflowBytes
	ReasonNoRoom          // this process is out of descriptors, memory or ports
	ReasonTimeout         // the peer's system did not answer for Config.FailTimeout
	ReasonIdle            // the lane was at rest for Config.IdleTimeout
)

var reasonNames = [...]string{"none", "closed", "refused", "reset", "protocol violation", "replaced",
	"stopped", "ended", "queue full", "out of descriptors, memory or ports", "timeout", "idle"}

// String is the reason in words.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// LinkEvent is what a message about a link says: LinkUp, LinkDown, LinkStalled,
// LinkRecovered, SendFailed, SourceEnd, and BrokenSource, whose Peer is the node
// that noticed.
type LinkEvent struct {
	Peer      NodeID // for SourceEnd this node
	App       uint32 // the lane's application; 0 is the control lane
	Direction Direction
	Reason    Reason
	Lost      uint64 // messages lost on the lane since the algorithm was last told
}

// Failed reports whether a lane has failed, or its peer has gone: not one that
// was closed in order by its sending end, this node or the peer, which will open it again
// when it has something to say. An algorithm takes a neighbour for lost by that.
func (e LinkEvent) Failed() bool {
	switch e.Reason {
	case ReasonIdle, ReasonEnded, ReasonStopped, ReasonFull:
		return false
	case ReasonClosed:
		return e.Direction == Downstream // the receiving end closes when its node ends
	}
	return true
}

// Link reads a link event. It panics for messages of any other type.
func (m *Msg) Link() LinkEvent {
	if !aboutLink(m.Type()) {
		panic("core: Link of a message that is no link event: " + m.Type().String())
	}
	reason, dir := m.Params()
	if reason < 0 || int(reason) >= len(reasonNames) {
		reason = int32(ReasonReset) // another version's, in a broken source that a peer sent
	}
	ev := LinkEvent{Peer: m.Sender(), App: m.App(), Direction: Direction(dir), Reason: Reason(reason)}
	if p := m.Payload(); len(p) == lostSize {
		ev.Lost = binary.BigEndian.Uint64(p)
	}
	return ev
}

// aboutLink reports whether messages of a type carry a LinkEvent.
func aboutLink(t Type) bool {
	switch t {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeSendFailed, wire.TypeSourceEnd,
		wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeBrokenSource:
		return true
	}
	return false
}

const lostSize = 8 // payload of a link event: the count of lost messages

// event is an event that has not become a message yet. Events wait in a list,
// so that an algorithm is never called from within its own Send.
type event struct {
	typ    Type
	peer   NodeID
	app    uint32
	reason Reason
	dir    Direction
	lost   uint64
	seq    uint64 // of a timer

	through *Throughput // of a report; else nil
	payload []byte      // of the result of a measurement; else nil
}

func (n *Node) post(e event) {
	if n.state == nodeEnded {
		return
	}
	if e.typ == typeTimer {
		n.postTimer(e)
	}
	n.events = append(n.events, e)
	n.shard.ready.push(n)
}

// serveEvents turns the events that wait into messages. Events that handling
// them causes wait for the next round, so that a round always ends.
func (n *Node) serveEvents() {
	count := len(n.events)
	if count == 0 {
		return
	}
	for i := 0; i < count && n.state != nodeEnded; i++ {
		e := n.events[i]
		switch e.typ {
		case 0: // it was taken back
			continue
		case typeTimer:
			n.due.shown(e.seq)
			n.events[i].typ = 0 // it is in the list no more
		}
		n.repairing = false // what was said elsewhere means nothing
		n.process(n.eventMsg(e))
		n.passOn(e)
	}
	n.due.served += uint64(min(count, len(n.events)))
	rest := copy(n.events, n.events[min(count, len(n.events)):])
	clear(n.events[rest:])
	n.events = n.events[:rest]
	if rest == 0 && cap(n.events) > idleEvents {
		n.events, n.due.places = nil, nil // a burst of events is no reason to keep its memory
	}
}

const idleEvents = 4

func (n *Node) eventMsg(e event) *Msg {
	size := 0
	sender := n.id
	if e.through != nil {
		size, sender = throughputSize, e.peer
	}
	if e.payload != nil {
		size, sender = len(e.payload), e.peer
	}
	if aboutLink(e.typ) {
		if e.typ != wire.TypeBrokenSource {
			size = lostSize
		}
		if !e.peer.IsZero() {
			sender = e.peer
		}
	}
	if e.typ == wire.TypeSessionEnd && !e.peer.IsZero() {
		sender = e.peer
	}
	m := n.makeMsg(wire.Header{Type: e.typ, Sender: sender, App: e.app, Seq: e.seq, Size: size})
	if aboutLink(e.typ) || e.through != nil {
		wire.SetParams(m.frame, int32(e.reason), int32(e.dir))
	}
	switch {
	case e.payload != nil:
		copy(m.Payload(), e.payload)
	case e.through != nil:
		e.through.put(m.Payload())
	case size > 0:
		binary.BigEndian.PutUint64(m.Payload(), e.lost)
	}
	m.sent = true // events are not for writing
	if e.typ.Local() {
		m.state = msgEvent
	}
	return n.shard.madeForAlgorithm(m)
}

// TellMeasured tells the node's own algorithm of a measurement of its: a Measured
// message, with the node measured as its sender, comes in the next round. The
// payload, which must not be empty or written to any more, is for the algorithm's
// base to give a meaning to.
func (n *Node) TellMeasured(peer NodeID, payload []byte) {
	if len(payload) == 0 || len(payload) > n.shard.cfg.MaxPayload {
		panic("core: TellMeasured without a payload, or with one above Config.MaxPayload")
	}
	n.post(event{typ: wire.TypeMeasured, peer: peer, payload: payload})
}

// TimerID is the id of a Timer message.
func (m *Msg) TimerID() uint64 { return m.Seq() }
