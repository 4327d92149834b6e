package wire

import (
	"encoding/binary"
	"fmt"
)

// Offsets of the header's fields, in bytes. All integers are big-endian.
const (
	offSize = 0  // uint32: payload bytes, the address of an IPv6 sender included
	offType = 4  // uint16: type, and the senderIs6 bit
	offPort = 6  // uint16: sender's TCP port
	offAddr = 8  // uint32: sender's IPv4 address; 0 for an IPv6 sender
	offApp  = 12 // uint32: application (session), 0 for none
	offSeq  = 16 // uint64: sequence number, or two int32 parameters
)

// Peek is the framer's test on the next frame of a stream. b starts at a frame's first byte and holds whatever
// has arrived. total is the whole frame's length in bytes once its header is there (it may exceed len(b)), and
// 0 while fewer than HeaderSize bytes are. maxPayload bounds the size field and is at most MaxPayloadLimit.
// Errors wrap ErrTooBig or ErrMalformed; the stream is then beyond repair and its connection has to be closed.
func Peek(b []byte, maxPayload int) (total int, err error) {
	if len(b) >= HeaderSize {
		w := binary.BigEndian.Uint64(b)
		// The common case: a size in bounds, and a type that is not 0 and has no IPv6 bit.
		if size := w >> 32; size <= uint64(maxPayload) && int16(w>>16) > 0 {
			return HeaderSize + int(size), nil
		}
	}
	return peekRare(b, maxPayload)
}

// peekRare is Peek for incomplete headers, IPv6 senders and violations.
func peekRare(b []byte, maxPayload int) (int, error) {
	if len(b) < HeaderSize {
		return 0, nil
	}
	size, typ := binary.BigEndian.Uint32(b[offSize:]), binary.BigEndian.Uint16(b[offType:])
	if uint64(size) > uint64(maxPayload) {
		return 0, fmt.Errorf("%w: size field says %d bytes, the maximum is %d", ErrTooBig, size, maxPayload)
	}
	if typ&^senderIs6 == 0 {
		return 0, fmt.Errorf("%w: message type 0", ErrMalformed)
	}
	if typ&senderIs6 != 0 && size < addr6Size {
		return 0, fmt.Errorf("%w: IPv6 sender, but a payload of %d bytes cannot hold its address", ErrMalformed, size)
	}
	return HeaderSize + int(size), nil
}

// The accessors below expect a whole frame, as Peek has found it; b may go on after the frame's end.

// FrameSize returns the frame's length in bytes, header included. b holds at least HeaderSize bytes.
func FrameSize(b []byte) int { return HeaderSize + int(binary.BigEndian.Uint32(b)) }

// TypeOf returns the frame's type, without the bit that marks an IPv6 sender.
func TypeOf(b []byte) Type { return Type(binary.BigEndian.Uint16(b[offType:]) &^ senderIs6) }

// App returns the application (session) that the message belongs to, 0 for none.
func App(b []byte) uint32 { return binary.BigEndian.Uint32(b[offApp:]) }

// Seq returns the sequence number.
func Seq(b []byte) uint64 { return binary.BigEndian.Uint64(b[offSeq:]) }

// Params returns the two parameters that control types carry in place of a sequence number.
func Params(b []byte) (a, p int32) {
	w := binary.BigEndian.Uint64(b[offSeq:])
	return int32(w >> 32), int32(w)
}

// Sender returns the node that created the message, which need not be the last hop. Zero for none.
func Sender(b []byte) NodeID {
	if b[offType]&(senderIs6>>8) != 0 {
		return sender6(b)
	}
	return NodeID{lo: uint64(binary.BigEndian.Uint32(b[offAddr:])), port: binary.BigEndian.Uint16(b[offPort:])}
}

func sender6(b []byte) NodeID {
	return nodeID16(b[HeaderSize:HeaderSize+addr6Size], binary.BigEndian.Uint16(b[offPort:]))
}

// Payload returns the payload that a user sees: without the address of an IPv6 sender. It aliases b, and
// its capacity ends with the frame.
func Payload(b []byte) []byte {
	end := FrameSize(b)
	// 16 if the IPv6 bit is set, else 0, without a branch.
	skip := int(b[offType]&(senderIs6>>8)) >> 3
	return b[HeaderSize+skip : end : end]
}

// SetSeq overwrites the sequence number.
func SetSeq(b []byte, seq uint64) { binary.BigEndian.PutUint64(b[offSeq:], seq) }

// SetParams overwrites the two parameters.
func SetParams(b []byte, a, p int32) {
	binary.BigEndian.PutUint64(b[offSeq:], uint64(uint32(a))<<32|uint64(uint32(p)))
}
