package netcode

import (
	"net/netip"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core/wire"
)

// The messages of a multicast by sliding window, as docs/coding.md says (section 13).

// windowVersion is the version of these messages.
const windowVersion = 1

const (
	winHeadLen   = 24
	winHelloLen  = winHeadLen + 8 + 4 + 8 + 18 + 2 + 2 + 4 + 2
	winAnswerLen = 16 + 24
	lengthLen    = 2 // what precedes a message in its packet
)

// winHead is what every message downstream begins with.
type winHead struct {
	kind    kind // kindPacket or kindHello
	flags   uint8
	age     time.Duration // of the newest packet that the sender knows of
	horizon uint64        // nothing of the packets before it comes from the sender any more
	end     uint64        // after the newest packet that the sender knows of
}

// Flags of a head. flagProbe is as of Multicast.
const flagRateless = 1 << 2 // of a hello: nobody answers

func (h winHead) put(b []byte) {
	b[0], b[1], b[2], b[3] = windowVersion, byte(h.kind), h.flags, 0
	be.PutUint32(b[4:], uint32(min(h.age/time.Microsecond, 1<<32-1)))
	be.PutUint64(b[8:], h.horizon)
	be.PutUint64(b[16:], h.end)
}

// parseWinHead reads a head. What follows it is not looked at.
func parseWinHead(b []byte) (h winHead, ok bool) {
	if len(b) < winHeadLen || b[0] != windowVersion || b[3] != 0 {
		return h, false
	}
	h = winHead{kind: kind(b[1]), flags: b[2], age: time.Duration(be.Uint32(b[4:])) * time.Microsecond, horizon: be.Uint64(b[8:]), end: be.Uint64(b[16:])}
	return h, h.end <= coding.MaxSeq && h.horizon <= h.end
}

// shape is what a source chooses for its stream, and tells in its hello.
type shape struct {
	size     int // of packets, with the two bytes for the length
	window   int
	deadline time.Duration
	overhead int // in 1/unit of a packet
	rateless bool
}

// winHello is the rest of a hello.
type winHello struct {
	start uint64 // where a node begins that knows nothing of the stream
	id    streamID
	shape shape
}

func (w *winHello) put(b []byte) {
	b = b[winHeadLen:]
	be.PutUint64(b, w.start)
	be.PutUint32(b[8:], w.id.nonce)
	be.PutUint64(b[12:], w.id.epoch)
	ap := w.id.source.AddrPort()
	addr := ap.Addr().As16()
	copy(b[20:], addr[:])
	be.PutUint16(b[36:], ap.Port())
	be.PutUint16(b[38:], uint16(w.shape.size-1))
	be.PutUint16(b[40:], uint16(w.shape.window))
	be.PutUint32(b[42:], uint32(w.shape.deadline/time.Microsecond))
	be.PutUint16(b[46:], uint16(w.shape.overhead))
}

func parseWinHello(b []byte, h winHead) (w winHello, ok bool) {
	if len(b) != winHelloLen {
		return w, false
	}
	b = b[winHeadLen:]
	w.start, w.id.nonce, w.id.epoch = be.Uint64(b), be.Uint32(b[8:]), be.Uint64(b[12:])
	w.id.source = wire.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[20:36])).Unmap(), be.Uint16(b[36:])))
	w.shape = shape{size: int(be.Uint16(b[38:])) + 1, window: int(be.Uint16(b[40:])), deadline: time.Duration(be.Uint32(b[42:])) * time.Microsecond,
		overhead: int(be.Uint16(b[46:])), rateless: h.flags&flagRateless != 0}
	return w, w.start <= h.end && w.id.nonce&padded == 0 && w.id.epoch < maxEpoch && !w.id.source.IsZero() && w.shape.makesSense()
}

func (s shape) makesSense() bool {
	return s.size >= lengthLen && s.window >= 1 && s.window <= coding.MaxWindow && s.deadline <= MaxDeadline &&
		s.overhead <= MaxOverhead*unit && (s.deadline > 0 || !s.rateless)
}

// winAnswer is what a node says upstream.
type winAnswer struct {
	flags uint8
	want  uint16 // packets asked for, beside what comes unasked
	seen  uint64 // the highest epoch of the stream's source that was heard of
	lost  uint32 // packets of this link that did not come, of all
	coding.WindowFeedback
}

// answerSole is a flag of an answer beside those of Multicast: each node from here on down has one upstream.
const answerSole = 1 << 2

func (a *winAnswer) put(b []byte) error {
	b[0], b[1] = windowVersion, a.flags
	be.PutUint16(b[2:], a.want)
	be.PutUint64(b[4:], a.seen)
	be.PutUint32(b[12:], a.lost)
	_, err := a.Put(b[16:])
	return err
}

func (a *winAnswer) parse(b []byte) (ok bool) {
	if len(b) != winAnswerLen || b[0] != windowVersion {
		return false
	}
	f, err := coding.ParseWindowFeedback(b[16:])
	*a = winAnswer{b[1], be.Uint16(b[2:]), be.Uint64(b[4:]), be.Uint32(b[12:]), f}
	return err == nil && a.seen < maxEpoch
}
