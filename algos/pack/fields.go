package pack

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Fields writes the fields of a body, or reads them: each method takes a pointer and
// does the one or the other. After an error it does nothing more. The zero value is
// ready for its methods Append and Read; a body is handed one that is.
type Fields struct {
	b       []byte // written so far, or still to be read
	reading bool
	n       int // fields so far
	err     *malformed
}

// Reading reports whether the body is read, for one that checks what it got.
func (f *Fields) Reading() bool { return f.reading }

// Fail makes the payload malformed, for a body that finds a value out of range. When a
// body is written it does nothing.
func (f *Fields) Fail(why string) {
	if f.reading && f.err == nil {
		f.err = &malformed{field: f.n, why: why}
		f.b = nil
	}
}

// next counts a field and reports whether it is to be read.
func (f *Fields) next() bool {
	f.n++
	return f.reading
}

// take is the next n bytes, or nil after an error.
func (f *Fields) take(n int) []byte {
	if len(f.b) < n {
		f.Fail("the payload ends in it")
		return nil
	}
	p := f.b[:n]
	f.b = f.b[n:]
	return p
}

// uvarint reads an unsigned number of at most max, in its shortest form.
func (f *Fields) uvarint(most uint64) uint64 {
	if f.err != nil {
		return 0
	}
	v, n := binary.Uvarint(f.b)
	switch {
	case n == 0:
		f.Fail("the payload ends in it")
	case n < 0 || v > most:
		f.Fail("the number is too large")
	case n > 1 && f.b[n-1] == 0:
		f.Fail("the number is not in its shortest form")
	default:
		f.b = f.b[n:]
		return v
	}
	return 0
}

// Uint64 is an unsigned number: 1 byte below 128, at most 10.
func (f *Fields) Uint64(v *uint64) {
	if f.next() {
		*v = f.uvarint(math.MaxUint64)
	} else {
		f.b = binary.AppendUvarint(f.b, *v)
	}
}

// Uint32 is an unsigned number: 1 byte below 128, at most 5.
func (f *Fields) Uint32(v *uint32) {
	if f.next() {
		*v = uint32(f.uvarint(math.MaxUint32))
	} else {
		f.b = binary.AppendUvarint(f.b, uint64(*v))
	}
}

// Uint16 is an unsigned number: 1 byte below 128, at most 3.
func (f *Fields) Uint16(v *uint16) {
	if f.next() {
		*v = uint16(f.uvarint(math.MaxUint16))
	} else {
		f.b = binary.AppendUvarint(f.b, uint64(*v))
	}
}

// Uint8 is one byte.
func (f *Fields) Uint8(v *uint8) {
	if !f.next() {
		f.b = append(f.b, *v)
	} else if p := f.take(1); p != nil {
		*v = p[0]
	}
}

// Int64 is a signed number: 1 byte from -64 to 63, at most 10.
func (f *Fields) Int64(v *int64) {
	if f.next() {
		*v = f.varint()
	} else {
		f.b = binary.AppendVarint(f.b, *v)
	}
}

// varint reads a signed number: the sign is the lowest bit of an unsigned one.
func (f *Fields) varint() int64 {
	u := f.uvarint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1)
}

// Int is a signed number, as Int64 is.
func (f *Fields) Int(v *int) {
	if !f.next() {
		f.b = binary.AppendVarint(f.b, int64(*v))
		return
	}
	n := f.varint()
	if int64(int(n)) != n {
		f.Fail("the number is too large")
		return
	}
	*v = int(n)
}

// Duration is a time in nanoseconds, as Int64 is.
func (f *Fields) Duration(v *time.Duration) {
	if f.next() {
		*v = time.Duration(f.varint())
	} else {
		f.b = binary.AppendVarint(f.b, int64(*v))
	}
}

// Bool is one byte, 0 or 1.
func (f *Fields) Bool(v *bool) {
	if !f.next() {
		b := byte(0)
		if *v {
			b = 1
		}
		f.b = append(f.b, b)
		return
	}
	p := f.take(1)
	switch {
	case p == nil:
	case p[0] > 1:
		f.Fail("it is neither true nor false")
	default:
		*v = p[0] == 1
	}
}

// Float64 is 8 bytes, IEEE 754, big-endian.
func (f *Fields) Float64(v *float64) {
	if !f.next() {
		f.b = binary.BigEndian.AppendUint64(f.b, math.Float64bits(*v))
	} else if p := f.take(8); p != nil {
		*v = math.Float64frombits(binary.BigEndian.Uint64(p))
	}
}

// String is its length in bytes, an unsigned number, and the bytes, which need not be
// UTF-8.
func (f *Fields) String(v *string) {
	if f.next() {
		*v = string(f.counted())
	} else {
		f.b = binary.AppendUvarint(f.b, uint64(len(*v)))
		f.b = append(f.b, *v...)
	}
}

// Bytes is its length, an unsigned number, and the bytes. What is read is a copy; nil
// if it has no bytes.
func (f *Fields) Bytes(v *[]byte) {
	if f.next() {
		*v = append([]byte(nil), f.counted()...)
	} else {
		f.b = binary.AppendUvarint(f.b, uint64(len(*v)))
		f.b = append(f.b, *v...)
	}
}

// counted reads a length and so many bytes, a view of the payload.
func (f *Fields) counted() []byte {
	n := f.uvarint(math.MaxUint64)
	if n > uint64(len(f.b)) {
		f.Fail("it is longer than the payload")
		return nil
	}
	return f.take(int(n))
}

// How a node ID begins: with the length of its address.
const noNode, ip4, ip6 = 0, 4, 16

// Node is the ID of a node: 7 bytes for an IPv4 address, 19 for IPv6, and 1 for no node.
// An ID that no node can have (wire.NodeID.Dialable) is malformed, so what was read is
// no node or one that can be sent to. It is written nevertheless, since it may have come
// from a peer (as core.Msg.Sender may): whoever reads it takes none of the payload.
func (f *Fields) Node(v *wire.NodeID) {
	if !f.next() {
		f.b = appendNode(f.b, *v)
		return
	}
	*v = wire.NodeID{} // a body may be read into again
	tag := f.take(1)
	if len(tag) == 0 || tag[0] == noNode {
		return
	}
	if tag[0] != ip4 && tag[0] != ip6 {
		f.Fail("it begins like no node ID")
		return
	}
	p := f.take(int(tag[0]) + 2)
	if p == nil {
		return
	}
	at, _ := netip.AddrFromSlice(p[:tag[0]])
	id := wire.NodeIDFrom(netip.AddrPortFrom(at, binary.BigEndian.Uint16(p[tag[0]:])))
	if !id.Dialable() || id.Is4() != (tag[0] == ip4) {
		f.Fail("no node can have this ID")
		return
	}
	*v = id
}

func appendNode(b []byte, id wire.NodeID) []byte {
	if id.IsZero() {
		return append(b, noNode)
	}
	at := id.AddrPort().Addr()
	if at.Is4() {
		a := at.As4()
		b = append(append(b, ip4), a[:]...)
	} else {
		a := at.As16()
		b = append(append(b, ip6), a[:]...)
	}
	return binary.BigEndian.AppendUint16(b, id.Port())
}
