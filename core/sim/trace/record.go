package trace

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Kind is what a record is of.
type Kind uint8

// The kinds that a reader returns.
const (
	Message Kind = iota + 3 // a message was given to an algorithm
	Sent                    // messages left a node
	Fault                   // a fault happened
	Warned                  // a lane ended because its upstream broke the protocol
	Ended                   // a node ended
)

// Those that it keeps to itself.
const (
	kindAbout Kind = 1
	kindPeer  Kind = 2
	kindEnd   Kind = 8
)

var kindNames = [...]string{Message: "message", Sent: "sent", Fault: "fault", Warned: "warned", Ended: "ended"}

// String is the kind's name.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

// MarshalText is the kind's name, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Peer is a node that a record is about; the zero value is nobody.
type Peer struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // if it has one
}

// String is the name, or else the ID; "-" for nobody.
func (p Peer) String() string {
	switch {
	case p.Name != "":
		return p.Name
	case p.ID != "":
		return p.ID
	}
	return "-"
}

// Record is one thing that happened. Fields that its kind does not have are zero.
type Record struct {
	Number uint64        `json:"n"` // from 0; peers and what the trace is of have none
	At     time.Duration `json:"at_ns"`
	Kind   Kind          `json:"kind"`
	Node   Peer          `json:"node,omitzero"`   // where; of Sent, who sent
	From   Peer          `json:"from,omitzero"`   // last hop, of Message and Warned; nobody for what was made at the node
	Sender Peer          `json:"sender,omitzero"` // who made the message
	To     Peer          `json:"to,omitzero"`     // of Sent
	Type   core.Type     `json:"type,omitempty"`
	App    uint32        `json:"app,omitempty"`
	Seq    uint64        `json:"seq,omitempty"`
	Size   uint64        `json:"size,omitempty"` // payload bytes; of Sent, bytes with headers
	Msgs   uint64        `json:"msgs,omitempty"` // of Sent
	Hash   uint64        `json:"hash,omitempty"` // xxHash64 of the payload
	Text   string        `json:"text,omitempty"`
}

// Same reports whether two records, of two traces, say the same.
func (r Record) Same(o Record) bool { return r == o }

// Subject is what a record is of, in a word or two: the type of a message, or the
// kind.
func (r Record) Subject() string {
	if r.Kind == Message {
		return r.Type.String()
	}
	return r.Kind.String()
}

// Details are what else the record says, for people.
func (r Record) Details() string {
	switch r.Kind {
	case Message:
		return r.messageDetails()
	case Sent:
		return fmt.Sprintf("%d messages, %d bytes", r.Msgs, r.Size)
	case Ended:
		if r.Text != "" {
			return "crashed: " + r.Text
		}
	}
	return r.Text
}

func (r Record) messageDetails() string {
	a, b := int32(r.Seq>>32), int32(r.Seq)
	switch r.Type {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeSendFailed, wire.TypeSourceEnd, wire.TypeBrokenSource:
		text := core.Direction(b).String()
		if why := core.Reason(a); why != core.ReasonNone {
			text += ": " + why.String()
		}
		return text
	case wire.TypeStarted, wire.TypeWorldUp, wire.TypeStopping:
		return ""
	case wire.TypeTimer:
		return fmt.Sprintf("timer %d", r.Seq)
	}
	return fmt.Sprintf("#%d, %d bytes, %016x", r.Seq, r.Size, r.Hash)
}
