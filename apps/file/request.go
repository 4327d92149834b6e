package file

import (
	"encoding/binary"
	"fmt"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// TypeRequest is the type of requests: control messages from a receiver straight to the source.
const TypeRequest core.Type = wire.FirstAlgorithmType + 128

// requestLen is the length of a request without its ranges.
const requestLen = 28

// Request is what a receiver tells the source: which blocks it lacks, or that it lacks none. All integers are big-endian.
//
//	offset  0    1 byte    version, 1
//	offset  1    1 byte    1: the receiver has all, verified; else 0
//	offset  2    2 bytes   0
//	offset  4    4 bytes   round of what the receiver heard last
//	offset  8   16 bytes   transfer
//	offset 24    4 bytes   application
//	offset 28              ranges of blocks: the first and how many, 4 bytes each; none if the receiver has all, else 1 to 1,024
type Request struct {
	Whole  bool
	Round  uint32
	ID     ID
	App    uint32
	Ranges []byte // as they are in the message, checked
}

// Len is the length of the request's payload.
func (r *Request) Len() int { return requestLen + len(r.Ranges) }

// Put writes a request into dst, which has room for Len bytes.
func (r *Request) Put(dst []byte) {
	_ = dst[requestLen-1]
	dst[0], dst[1], dst[2], dst[3] = version, 0, 0, 0
	if r.Whole {
		dst[1] = 1
	}
	binary.BigEndian.PutUint32(dst[4:], r.Round)
	copy(dst[8:], r.ID[:])
	binary.BigEndian.PutUint32(dst[24:], r.App)
	copy(dst[requestLen:], r.Ranges)
}

// ParseRequest reads a request; its ranges are a view of the payload. Errors wrap [ErrMessage].
func ParseRequest(b []byte) (r Request, err error) {
	if len(b) < requestLen {
		return r, fmt.Errorf("%w: a request of %d bytes, and %d are the least", ErrMessage, len(b), requestLen)
	}
	if b[0] != version || b[1] > 1 || b[2] != 0 || b[3] != 0 {
		return r, fmt.Errorf("%w: a request that begins with %x", ErrMessage, b[:4])
	}
	r = Request{Whole: b[1] == 1, Round: binary.BigEndian.Uint32(b[4:]), ID: ID(b[8:24]), App: binary.BigEndian.Uint32(b[24:]), Ranges: b[requestLen:]}
	if r.Whole != (len(r.Ranges) == 0) {
		return Request{}, fmt.Errorf("%w: a request with %d bytes of ranges, and all there: %v", ErrMessage, len(r.Ranges), r.Whole)
	}
	if err := checkRanges(r.Ranges); err != nil {
		return Request{}, err
	}
	return r, nil
}
