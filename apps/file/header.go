package file

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Kind is what a message of a transfer carries.
type Kind uint8

// The kinds.
const (
	KindManifest Kind = 0 // what the transfer is; with Poll it asks who lacks what
	KindBlock    Kind = 1 // a block, with the proof that it is
	KindPending  Kind = 2 // blocks that are asked for already
)

// Flags of a manifest.
const (
	flagPoll = 1 << 0
	flagTell = 1 << 1
)

// ID is the number of a transfer: the first 16 bytes of the SHA-256 of its manifest. So it stands for every byte of the file.
type ID [16]byte

// String is the number in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads a number as String writes it.
func ParseID(text string) (id ID, err error) {
	if b, err := hex.DecodeString(text); err != nil || len(b) != len(id) {
		return id, fmt.Errorf("file: %q is no transfer: want %d hex digits", text, 2*len(id))
	} else if copy(id[:], b); id == (ID{}) {
		return id, errors.New("file: a transfer of zeros is none")
	}
	return id, nil
}

// HeaderLen is the length of a header in bytes.
const HeaderLen = 32

// version is the first byte of a header, and of a request.
const version = 1

// Header begins the payload of every message of a transfer. All integers are big-endian.
//
//	offset  0    1 byte    version, 1
//	offset  1    1 byte    kind
//	offset  2    1 byte    flags of a manifest: 1 poll, 2 tell
//	offset  3    1 byte    hashes in the proof of a block
//	offset  4    4 bytes   round
//	offset  8   16 bytes   transfer
//	offset 24    4 bytes   number of a block
//	offset 28    4 bytes   window of a poll, ms
type Header struct {
	Kind Kind
	// Poll asks receivers to say what they lack within the window, and Tell those that lack nothing to say so.
	Poll, Tell bool
	Proof      int    // hashes before the block's bytes, 0 to MaxDepth
	Round      uint32 // of the source's life, from 0
	ID         ID
	Block      uint32 // its number in the file, from 0
	Window     time.Duration
}

// ErrMessage is wrapped by the errors of Parse and of the other functions that read what came.
var ErrMessage = errors.New("file: this is no message of a transfer")

// maxWindow bounds the window of a poll.
const maxWindow = time.Minute

// Put writes a header into dst, which has room for HeaderLen bytes.
func (h Header) Put(dst []byte) {
	_ = dst[HeaderLen-1]
	flags := byte(0)
	if h.Poll {
		flags |= flagPoll
	}
	if h.Tell {
		flags |= flagTell
	}
	dst[0], dst[1], dst[2], dst[3] = version, byte(h.Kind), flags, byte(h.Proof)
	binary.BigEndian.PutUint32(dst[4:], h.Round)
	copy(dst[8:], h.ID[:])
	binary.BigEndian.PutUint32(dst[24:], h.Block)
	binary.BigEndian.PutUint32(dst[28:], uint32(h.Window/time.Millisecond))
}

// Parse reads a payload. The body is a view of it: of a manifest its bytes ([ParseManifest]), of a block the proof and the block's bytes, at
// least one, of pending blocks their ranges ([ParseRanges]), at least one. Errors wrap [ErrMessage].
func Parse(payload []byte) (h Header, body []byte, err error) {
	if len(payload) < HeaderLen {
		return h, nil, fmt.Errorf("%w: %d bytes, and a header has %d", ErrMessage, len(payload), HeaderLen)
	}
	if payload[0] != version {
		return h, nil, fmt.Errorf("%w: version %d, and this is %d", ErrMessage, payload[0], version)
	}
	flags := payload[2]
	h = Header{
		Kind: Kind(payload[1]), Poll: flags&flagPoll != 0, Tell: flags&flagTell != 0, Proof: int(payload[3]), Round: binary.BigEndian.Uint32(payload[4:]),
		ID: ID(payload[8:24]), Block: binary.BigEndian.Uint32(payload[24:]), Window: time.Duration(binary.BigEndian.Uint32(payload[28:])) * time.Millisecond,
	}
	body = payload[HeaderLen:]
	is := func(k Kind) bool { return h.Kind == k }
	switch {
	case h.Kind > KindPending:
		return h, nil, fmt.Errorf("%w: kind %d", ErrMessage, h.Kind)
	case flags&^(flagPoll|flagTell) != 0 || flags != 0 && !is(KindManifest) || h.Tell && !h.Poll:
		return h, nil, fmt.Errorf("%w: flags %#x with kind %d", ErrMessage, flags, h.Kind)
	case h.Poll != (h.Window > 0) || h.Window > maxWindow:
		return h, nil, fmt.Errorf("%w: a window of %v, poll: %v", ErrMessage, h.Window, h.Poll)
	case !is(KindBlock) && (h.Proof != 0 || h.Block != 0):
		return h, nil, fmt.Errorf("%w: a block's number or proof with kind %d", ErrMessage, h.Kind)
	case is(KindBlock) && (h.Proof > MaxDepth || h.Block>>h.Proof != 0 || len(body) <= h.Proof*HashLen):
		return h, nil, fmt.Errorf("%w: block %d with a proof of %d hashes, in %d bytes", ErrMessage, h.Block, h.Proof, len(body))
	case is(KindPending) && len(body) == 0:
		return h, nil, fmt.Errorf("%w: no pending blocks", ErrMessage)
	}
	if is(KindPending) {
		err = checkRanges(body)
	}
	return h, body, err
}
