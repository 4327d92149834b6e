package apps

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// StampSize is how many bytes at the beginning of a payload are stamp: intended time
// and check. A shorter payload has none.
const StampSize = 16

// check is what offset 8 of a payload must be.
func check(bodyHash, seq uint64, stamp int64) uint64 {
	return bodyHash ^ (seq+1)*seqFactor ^ uint64(stamp)*timeFactor
}

// What a check mixes number and time with. The factor of the number is odd, so there is one
// that undoes it modulo 2^64.
const (
	seqFactor  uint64 = 0x9e3779b97f4a7c15
	seqInverse uint64 = 0xf1de83e19937733d
	timeFactor uint64 = 0xc2b2ae3d27d4eb4f
)

// BodyHash is the hash of what follows the stamp in a payload.
func BodyHash(payload []byte) uint64 {
	if len(payload) < StampSize {
		return 0
	}
	return xxhash.Sum64(payload[StampSize:])
}

// Stamp stamps a payload, which must have room, as message seq of its stream. bodyHash
// is its BodyHash; at is when it is meant to be sent, in nanoseconds of the clock that
// the receiver has too, or 0.
func Stamp(payload []byte, bodyHash, seq uint64, at int64) {
	binary.BigEndian.PutUint64(payload, uint64(at))
	binary.BigEndian.PutUint64(payload[8:], check(bodyHash, seq, at))
}

// Intended is when a stamped message was meant to be sent, in nanoseconds; 0 if that
// was at no particular time, or the payload is too short to say.
func Intended(payload []byte) int64 {
	if len(payload) < StampSize {
		return 0
	}
	return int64(binary.BigEndian.Uint64(payload))
}

// Numbered is the sequence number that a stamped payload was made with, for receivers that get payloads
// and no headers, as those of coded packets do. It is any number at all if the bytes were changed, so one
// far from those before it is damage; it reports false for a payload too short for a stamp.
func Numbered(payload []byte) (seq uint64, stamped bool) {
	if len(payload) < StampSize {
		return 0, false
	}
	mixed := binary.BigEndian.Uint64(payload[8:]) ^ BodyHash(payload) ^ uint64(Intended(payload))*timeFactor
	return mixed*seqInverse - 1, true
}

// intact reports whether a payload with a stamp is that of message seq, unchanged.
func intact(payload []byte, seq uint64) bool {
	return check(BodyHash(payload), seq, Intended(payload)) == binary.BigEndian.Uint64(payload[8:])
}

// forge makes runs of equal-sized messages. Its slabs are laid out once, header,
// body and all; sending a message again only stamps the header and the check.
// That is as close to free as a source can be: the bytes of a message are
// written when its slab is new and never copied.
type forge struct {
	typ     core.Type
	app     uint32
	payload int
	frame   int // bytes of a whole frame; known once the sender is
	slabs   []*mold
	cur     *mold
}

// mold is a slab laid out as frames.
type mold struct {
	slab   *bufpool.Slab
	hashes []uint64 // of each frame's body
	next   int      // frame to be used next; all before it may still be queued
}

// maxMolds bounds the laid-out slabs that a source keeps. Two are in use in a
// chain that keeps up; more only while a downstream is slow, and then laying one
// out again costs nothing that matters.
const maxMolds = 4

// take returns up to want frames that nobody looks at any more, and the index of
// the first; want is at least 1. It fails only if the pool has no slab.
func (f *forge) take(n *core.Node, want int) (m *mold, first, count int, err error) {
	if m = f.free(); m == nil {
		if m, err = f.lay(n); err != nil {
			return nil, 0, 0, err
		}
		f.cur = m
	}
	first = m.next
	count = min(want, len(m.hashes)-first)
	m.next += count
	return m, first, count, nil
}

// free finds a mold with frames left, or one that has come back.
func (f *forge) free() *mold {
	if m := f.cur; m != nil {
		if m.slab.Unique() {
			m.next = 0
		}
		if m.next < len(m.hashes) {
			return m
		}
	}
	for _, m := range f.slabs {
		if m.slab.Unique() {
			m.next = 0
			f.cur = m
			return m
		}
	}
	return nil
}

// lay makes a new mold: as many whole frames as a slab holds, at least one.
func (f *forge) lay(n *core.Node) (*mold, error) {
	pool := n.Pool()
	h := wire.Header{Type: f.typ, Sender: n.ID(), App: f.app, Size: f.payload}
	f.frame = wire.HeaderLen(h.Sender) + f.payload
	slab, err := pool.GetSize(max(pool.SlabSize(), f.frame))
	if err != nil {
		return nil, err
	}
	m := &mold{slab: slab, hashes: make([]uint64, len(slab.Bytes())/f.frame)}
	for i := range m.hashes {
		b := m.frame(i, f.frame)
		wire.PutHeader(b, h)
		m.hashes[i] = fillBody(wire.Payload(b), n.Rand())
	}
	if len(f.slabs) == maxMolds {
		f.slabs[0].slab.Release() // still queued somewhere; it goes back to the pool from there
		f.slabs = append(f.slabs[:0], f.slabs[1:]...)
	}
	f.slabs = append(f.slabs, m)
	return m, nil
}

func (m *mold) frame(i, size int) []byte {
	return m.slab.Bytes()[i*size : (i+1)*size : (i+1)*size]
}

// fillBody fills a payload with pseudo-random bytes and returns its body's hash.
func fillBody(p []byte, rng *rand.Rand) uint64 {
	var word [8]byte
	for i := 0; i < len(p); i += len(word) {
		binary.LittleEndian.PutUint64(word[:], rng.Uint64())
		copy(p[i:], word[:])
	}
	return BodyHash(p)
}

// stamp writes sequence numbers, from seq, and checks into count frames; at, if
// not nil, gives each its time.
func (f *forge) stamp(m *mold, first, count int, seq uint64, at func(seq uint64) int64) {
	buf, head := m.slab.Bytes(), f.frame-f.payload
	for i, hash := range m.hashes[first : first+count] {
		b := buf[(first+i)*f.frame:][:f.frame]
		wire.SetSeq(b, seq)
		if p := b[head:]; len(p) >= StampSize {
			var ns int64
			if at != nil {
				ns = at(seq)
			}
			Stamp(p, hash, seq, ns)
		}
		seq++
	}
}

// run is count frames from first on, as a run with a reference of its own.
func (f *forge) run(m *mold, first, count int) core.Run {
	m.slab.Retain()
	return core.Run{
		Slab: m.slab, Off: uint32(first * f.frame), Len: uint32(count * f.frame), Msgs: uint32(count),
	}
}

// close lets go of the slabs. What is queued somewhere stays valid.
func (f *forge) close() {
	for _, m := range f.slabs {
		m.slab.Release()
	}
	f.slabs, f.cur = nil, nil
}
