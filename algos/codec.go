package algos

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/valyala/bytebufferpool"

	"github.com/ioverlay/ioverlay/core"
)

// Control payloads are CBOR (RFC 8949) in the core deterministic encoding
// (section 4.2.1): equal values are equal bytes in every world. Node IDs are text,
// as in "10.0.0.1:7001". A decoder ignores map entries that it does not know, so
// that fields can be added.

// ErrMalformed means that a control message's payload is not what its type
// requires. Errors of this package that concern a peer's bytes wrap it.
var ErrMalformed = errors.New("algos: malformed control message")

// The two modes are immutable and safe for concurrent use.
var (
	encoding = mustEncoding()
	decoding = mustDecoding()
)

func mustEncoding() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.TextMarshaler = cbor.TextMarshalerTextString // node IDs
	o.NilContainers = cbor.NilContainerAsEmpty     // a list with nothing in it is an empty list
	mode, err := o.EncMode()
	if err != nil {
		panic(fmt.Sprintf("algos: the encoding options contradict each other: %v", err))
	}
	return mode
}

func mustDecoding() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   maxNested,
		MaxArrayElements:  maxElements,
		MaxMapPairs:       maxElements,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
	}.DecMode()
	if err != nil {
		panic(fmt.Sprintf("algos: the decoding options contradict each other: %v", err))
	}
	return mode
}

// Decode reads a control payload into what v points to. It accepts whatever a peer
// may send: errors wrap ErrMalformed, and v is then of no use.
func Decode(payload []byte, v any) error {
	if err := decoding.Unmarshal(payload, v); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// Encode is v as a control payload, for programs that are no node themselves.
// Algorithms use NewControl. It panics if CBOR cannot hold v.
func Encode(v any) []byte {
	p, err := encoding.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("algos: a control payload was made of a %T, which CBOR cannot hold: %v", v, err))
	}
	return p
}

// NewControl makes a message whose payload is v in CBOR. Send it as often as
// needed; as with core.Node.NewMsg it is gone when the call in progress ends. It
// panics if CBOR cannot hold v or the node's maximum payload is below its size.
func (b *Base) NewControl(t core.Type, app uint32, v any) *core.Msg {
	buf := bytebufferpool.Get()
	defer bytebufferpool.Put(buf)
	encodeTo(buf, v)
	return b.newFilled(t, app, buf.B)
}

// encodeTo appends v to a buffer that grows while it is written.
func encodeTo(buf *bytebufferpool.ByteBuffer, v any) {
	if err := encoding.NewEncoder(buf).Encode(v); err != nil {
		panic(fmt.Sprintf("algos: a control payload was made of a %T, which CBOR cannot hold: %v", v, err))
	}
}

// capacity is the largest payload that a message made here can have for sure. A peer
// whose address is shorter may send a longer one, so what is made of a peer's bytes
// is held against this.
func (b *Base) capacity() int { return b.Config().MaxPayload - addr6 }

// newFilled makes a message with the given payload, which is copied.
func (b *Base) newFilled(t core.Type, app uint32, payload []byte) *core.Msg {
	m := b.NewMsg(t, app, len(payload))
	copy(m.Payload(), payload)
	return m
}
