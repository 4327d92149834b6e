package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Kind is what a message of a stream carries.
type Kind uint8

// The kinds.
const (
	KindMedia  Kind = 0 // whole transport packets
	KindRepair Kind = 1 // a coded packet of package coding
	KindEnd    Kind = 2 // nothing: the stream is over
)

// HeaderLen is the length of a header in bytes.
const HeaderLen = 24

// version is the first byte of a header.
const version = 1

// Header begins the payload of every message of a stream. All integers are big-endian.
//
//	offset  0   1 byte    version, 1
//	offset  1   1 byte    kind
//	offset  2   2 bytes   0
//	offset  4   4 bytes   epoch
//	offset  8   8 bytes   sequence
//	offset 16   8 bytes   time
type Header struct {
	Kind Kind
	// Epoch tells one life of a source from the next, whose sequence begins at 0 again.
	Epoch uint32
	// Seq is the number of a media message, from 0. A repair or end message has the number of the media message that comes next.
	Seq uint64
	// Time is when the first byte of a media message came to the source, or the others were made, by the source's Node.Now.
	Time time.Duration
}

// ErrHeader is wrapped by the errors of Parse.
var ErrHeader = errors.New("stream: this is no message of a stream")

// maxSeq is what sequence numbers are below, so that no sum of them overflows.
const maxSeq = 1 << 62

// Put writes a header into dst, which has room for HeaderLen bytes.
func (h Header) Put(dst []byte) {
	_ = dst[HeaderLen-1]
	dst[0], dst[1], dst[2], dst[3] = version, byte(h.Kind), 0, 0
	binary.BigEndian.PutUint32(dst[4:], h.Epoch)
	binary.BigEndian.PutUint64(dst[8:], h.Seq)
	binary.BigEndian.PutUint64(dst[16:], uint64(h.Time))
}

// Parse reads a payload. The body is a view of it. A media body is one or more whole transport packets, each with its sync
// byte; an end has none. Errors wrap [ErrHeader].
func Parse(payload []byte) (h Header, body []byte, err error) {
	if len(payload) < HeaderLen {
		return h, nil, fmt.Errorf("%w: %d bytes, and a header has %d", ErrHeader, len(payload), HeaderLen)
	}
	if payload[0] != version || payload[2] != 0 || payload[3] != 0 {
		return h, nil, fmt.Errorf("%w: it begins with %x, and this is version %d", ErrHeader, payload[:4], version)
	}
	h = Header{
		Kind: Kind(payload[1]), Epoch: binary.BigEndian.Uint32(payload[4:]), Seq: binary.BigEndian.Uint64(payload[8:]),
		Time: time.Duration(binary.BigEndian.Uint64(payload[16:])),
	}
	body = payload[HeaderLen:]
	switch {
	case h.Seq >= maxSeq || h.Time < 0:
		return h, nil, fmt.Errorf("%w: number %d at %d ns", ErrHeader, h.Seq, h.Time)
	case h.Kind == KindMedia && !wholePackets(body):
		return h, nil, fmt.Errorf("%w: %d bytes of media are not whole transport packets", ErrHeader, len(body))
	case h.Kind == KindEnd && len(body) > 0:
		return h, nil, fmt.Errorf("%w: an end with %d bytes", ErrHeader, len(body))
	case h.Kind > KindEnd:
		return h, nil, fmt.Errorf("%w: kind %d", ErrHeader, h.Kind)
	}
	return h, body, nil
}
