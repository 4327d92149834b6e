package core

import (
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Msg is a view of one frame in a slab. It belongs to the node that handed it
// out and is valid as that node says: a message passed to Process until Process
// returns, one made by NewMsg likewise, unless it is held or retained.
//
// A message that was sent, or that came from elsewhere, must not be written to;
// [Node.Clone] gives a copy that may be.
type Msg struct {
	frame []byte        // header and payload, nothing else
	slab  *bufpool.Slab // holds the frame
	off   uint32        // of the frame in the slab
	state msgState
	made  bool    // here, so it owns a reference on the slab
	sent  bool    // so its bytes are immutable
	alone bool    // of a strict shard: frame is a copy for the algorithm (strict.go)
	loose bool    // and its bytes are not in the slab yet
	node  *Node   // that handed it out
	lane  *InLane // it came on; nil for events and made messages
	next  *Msg    // in the free list, or in the list of messages made in this call
	prev  *Msg    // in the node's list of kept messages
}

type msgState uint8

const (
	msgFree     msgState = iota // in the free list
	msgEvent                    // valid until Process returns, and not for sending
	msgCurrent                  // valid until Process returns
	msgDraft                    // msgCurrent, made in a strict shard, and not sent yet
	msgHeld                     // kept, charged to its lane
	msgRetained                 // kept, charged to nobody
)

// passing reports whether a message with this state goes when the call in progress ends.
func (s msgState) passing() bool { return s-msgEvent <= msgDraft-msgEvent }

// Type is the message's type.
func (m *Msg) Type() Type { return wire.TypeOf(m.frame) }

// App is the application (session) that the message belongs to; 0 for none.
func (m *Msg) App() uint32 { return wire.App(m.frame) }

// Seq is the sequence number.
func (m *Msg) Seq() uint64 { return wire.Seq(m.frame) }

// Params are the two signed parameters that control types carry in place of a
// sequence number.
func (m *Msg) Params() (a, b int32) { return wire.Params(m.frame) }

// Sender is the node that created the message, which need not be the last hop.
func (m *Msg) Sender() NodeID { return wire.Sender(m.frame) }

// From is the upstream node that the message came from, or the zero NodeID if
// it was made here: by the engine, by a local source, or by the algorithm.
func (m *Msg) From() NodeID {
	if m.lane == nil {
		return NodeID{}
	}
	return m.lane.from
}

// Proven reports whether the node that From names is known to be where it says: the
// link's transport has seen that whoever opened it receives at that address. A hello can
// say anything, so what is answered to a peer that has not proven its address may reach
// somebody who never asked. Messages made here, and those of runtimes in which nobody can
// lie, are proven.
func (m *Msg) Proven() bool { return m.lane == nil || !m.lane.unproven }

// Payload is the message's payload, a view that lives as long as the message.
func (m *Msg) Payload() []byte { return wire.Payload(m.frame) }

// Frame is the whole message as it travels: header and payload. It is for
// reading, and lives as long as the message.
func (m *Msg) Frame() []byte { return m.frame }

// Len is the number of bytes in the whole frame: header and payload.
func (m *Msg) Len() int { return len(m.frame) }

// SetSeq sets the sequence number of a message that this node made and has not
// sent yet.
func (m *Msg) SetSeq(seq uint64) {
	m.mustBeMine("SetSeq")
	wire.SetSeq(m.frame, seq)
}

// SetParams sets the two parameters of a message that this node made and has
// not sent yet.
func (m *Msg) SetParams(a, b int32) {
	m.mustBeMine("SetParams")
	wire.SetParams(m.frame, a, b)
}

func (m *Msg) mustBeMine(what string) {
	if !m.made || m.sent || m.state == msgFree {
		panic(Misuse("core: " + what + " on a message that this node did not make or has already sent: use Clone"))
	}
}
