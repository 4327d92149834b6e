package wire

import (
	"bytes"
	"encoding/binary"
)

// StreamLen is how many bytes of a frame SameStream looks at, at most.
const StreamLen = HeaderSize + addr6Size

// SameStream reports whether two whole frames have the same sender and the same application. It is two comparisons for
// IPv4 senders, where comparing what Sender and App return is ten.
func SameStream(a, b []byte) bool {
	const senderBits = 0x8000ffff // of type and port: the IPv6 bit and the port
	if binary.BigEndian.Uint64(a[offAddr:]) != binary.BigEndian.Uint64(b[offAddr:]) ||
		(binary.BigEndian.Uint32(a[offType:])^binary.BigEndian.Uint32(b[offType:]))&senderBits != 0 {
		return false
	}
	return a[offType]&(senderIs6>>8) == 0 || bytes.Equal(a[HeaderSize:StreamLen], b[HeaderSize:StreamLen])
}
