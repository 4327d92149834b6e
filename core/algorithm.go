package core

import (
	"net/netip"

	"github.com/ioverlay/ioverlay/core/wire"
)

// NodeID names a node: its IP address and port (paper, section 2.2).
type NodeID = wire.NodeID

// Type is a message's type.
type Type = wire.Type

// Algorithm is what a user of the system writes (paper, section 2.3). It is
// called by one goroutine only, so it needs no lock.
//
// Embed algos.Base to get Bind and a default behaviour for every message; then
// Process is the one method to write.
type Algorithm interface {
	// Bind is called once, before the first message, with the node that the
	// algorithm runs on. algos.Base keeps it.
	Bind(n *Node)

	// Process handles one message: data from an upstream node or a local source,
	// a control message from another node, or an event of the engine. The
	// message and its bytes are valid until Process returns, and longer only if
	// it returns Hold or called [Node.Retain].
	Process(m *Msg) Verdict
}

// Wrapper is an algorithm around another, as a runtime uses to see what reaches it.
// Whoever asks a node for its algorithm gets the one inside.
type Wrapper interface {
	Algorithm
	Unwrap() Algorithm
}

// TimerNamer is an algorithm that can say what one of its timers is for, to whoever reports one that lets no time go on. algos.Base is one.
type TimerNamer interface {
	Algorithm
	// TimerName is the rest of a sentence, such as "which calls main.(*Ring).turn (ring.go:40)", for a timer that is due; "" if
	// there is nothing to say of it but its id.
	TimerName(id uint64) string
}

// Verdict is what Process says of a message when it returns.
type Verdict uint8

const (
	// Done: the engine may drop its reference. Copies that were sent go on.
	Done Verdict = iota
	// Hold: the algorithm keeps the message, to merge or code it with others,
	// until it calls [Node.Release]. Meanwhile the message stays charged to the
	// buffer of its upstream lane, so that back-pressure is right (paper,
	// section 2.2). Held messages are released with the node.
	Hold
)

// ParseNodeID reads "127.0.0.1:7001" or "[::1]:7001".
func ParseNodeID(s string) (NodeID, error) { return wire.ParseNodeID(s) }

// NodeIDFrom makes a node's ID from its address and port.
func NodeIDFrom(ap netip.AddrPort) NodeID { return wire.NodeIDFrom(ap) }
