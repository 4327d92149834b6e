package wire

import (
	"encoding/binary"
	"fmt"
)

// ByeSize is the length of a bye frame in bytes. It is the same for every node: a bye names no sender.
const ByeSize = HeaderSize + byeFixed

const byeFixed = 16 // payload bytes

// Bye is the last frame in either direction of a connection. From the upstream it says that the lane ends in an
// orderly way, which the end of the byte stream alone does not: a process that is killed ends its streams too. From
// the downstream, which says nothing else, it says how much of the lane was taken, so that the upstream can count what
// was lost to the message.
type Bye struct {
	App    uint32 // the lane's application
	Failed bool   // the node ends because it failed, not because it was asked to
	Msgs   uint64 // whole messages sent, or taken, on this connection; the hello is none
	Bytes  uint64 // their bytes, headers included
}

// AppendTo appends the bye's whole frame, of ByeSize bytes, to b.
func (y Bye) AppendTo(b []byte) []byte {
	var f [ByeSize]byte
	PutHeader(f[:], Header{Type: TypeBye, App: y.App, Size: byeFixed})
	if y.Failed {
		SetParams(f[:], 1, 0)
	}
	binary.BigEndian.PutUint64(f[HeaderSize:], y.Msgs)
	binary.BigEndian.PutUint64(f[HeaderSize+8:], y.Bytes)
	return append(b, f[:]...)
}

// ParseBye decodes a bye, whatever frame holds; it must be exactly that frame. Errors wrap ErrShort or ErrMalformed.
func ParseBye(frame []byte) (Bye, error) {
	if len(frame) < ByeSize {
		return Bye{}, fmt.Errorf("%w: %d bytes of a %d-byte bye", ErrShort, len(frame), ByeSize)
	}
	a, b := Params(frame)
	switch {
	case len(frame) > ByeSize, FrameSize(frame) != ByeSize, binary.BigEndian.Uint16(frame[offType:]) != uint16(TypeBye):
		return Bye{}, fmt.Errorf("%w: no bye: type %v, %d bytes of payload", ErrMalformed, TypeOf(frame), FrameSize(frame)-HeaderSize)
	case binary.BigEndian.Uint16(frame[offPort:]) != 0, binary.BigEndian.Uint32(frame[offAddr:]) != 0:
		return Bye{}, fmt.Errorf("%w: a bye that names a sender", ErrMalformed)
	case a < 0, a > 1, b != 0:
		return Bye{}, fmt.Errorf("%w: a bye with the parameters %d, %d", ErrMalformed, a, b)
	}
	return Bye{
		App: App(frame), Failed: a == 1,
		Msgs: binary.BigEndian.Uint64(frame[HeaderSize:]), Bytes: binary.BigEndian.Uint64(frame[HeaderSize+8:]),
	}, nil
}
