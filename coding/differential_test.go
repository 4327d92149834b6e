package coding_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/coding"
)

// The package against the codec of document_test.go, which was written from docs/coding.md alone.

var errorNames = map[string]error{
	"short": coding.ErrShort, "malformed": coding.ErrMalformed, "version": coding.ErrVersion, "kind": coding.ErrKind,
	"generation": coding.ErrGeneration, "stale": coding.ErrStale, "ahead": coding.ErrAhead,
}

// agree holds an error against the problems that a packet has.
func agree(t *rapid.T, what string, b []byte, err error, p problems) {
	t.Helper()
	if (err != nil) != (len(p) > 0) {
		t.Fatalf("%s %x: the error is %v, the document says %v", what, b, err, p)
	}
	if err == nil {
		return
	}
	for name := range p {
		if errors.Is(err, errorNames[name]) {
			return
		}
	}
	t.Fatalf("%s %x: the error is %v, the document says %v", what, b, err, p)
}

// spoil changes bytes as somebody would who wants to do harm: a field here and there, an end cut off, or more behind it.
func spoil(t *rapid.T, b []byte) []byte {
	b = bytes.Clone(b)
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		if len(b) > 0 {
			at := min(rapid.IntRange(0, 40).Draw(t, "at"), len(b)-1)
			b[at] = rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0, 1, 2, 3, 4, 5, 8, 9, 10, 0x7f, 0x80, 0xff})).Draw(t, "to")
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "end") {
	case 0:
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]
	case 1:
		b = append(b, rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(t, "more")...)
	}
	return b
}

// header writes that of section 4.
func header(kind, argument byte, k, size, last int) []byte {
	b := make([]byte, 16)
	b[0], b[1], b[2], b[3] = 1, kind, byte(k-1), argument
	binary.BigEndian.PutUint32(b[4:], 7)
	binary.BigEndian.PutUint16(b[8:], uint16(size-1))
	binary.BigEndian.PutUint16(b[10:], uint16(last-1))
	binary.BigEndian.PutUint32(b[12:], 9)
	return b
}

func drawBytes(t *rapid.T, n int, label string) []byte {
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, label)
}

// Whatever comes as a packet of a generation is read as the document says, or refused with a reason that it has.
func TestHostilePacketsAgainstDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, size := rapid.IntRange(2, 20).Draw(t, "k"), rapid.IntRange(1, 20).Draw(t, "size")
		last := rapid.IntRange(1, size).Draw(t, "last")
		var b []byte
		switch rapid.IntRange(1, 3).Draw(t, "kind") {
		case 1:
			i := rapid.IntRange(0, k-1).Draw(t, "index")
			b = header(1, byte(i), k, size, last)
			if i == k-1 {
				size = last
			}
		case 2:
			scheme := rapid.IntRange(0, 2).Draw(t, "scheme")
			b = binary.BigEndian.AppendUint32(header(2, byte(scheme), k, size, last), rapid.Uint32().Draw(t, "seed"))
			weight := 0
			if scheme > 0 {
				weight = rapid.IntRange(0, k-1).Draw(t, "weight")
			}
			b = append(b, byte(weight))
		case 3:
			b = append(header(3, 0, k, size, last), drawBytes(t, k, "coefs")...)
		}
		b = spoil(t, append(b, drawBytes(t, size, "payload")...))
		shape, coefs, payload, p := docPacket(b)
		got, err := coding.Parse(b)
		agree(t, "packet", b, err, p)
		if err != nil {
			return
		}
		vector := make([]byte, got.K)
		got.Vector(vector)
		want := docShape{got.K, got.Size, got.Last, got.ID, got.Stream}
		if shape != want || !bytes.Equal(vector, coefs) || !bytes.Equal(got.Payload, payload) {
			t.Fatalf("packet %x: %+v with %x and %x, the document says %+v, %x and %x", b, want, vector, got.Payload, shape, coefs, payload)
		}
	})
}

// Digests are those of the document, and tell the packets that have them from all others.
func TestDigestsAgainstDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := coding.Generation{K: rapid.IntRange(2, 5).Draw(t, "k"), Size: rapid.IntRange(1, 80).Draw(t, "size"), ID: 7, Stream: 9}
		g.Last = rapid.IntRange(1, g.Size).Draw(t, "last")
		hash := rapid.IntRange(1, 2).Draw(t, "hash")
		b := header(4, byte(hash), g.K, g.Size, g.Last)
		var packets [][]byte
		for i := range g.K {
			p := drawBytes(t, g.PacketSize(i), "packet")
			packets = append(packets, p)
			if hash == 1 {
				b = binary.BigEndian.AppendUint64(b, docXXH64(p))
			} else {
				sum := sha256.Sum256(p)
				b = append(b, sum[:16]...)
			}
		}
		var d coding.Digests
		if err := d.Sum(g, coding.Hash(hash), packets); err != nil {
			t.Fatal(err)
		}
		put := make([]byte, d.Len())
		if _, err := d.Put(put); err != nil || !bytes.Equal(put, b) {
			t.Fatalf("%v: digests %x, the document says %x", err, put, b)
		}
		b = spoil(t, b)
		shape, each, p := docDigests(b)
		got, err := coding.ParseDigests(b)
		agree(t, "digests", b, err, p)
		if err != nil {
			return
		}
		for i, packet := range packets {
			want := i < shape.k && len(packet) == shape.size
			if i == shape.k-1 {
				want = len(packet) == shape.last
			}
			if want {
				sum := sha256.Sum256(packet)
				full := binary.BigEndian.AppendUint64(nil, docXXH64(packet))
				if len(each[i]) == 16 {
					full = sum[:16]
				}
				want = bytes.Equal(each[i], full)
			}
			if got.Check(i, packet) != want {
				t.Fatalf("digests %x: packet %d is taken for right: %v", b, i, !want)
			}
		}
	})
}

// Feedback of both kinds is read as the document says.
func TestHostileFeedbackAgainstDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 64).Draw(t, "n")
		b := append([]byte{1, 5, byte(n), 0}, drawBytes(t, 8, "base and stream")...)
		for range n {
			b = binary.BigEndian.AppendUint16(b, rapid.Uint16Range(0, 256).Draw(t, "missing"))
		}
		b = spoil(t, b)
		base, stream, missing, p := docFeedback(b)
		var f coding.Feedback
		err := f.Parse(b)
		agree(t, "feedback", b, err, p)
		if err == nil {
			got := make([]int, 0, len(f.Missing))
			for _, m := range f.Missing {
				got = append(got, int(m))
			}
			if f.Base != base || f.Stream != stream || !slices.Equal(got, missing) {
				t.Fatalf("feedback %x: %+v, the document says %d, %d, %v", b, f, base, stream, missing)
			}
		}
		next := rapid.Uint64Range(0, 1<<63).Draw(t, "next")
		span := rapid.Uint64Range(0, min(256, 1<<63-next)).Draw(t, "span")
		b = binary.BigEndian.AppendUint16([]byte{1, 10}, uint16(rapid.Uint64Range(0, span).Draw(t, "lacking")))
		b = append(b, 0, 0, 0, 9)
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, next), next+span)
		b = spoil(t, b)
		wantStream, wantNext, wantEnd, wantMissing, p := docWindowFeedback(b)
		w, err := coding.ParseWindowFeedback(b)
		agree(t, "window feedback", b, err, p)
		if err == nil && (w != coding.WindowFeedback{Stream: wantStream, Next: wantNext, End: wantEnd, Missing: wantMissing}) {
			t.Fatalf("window feedback %x: %+v", b, w)
		}
	})
}

// A stream as it may arrive: packets as they are and sums of any, lost, late, twice, beyond the window, spoiled, and now and then some
// are given up. At each step both receivers say the same of the packet, deliver the same, and send the same feedback.
func TestWindowsAgainstDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := coding.Stream{ID: 9, Size: rapid.IntRange(1, 6).Draw(t, "size"), Window: rapid.IntRange(1, 9).Draw(t, "window")}
		first := rapid.SampledFrom([]uint64{0, 100, 1<<63 - 8}).Draw(t, "first")
		var bufs [][]byte
		for range 2 * s.Window {
			bufs = append(bufs, make([]byte, s.Size))
		}
		var got coding.WindowDecoder
		if err := got.Reset(s, first, bufs); err != nil {
			t.Fatal(err)
		}
		want := &docReceiver{stream: s.ID, size: s.Size, window: s.Window, next: first, end: first, since: first, known: map[uint64][]byte{}}
		seed := drawBytes(t, 16, "content")
		source := func(n uint64) []byte {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64(bytes.Clone(seed), n))
			return sum[:s.Size]
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 14).Draw(t, "give up") == 0 {
				to := want.next + rapid.Uint64Range(0, uint64(s.Window)+3).Draw(t, "to")
				to = min(to, 1<<63)
				got.SkipTo(to)
				compareDelivery(t, &got, want, to)
				continue
			}
			// From some way before what is awaited to some way beyond the window.
			back := rapid.Uint64Range(0, min(want.next, uint64(2*s.Window))).Draw(t, "back")
			at := want.next - back + rapid.Uint64Range(0, uint64(3*s.Window)).Draw(t, "on")
			at = min(at, 1<<63-1)
			b := windowPacket(t, s, at, source)
			if rapid.IntRange(0, 5).Draw(t, "spoiled") == 0 {
				spoiled := spoil(t, b)
				if _, p := docWindow(spoiled); len(p) > 0 { // what can still be read would poison both alike
					b = spoiled
				}
			}
			result, p := want.add(b)
			r, err := got.Add(b)
			agree(t, "window packet", b, err, p)
			if err == nil && r.String() != result {
				t.Fatalf("packet %x is %v, the document says %s", b, r, result)
			}
			compareDelivery(t, &got, want, 0)
		}
	})
}

// windowPacket is a packet of a stream from a number on: as it is, or a sum, sometimes of more than the window has.
func windowPacket(t *rapid.T, s coding.Stream, at uint64, source func(uint64) []byte) []byte {
	b := make([]byte, 16)
	b[0], b[1] = 1, 8
	binary.BigEndian.PutUint16(b[2:], uint16(s.Size-1))
	binary.BigEndian.PutUint32(b[4:], s.ID)
	binary.BigEndian.PutUint64(b[8:], at)
	if rapid.IntRange(0, 9).Draw(t, "stranger") == 0 {
		b[7]++
	}
	if rapid.Bool().Draw(t, "as it is") {
		return append(b, source(at)...)
	}
	count := int(min(rapid.Uint64Range(1, uint64(s.Window)+2).Draw(t, "count"), 1<<63-at))
	if rapid.Bool().Draw(t, "recoded") {
		coefs := drawBytes(t, count, "coefs")
		b[1] = 11
		b = append(append(b, byte(count-1), 0, 0, 0), coefs...)
		return append(b, docSum(coefs, at, s.Size, source)...)
	}
	scheme, weight := rapid.IntRange(0, 2).Draw(t, "scheme"), 0
	if scheme > 0 {
		weight = rapid.IntRange(1, count).Draw(t, "weight")
	}
	number := rapid.Uint32().Draw(t, "seed")
	b[1] = 9
	b = append(b, byte(count-1), byte(scheme), byte(max(weight-1, 0)), 0)
	b = binary.BigEndian.AppendUint32(b, number)
	return append(b, docSum(docCoefs(number, scheme, weight, count), at, s.Size, source)...)
}

// docSum is the sum of packets from a number on.
func docSum(coefs []byte, at uint64, size int, source func(uint64) []byte) []byte {
	sum := make([]byte, size)
	for i, c := range coefs {
		for j, x := range source(at + uint64(i)) {
			sum[j] ^= docMul(x, c)
		}
	}
	return sum
}

// compareDelivery has both receivers deliver what they can.
func compareDelivery(t *rapid.T, got *coding.WindowDecoder, want *docReceiver, giveUpBefore uint64) {
	t.Helper()
	numbers, packets := want.deliver(giveUpBefore)
	for i, n := range numbers {
		seq, packet, ok := got.Deliver()
		if !ok || seq != n || !bytes.Equal(packet, packets[i]) {
			t.Fatalf("delivers %d, %x, %v; the document says %d, %x", seq, packet, ok, n, packets[i])
		}
	}
	if seq, _, ok := got.Deliver(); ok {
		t.Fatalf("delivers %d too", seq)
	}
	feedback := make([]byte, 24)
	if _, err := got.Feedback().Put(feedback); err != nil || !bytes.Equal(feedback, want.feedback()) {
		t.Fatalf("%v: feedback %x, the document says %x", err, feedback, want.feedback())
	}
}
