package coding

import (
	"encoding/binary"
	"fmt"
)

// The header at the start of a message's payload. docs/coding.md is the normative text; the offsets here are its.

// Version is the version of the header that this package writes, and the only one it reads.
const Version = 1

// Kind says what a packet is.
type Kind uint8

// The kinds, with their numbers in the header.
const (
	KindSource         Kind = 1  // a source packet as it is
	KindSeeded         Kind = 2  // a coded packet whose coefficients a seed gives
	KindVector         Kind = 3  // a coded packet that carries its coefficients
	KindDigests        Kind = 4  // the digests of a generation's source packets
	KindFeedback       Kind = 5  // what a receiver still needs of which generations
	KindWindowSource   Kind = 8  // a packet of a stream as it is
	KindWindowCoded    Kind = 9  // a coded packet of a stream's window
	KindWindowFeedback Kind = 10 // what a receiver has of a stream
	KindWindowVector   Kind = 11 // a coded packet of a stream's window that carries its coefficients
)

func (k Kind) String() string {
	switch k {
	case KindSource:
		return "source"
	case KindSeeded:
		return "seeded"
	case KindVector:
		return "vector"
	case KindDigests:
		return "digests"
	case KindFeedback:
		return "feedback"
	case KindWindowSource:
		return "window-source"
	case KindWindowCoded:
		return "window-coded"
	case KindWindowFeedback:
		return "window-feedback"
	case KindWindowVector:
		return "window-vector"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

const (
	headerLen         = 16            // of the kinds that belong to a generation
	seededLen         = headerLen + 5 // seed and weight follow
	feedbackLen       = 12            // the numbers follow
	windowSourceLen   = 16
	windowCodedLen    = 24
	windowVectorLen   = 20 // coefficients follow
	windowFeedbackLen = 24
)

var be = binary.BigEndian

// KindOf is the kind of the packet that b begins. The error wraps [ErrShort] or [ErrVersion]; an unknown kind is for
// whoever parses the packet to refuse.
func KindOf(b []byte) (Kind, error) {
	if len(b) < 2 {
		return 0, fmt.Errorf("%w: %d bytes, a packet begins with 2 for version and kind", ErrShort, len(b))
	}
	if b[0] != Version {
		return 0, fmt.Errorf("%w %d: this is version %d", ErrVersion, b[0], Version)
	}
	return Kind(b[1]), nil
}

// put writes the header of a generation's packet. arg is what the kind keeps at offset 3. The generation was checked.
func (g Generation) put(b []byte, kind Kind, arg uint8) {
	_ = b[headerLen-1]
	b[0], b[1], b[2], b[3] = Version, byte(kind), byte(g.K-1), arg
	be.PutUint32(b[4:], g.ID)
	be.PutUint16(b[8:], uint16(g.Size-1))
	be.PutUint16(b[10:], uint16(g.Last-1))
	be.PutUint32(b[12:], g.Stream)
}

// generationOf reads what put wrote. b has at least headerLen bytes.
func generationOf(b []byte) (Generation, error) {
	_ = b[headerLen-1]
	g := Generation{
		Stream: be.Uint32(b[12:]), ID: be.Uint32(b[4:]), K: int(b[2]) + 1,
		Size: int(be.Uint16(b[8:])) + 1, Last: int(be.Uint16(b[10:])) + 1,
	}
	if g.K < MinK || g.Last > g.Size {
		return g, fmt.Errorf("%w: %d packets of %d bytes, the last of %d", ErrMalformed, g.K, g.Size, g.Last)
	}
	return g, nil
}

// wantLen tells a packet that has not exactly the length that its header says.
func wantLen(b []byte, kind Kind, n int) error {
	switch {
	case len(b) < n:
		return fmt.Errorf("%w: %d for a %v packet of %d", ErrShort, len(b), kind, n)
	case len(b) > n:
		return fmt.Errorf("%w: %d bytes for a %v packet of %d", ErrMalformed, len(b), kind, n)
	}
	return nil
}

// room tells a caller's buffer that is too small for a packet of n bytes.
func room(dst []byte, n int) error {
	if len(dst) < n {
		return fmt.Errorf("%w: %d bytes for a packet of %d", ErrBuffer, len(dst), n)
	}
	return nil
}

// wantKind tells a packet that is not of the kind, or has no room for its header of n bytes.
func wantKind(b []byte, kind Kind, n int) error {
	got, err := KindOf(b)
	switch {
	case err != nil:
		return err
	case got != kind:
		return fmt.Errorf("%w: %v, where %v belongs", ErrKind, got, kind)
	case len(b) < n:
		return fmt.Errorf("%w: %d of a header of %d", ErrShort, len(b), n)
	}
	return nil
}
