package netcode

import (
	"net/netip"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A multicast's messages, as docs/coding.md says (section 12). A packet of package coding
// has a head of its own before it, by which links keep step.

// formatVersion is the version of the multicast's messages. Version 1 had no head.
const formatVersion = 2

// kind is what a message of TypeCoded is, in a multicast.
type kind uint8

const (
	kindPacket  kind = 1 // a coded packet follows
	kindHello   kind = 2 // which stream this is
	kindDigests kind = 3 // a generation's digests, signed
)

// Flags of a head.
const (
	flagVerified = 1 << 0 // the sender has checked the generation against its source's digests
	flagCut      = 1 << 3 // the generation before the cursor was closed for want of time: there was more to send, here or above
	flagStarved  = 1 << 2 // nothing comes to the sender any more: it is not to be waited for
	flagProbe    = 1 << 1 // a hello of a node that does not know where the stream is: it is only to be answered
)

const (
	headLen  = 12
	helloLen = headLen + 4 + 4 + 8 + 18
)

// head is what every message downstream begins with.
type head struct {
	kind   kind
	flags  uint8
	cursor uint32        // all generations before it are closed: the link brings no more of them unasked
	period time.Duration // for which a link is to carry the message's generation; 0: unknown
}

func (h head) put(b []byte) {
	b[0], b[1], b[2], b[3] = formatVersion, byte(h.kind), h.flags, 0
	be.PutUint32(b[4:], h.cursor)
	be.PutUint32(b[8:], uint32(min(h.period/time.Microsecond, 1<<32-1)))
}

// parseHead reads a head. What follows it is not looked at.
func parseHead(b []byte) (h head, ok bool) {
	if len(b) < headLen || b[0] != formatVersion || b[3] != 0 {
		return h, false
	}
	return head{kind: kind(b[1]), flags: b[2], cursor: be.Uint32(b[4:]), period: time.Duration(be.Uint32(b[8:])) * time.Microsecond}, true
}

// streamID says which stream something belongs to. A source that starts anew makes another
// one, whose epoch is higher as soon as it has heard of the old one.
type streamID struct {
	source core.NodeID
	epoch  uint64
	nonce  uint32 // the stream field of its packets, 31 bits
}

// is reports whether two are one stream. Its epoch may have been raised meanwhile.
func (s streamID) is(o streamID) bool { return s.source == o.source && s.nonce == o.nonce }

// maxEpoch bounds what a peer may claim, so that there is always a higher one.
const maxEpoch = 1 << 62

// putHello writes the rest of a hello behind its head.
func putHello(b []byte, start uint32, s streamID) {
	be.PutUint32(b[headLen:], start)
	be.PutUint32(b[headLen+4:], s.nonce)
	be.PutUint64(b[headLen+8:], s.epoch)
	ap := s.source.AddrPort()
	addr := ap.Addr().As16()
	copy(b[headLen+16:], addr[:])
	be.PutUint16(b[headLen+32:], ap.Port())
}

func parseHello(b []byte) (start uint32, s streamID, ok bool) {
	if len(b) != helloLen {
		return 0, s, false
	}
	start, s.nonce, s.epoch = be.Uint32(b[headLen:]), be.Uint32(b[headLen+4:]), be.Uint64(b[headLen+8:])
	addr := netip.AddrFrom16([16]byte(b[headLen+16 : headLen+32])).Unmap()
	s.source = wire.NodeIDFrom(netip.AddrPortFrom(addr, be.Uint16(b[headLen+32:])))
	return start, s, s.nonce&padded == 0 && s.epoch < maxEpoch && !s.source.IsZero()
}

// answer is what a node says upstream: feedback of package coding between a head of
// answerHead bytes, and answerEach bytes for each generation spoken of.
type answer struct {
	flags uint8
	seen  uint64 // the highest epoch of the stream's source that was heard of
	coding.Feedback
	each []answerOf
}

// answerOf is what is said of one generation beside what is missing.
type answerOf struct {
	want    uint16 // packets that the upstream should send, over what it has
	got     uint16 // packets that came from it
	deficit uint16 // packets that a receiver lacked when its links had closed the generation
	flags   uint8
}

// Flags of an answer.
const (
	answerUse   = 1 << 0 // the node, or one below it, has use for the stream
	answerFresh = 1 << 1 // it does not know what stream this is, or where it stands
)

// Flags of a generation in an answer.
const (
	answerDoubt   = 1 << 0 // what came of it is false: only what is verified may be sent
	answerDigests = 1 << 1 // its digests are lacking
)

const (
	answerHead = 12
	answerEach = 8
)

func (a *answer) len() int { return answerHead + a.Feedback.Len() + answerEach*len(a.Missing) }

func (a *answer) put(b []byte) error {
	b[0], b[1], b[2], b[3] = formatVersion, a.flags, 0, 0
	be.PutUint64(b[4:], a.seen)
	n, err := a.Put(b[answerHead:])
	if err != nil {
		return err
	}
	b = b[answerHead+n:]
	for i, e := range a.each {
		be.PutUint16(b[answerEach*i:], e.want)
		be.PutUint16(b[answerEach*i+2:], e.got)
		be.PutUint16(b[answerEach*i+4:], e.deficit)
		b[answerEach*i+6], b[answerEach*i+7] = e.flags, 0
	}
	return nil
}

// parse reads an answer of at most most generations.
func (a *answer) parse(b []byte, most int) bool {
	const fixed = answerHead + 12 // coding's feedback has 12 bytes before its numbers
	if len(b) < fixed || b[0] != formatVersion || b[2] != 0 || b[3] != 0 {
		return false
	}
	n := int(b[answerHead+2])
	split := fixed + 2*n
	if n > most || len(b) != split+answerEach*n || a.Parse(b[answerHead:split]) != nil {
		return false
	}
	a.flags, a.seen, a.each = b[1], be.Uint64(b[4:]), a.each[:0]
	for b = b[split:]; len(b) > 0; b = b[answerEach:] {
		a.each = append(a.each, answerOf{be.Uint16(b), be.Uint16(b[2:]), be.Uint16(b[4:]), b[6]})
	}
	return a.seen < maxEpoch
}
