package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// HelloShared is the flag of a dialler that puts all applications on one lane. It is set on that lane and on the
// control lane; App tells them apart.
const HelloShared uint16 = 1 << 0

// SharedApp is the App of a hello with HelloShared that opens the lane of all applications. It is no application's own.
const SharedApp uint32 = 1<<32 - 1

const (
	helloMagic  = 0x694f766c // "iOvl"
	helloFixed  = 14         // payload bytes before the authentication field
	helloFlags  = HelloShared
	helloPrefix = 6 // magic and version: these 6 bytes stay where they are in every version
)

// laneExists reports whether a dialler with these flags can have a lane of this App.
func laneExists(app uint32, flags uint16) bool {
	if flags&HelloShared != 0 {
		return app == 0 || app == SharedApp
	}
	return app != SharedApp
}

// Hello is the first frame of every connection, from the dialler (upstream) to the accepter (downstream). It
// says who dials and which lane of the link this connection is.
type Hello struct {
	From  NodeID // the dialler, in the frame's sender field
	App   uint32 // the lane's application; 0 for the control lane, SharedApp for that of all applications
	Flags uint16 // HelloShared
	Auth  []byte // authentication, at most MaxAuth bytes; empty in version 1
}

// AppendTo appends the hello's whole frame to b. It panics if From cannot be a node's identity, a flag is unknown
// or Auth is longer than MaxAuth. An App that does not go with the flags is for the accepter to refuse, since it may have
// come from a peer.
func (h Hello) AppendTo(b []byte) []byte {
	if !h.From.Dialable() {
		panic(fmt.Sprintf("wire: a hello comes from a node that can be dialled, not from %v", h.From))
	}
	if h.Flags&^helloFlags != 0 || len(h.Auth) > MaxAuth {
		panic(fmt.Sprintf("wire: a hello cannot have flags %#04x and %d bytes of authentication", h.Flags, len(h.Auth)))
	}
	var head [HeaderSize + addr6Size]byte
	n := HeaderLen(h.From)
	PutHeader(head[:n], Header{Type: TypeHello, Sender: h.From, Size: helloFixed + len(h.Auth)})
	b = append(b, head[:n]...)
	b = binary.BigEndian.AppendUint32(b, helloMagic)
	b = binary.BigEndian.AppendUint16(b, Version)
	b = binary.BigEndian.AppendUint16(b, h.Flags)
	b = binary.BigEndian.AppendUint32(b, h.App)
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.Auth)))
	return append(b, h.Auth...)
}

// ParseHello decodes a connection's first frame, whatever frame holds; it must be exactly that frame. The result
// shares no memory with it. Checks go from the outside in (length, type, magic, version, then the fields), so
// that a peer of another version gets ErrVersion whatever its hello looks like further on. Errors wrap ErrShort,
// ErrTooBig, ErrMalformed, ErrNotHello, ErrMagic or ErrVersion.
func ParseHello(frame []byte) (Hello, error) {
	head, err := ParseHeader(frame)
	if err != nil {
		return Hello{}, fmt.Errorf("hello: %w", err)
	}
	if head.Type != TypeHello {
		return Hello{}, fmt.Errorf("%w: the connection starts with a frame of type %v", ErrNotHello, head.Type)
	}
	total := FrameSize(frame)
	switch {
	case total > MaxHello:
		return Hello{}, fmt.Errorf("%w: hello of %d bytes, the maximum is %d", ErrTooBig, total, MaxHello)
	case len(frame) < total:
		return Hello{}, fmt.Errorf("%w: %d bytes of a %d-byte hello", ErrShort, len(frame), total)
	case len(frame) > total:
		return Hello{}, fmt.Errorf("%w: %d bytes after a %d-byte hello", ErrMalformed, len(frame)-total, total)
	}
	return parseHelloPayload(head.Sender, Payload(frame))
}

func parseHelloPayload(from NodeID, p []byte) (Hello, error) {
	if len(p) < helloPrefix {
		return Hello{}, fmt.Errorf("%w: hello with a payload of %d bytes", ErrMalformed, len(p))
	}
	if magic := binary.BigEndian.Uint32(p); magic != helloMagic {
		return Hello{}, fmt.Errorf("%w: %#08x instead of %#08x", ErrMagic, magic, uint32(helloMagic))
	}
	if version := binary.BigEndian.Uint16(p[4:]); version != Version {
		return Hello{}, fmt.Errorf("%w: the peer speaks version %d, this node speaks version %d", ErrVersion, version, Version)
	}
	if len(p) < helloFixed {
		return Hello{}, fmt.Errorf("%w: hello with a payload of %d bytes", ErrMalformed, len(p))
	}
	h := Hello{From: from, Flags: binary.BigEndian.Uint16(p[6:]), App: binary.BigEndian.Uint32(p[8:])}
	authLen, auth := int(binary.BigEndian.Uint16(p[12:])), p[helloFixed:]
	switch {
	case h.Flags&^helloFlags != 0:
		return Hello{}, fmt.Errorf("%w: hello with unknown flags %#04x", ErrMalformed, h.Flags&^helloFlags)
	case !laneExists(h.App, h.Flags):
		return Hello{}, fmt.Errorf("%w: hello for lane %#x with flags %#04x", ErrMalformed, h.App, h.Flags)
	case authLen != len(auth):
		return Hello{}, fmt.Errorf("%w: hello announces %d bytes of authentication and carries %d", ErrMalformed, authLen, len(auth))
	case authLen > MaxAuth:
		return Hello{}, fmt.Errorf("%w: %d bytes of authentication, the maximum is %d", ErrTooBig, authLen, MaxAuth)
	case !from.Dialable():
		return Hello{}, fmt.Errorf("%w: hello from %v, which is no node's address", ErrMalformed, from)
	}
	if authLen > 0 {
		h.Auth = bytes.Clone(auth)
	}
	return h, nil
}
