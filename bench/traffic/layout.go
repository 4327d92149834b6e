// Package traffic is the test traffic that every chain of the benchmark carries: the layout of a test message, the sink
// that checks what arrives, and the schedule and clock of the paced pass. It knows nothing of engines or sockets, so each
// link kind and each baseline is held to the same questions: the payload is that of the sources of package apps, and the
// sink asks what apps.Checker asks.
//
// A test message is a 24-byte header (docs/wire.md: size, type, port, addr, app, seq, all big-endian) and a payload of at
// least [MinPayloadBytes]: a stamp as package apps says, with the intended send time in nanoseconds of CLOCK_MONOTONIC
// in the latency pass, and a fixed pattern.
package traffic

import (
	"encoding/binary"

	"github.com/ioverlay/ioverlay/apps"
)

const (
	// HeaderBytes is the length of the message header.
	HeaderBytes = 24
	// MinPayloadBytes is the smallest payload that carries a stamp.
	MinPayloadBytes = apps.StampSize
	// MessageType is the type of test messages, in the range left to users.
	MessageType = 1024
	// App is the session that test messages belong to.
	App = 1
	// SampleEvery is the distance between two messages whose content the sinks of chains check. Checking all would
	// measure the hash: see apps.Checker for what it costs.
	SampleEvery = 256

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

// Fill writes the fixed pattern over a whole payload, and returns the hash of its body, the same for every payload of its
// length; Stamp completes it.
func Fill(payload []byte) (bodyHash uint64) {
	x := uint32(0x9e3779b9)
	for i := range payload {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		payload[i] = byte(x)
	}
	return apps.BodyHash(payload)
}
