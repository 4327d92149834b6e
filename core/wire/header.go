package wire

import (
	"encoding/binary"
	"fmt"
)

// Header is a frame's header in decoded form.
type Header struct {
	Type   Type
	Sender NodeID // the node that created the message; zero for none
	App    uint32 // application (session); 0 for none
	Seq    uint64 // sequence number, or two parameters as SetParams writes them
	Size   int    // payload bytes that a user sees, without the address of an IPv6 sender
}

// HeaderLen returns how many bytes lie before the payload that a user sees: 24, or 40 for an IPv6 sender.
func HeaderLen(sender NodeID) int {
	if sender.Is4() {
		return HeaderSize
	}
	return HeaderSize + addr6Size
}

// PutHeader writes h into the first HeaderLen(h.Sender) bytes of b; the payload of h.Size bytes is to follow.
// It panics if b is shorter than that, or if h has no type, one over MaxType, or a size that no frame can have.
func PutHeader(b []byte, h Header) {
	skip := HeaderLen(h.Sender) - HeaderSize
	if len(b) < HeaderSize+skip {
		panic(fmt.Sprintf("wire: PutHeader needs %d bytes for this sender and got %d", HeaderSize+skip, len(b)))
	}
	if h.Type-1 >= MaxType || uint(h.Size) > uint(MaxPayloadLimit-skip) {
		panic(fmt.Sprintf("wire: PutHeader cannot write type %d with a payload of %d bytes", h.Type, h.Size))
	}
	// size, type and port share the first 8 bytes.
	w := uint64(h.Size+skip)<<32 | uint64(h.Type)<<16 | uint64(h.Sender.port)
	addr := uint32(h.Sender.lo)
	if skip != 0 {
		w |= senderIs6 << 16
		addr = 0
		h.Sender.put16(b[HeaderSize:])
	}
	binary.BigEndian.PutUint64(b, w)
	binary.BigEndian.PutUint32(b[offAddr:], addr)
	binary.BigEndian.PutUint32(b[offApp:], h.App)
	binary.BigEndian.PutUint64(b[offSeq:], h.Seq)
}

// ParseHeader decodes the header at the start of b, whatever b holds; the payload need not be there, but the
// address of an IPv6 sender has to. Errors wrap ErrShort, ErrTooBig (over MaxPayloadLimit) or ErrMalformed.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d bytes of a %d-byte header", ErrShort, len(b), HeaderSize)
	}
	total, err := Peek(b, MaxPayloadLimit)
	if err != nil {
		return Header{}, err
	}
	before := HeaderSize
	if b[offType]&(senderIs6>>8) != 0 {
		before += addr6Size
	}
	if len(b) < before {
		return Header{}, fmt.Errorf("%w: %d bytes of a %d-byte header with an IPv6 sender", ErrShort, len(b), before)
	}
	return Header{Type: TypeOf(b), Sender: Sender(b), App: App(b), Seq: Seq(b), Size: total - before}, nil
}
