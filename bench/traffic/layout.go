// Package traffic is the test traffic that every chain of the benchmark carries: the layout of a test message, the checker that a
// sink runs on what arrives, and the schedule and clock of the paced pass. It knows nothing of engines or
// sockets, so each link kind and each baseline is held to the same questions.
//
// A test message is a 24-byte header (DESIGN.md section 5: size, type, port, addr, app, seq, all big-endian) and a
// payload of at least [MinPayloadBytes]:
//
//	offset          bytes  throughput pass          latency pass
//	0               8      sequence number          intended send time, ns of CLOCK_MONOTONIC
//	8               n-16   fixed pattern            fixed pattern
//	n-8             8      sequence number          sequence number
//
// The sequence number at both ends of each payload finds a message that was torn, shifted or mixed with another
// without reading its body; the body is hashed in one message of [SampleEvery].
package traffic

import "encoding/binary"

const (
	// HeaderBytes is the length of the message header.
	HeaderBytes = 24
	// MinPayloadBytes is the smallest payload that carries both words.
	MinPayloadBytes = 16
	// MessageType is the type of test messages, in the range left to users.
	MessageType = 1024
	// App is the session that test messages belong to.
	App = 1
	// SampleEvery is the distance between two messages whose body the sink hashes.
	SampleEvery = 256

	wordBytes = 8
	seqOffset = 16
)

// PutHeader writes the header of a test message with a payload of payloadBytes into the first HeaderBytes of frame.
func PutHeader(frame []byte, payloadBytes int, seq uint64) {
	h := frame[:HeaderBytes]
	binary.BigEndian.PutUint32(h[0:], uint32(payloadBytes))
	binary.BigEndian.PutUint16(h[4:], MessageType)
	binary.BigEndian.PutUint16(h[6:], 0)
	binary.BigEndian.PutUint32(h[8:], 0x7f000001)
	binary.BigEndian.PutUint32(h[12:], App)
	binary.BigEndian.PutUint64(h[seqOffset:], seq)
}

// PutSeq changes the sequence number of a header written by PutHeader.
func PutSeq(frame []byte, seq uint64) {
	binary.BigEndian.PutUint64(frame[seqOffset:HeaderBytes], seq)
}

// Size returns the payload length that a header announces, in bytes.
func Size(header []byte) int { return int(binary.BigEndian.Uint32(header)) }

// Seq returns the sequence number in a header.
func Seq(header []byte) uint64 { return binary.BigEndian.Uint64(header[seqOffset:HeaderBytes]) }

// Fill writes the fixed pattern over a whole payload; Stamp completes it.
func Fill(payload []byte) {
	x := uint32(0x9e3779b9)
	for i := range payload {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		payload[i] = byte(x)
	}
}

// Stamp writes the two words of a payload. In the throughput pass head is seq; in the latency pass it is the
// intended send time in nanoseconds of Now.
func Stamp(payload []byte, head, seq uint64) {
	binary.BigEndian.PutUint64(payload, head)
	binary.BigEndian.PutUint64(payload[len(payload)-wordBytes:], seq)
}

func stamps(payload []byte) (head, tail uint64) {
	return binary.BigEndian.Uint64(payload), binary.BigEndian.Uint64(payload[len(payload)-wordBytes:])
}

// body is the part of a payload that is the same in every message.
func body(payload []byte) []byte { return payload[wordBytes : len(payload)-wordBytes] }
