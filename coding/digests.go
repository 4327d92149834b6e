package coding

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Hash is a function by which the packets of a generation are recognized.
type Hash uint8

// The hashes, with their numbers in the header.
const (
	// XXH64 takes 8 bytes a packet. It finds accidents, such as a relay's broken memory. Whoever wants to can make other
	// bytes with the same hash.
	XXH64 Hash = 1
	// SHA256 takes 16 bytes a packet, the first half of the hash. It finds malice too, as long as the digests
	// themselves come to the receiver by a way that the attacker does not control.
	SHA256 Hash = 2
)

func (h Hash) String() string {
	switch h {
	case XXH64:
		return "xxh64"
	case SHA256:
		return "sha256/128"
	}
	return fmt.Sprintf("hash(%d)", uint8(h))
}

// Len is the length in bytes of a digest, or 0 for an unknown hash.
func (h Hash) Len() int {
	switch h {
	case XXH64:
		return 8
	case SHA256:
		return 16
	}
	return 0
}

// sum writes the digest of a packet into dst, which has Len bytes.
func (h Hash) sum(dst, packet []byte) {
	if h == XXH64 {
		be.PutUint64(dst, xxhash.Sum64(packet))
		return
	}
	full := sha256.Sum256(packet)
	copy(dst, full[:])
}

// Digests are the digests of a generation's source packets. The source announces them; a receiver checks what it
// decoded against them. The zero value is ready for Sum.
type Digests struct {
	Generation
	Hash Hash
	sums []byte // K of Hash.Len bytes: own, or a view of a packet
	own  []byte
}

// Sum makes d the digests of source packets. The error wraps [ErrShape]. It allocates only if no earlier generation was
// as large.
func (d *Digests) Sum(g Generation, h Hash, packets [][]byte) error {
	d.sums = nil
	if err := g.Check(); err != nil {
		return err
	}
	if err := g.checkPackets(packets); err != nil {
		return err
	}
	if h.Len() == 0 {
		return fmt.Errorf("%w: unknown %v", ErrShape, h)
	}
	d.own = grown(d.own, g.K*h.Len())
	d.Generation, d.Hash, d.sums = g, h, d.own
	for i, p := range packets {
		h.sum(d.sum(i), p)
	}
	return nil
}

func (d *Digests) sum(i int) []byte {
	size := d.Hash.Len()
	return d.sums[i*size : (i+1)*size]
}

// Len is the length in bytes of the digests' packet.
func (d *Digests) Len() int { return headerLen + len(d.sums) }

// Put writes the digests as a packet into dst, and returns its length. The error wraps [ErrBuffer] or [ErrShape].
func (d *Digests) Put(dst []byte) (int, error) {
	if d.sums == nil {
		return 0, fmt.Errorf("%w: no digests", ErrShape)
	}
	if err := room(dst, d.Len()); err != nil {
		return 0, err
	}
	d.put(dst, KindDigests, byte(d.Hash))
	return headerLen + copy(dst[headerLen:], d.sums), nil
}

// ParseDigests reads what Put wrote. The digests are a view of b. The error wraps [ErrShort], [ErrMalformed],
// [ErrVersion] or [ErrKind].
func ParseDigests(b []byte) (d Digests, err error) {
	if err := wantKind(b, KindDigests, headerLen); err != nil {
		return d, err
	}
	if d.Generation, err = generationOf(b); err != nil {
		return d, err
	}
	d.Hash = Hash(b[3])
	if d.Hash.Len() == 0 {
		return d, fmt.Errorf("%w: unknown %v", ErrMalformed, d.Hash)
	}
	d.sums = b[headerLen:]
	return d, wantLen(b, KindDigests, headerLen+d.K*d.Hash.Len())
}

// Check reports whether packet is source packet i.
func (d *Digests) Check(i int, packet []byte) bool {
	if i < 0 || i >= d.K || d.sums == nil || len(packet) != d.PacketSize(i) {
		return false
	}
	var buf [sha256.Size]byte
	got := buf[:d.Hash.Len()]
	d.Hash.sum(got, packet)
	return subtle.ConstantTimeCompare(got, d.sum(i)) == 1
}
