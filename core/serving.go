package core

import "github.com/ioverlay/ioverlay/core/wire"

// Serving says which node the shard's loop serves, or served last, and the type of the message that the node was
// given, 0 if it was none. It is for a watchdog on another goroutine that has found the loop
// standing still for seconds, and a guess at any other time.
//
// The loop publishes both by plain stores that it makes anyway or once a round, since an atomic one would cost every
// round what a watchdog needs once in a lifetime. So this reads what another goroutine has written: words, which do not
// tear, and of a loop that stands still. The race detector is told to look away.
//
//go:norace
func (s *Shard) Serving() (NodeID, Type) {
	n := s.serving
	if n == nil {
		return NodeID{}, 0
	}
	m := s.event
	if m == nil && s.cur != nil {
		m = s.one
	}
	if m == nil {
		return n.id, 0
	}
	frame := m.frame
	if len(frame) < wire.HeaderSize {
		return n.id, 0
	}
	return n.id, typeOf(frame)
}

// typeOf is wire.TypeOf here, where the race detector does not look.
//
//go:norace
func typeOf(frame []byte) Type {
	const at, senderIs6 = 4, 0x8000 // as package wire has them; TestServing holds it
	return Type((uint16(frame[at])<<8 | uint16(frame[at+1])) &^ senderIs6)
}
