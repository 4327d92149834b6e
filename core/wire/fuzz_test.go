package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
)

func addVectors(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add([]byte(v.Hex))
	}
}

// FuzzHeader: for any bytes ParseHeader says what a reading by hand of docs/wire.md says, and what it accepts it
// can write again.
func FuzzHeader(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		want, payload, wantErr := headerByHand(b)
		got, err := ParseHeader(b)
		if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) || got != want {
			t.Fatalf("ParseHeader = %+v, %v; want %+v, %v", got, err, want, wantErr)
		}
		total, peekErr := Peek(b, MaxPayloadLimit)
		if err == nil && (peekErr != nil || total != HeaderSize+int(binary.BigEndian.Uint32(b))) {
			t.Fatalf("ParseHeader accepts what Peek calls %d, %v", total, peekErr)
		}
		if errors.Is(peekErr, ErrTooBig) != errors.Is(err, ErrTooBig) || errors.Is(peekErr, ErrMalformed) != errors.Is(err, ErrMalformed) {
			t.Fatalf("Peek %v, ParseHeader %v", peekErr, err)
		}
		if err != nil || len(b) < total {
			return
		}
		checkAccessors(t, b, total, want, payload)
		again := makeFrame(got, payload)
		if h, err := ParseHeader(again); err != nil || h != got {
			t.Fatalf("written again as %+v, %v", h, err)
		}
	})
}

// headerByHand reads a header byte by byte. payload is as much of the payload as b holds.
func headerByHand(b []byte) (h Header, payload []byte, err error) {
	if len(b) < 24 {
		return h, nil, ErrShort
	}
	size := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	typ := Type(b[4]&0x7f)<<8 | Type(b[5])
	six := b[4] >= 0x80
	switch {
	case size > MaxPayloadLimit:
		return h, nil, ErrTooBig
	case typ == 0, six && size < 16:
		return h, nil, ErrMalformed
	case six && len(b) < 40:
		return h, nil, ErrShort
	}
	rest, addr := b[24:], netip.AddrFrom4([4]byte(b[8:12]))
	if six {
		addr, rest, size = netip.AddrFrom16([16]byte(b[24:40])), b[40:], size-16
	}
	h = Header{
		Type: typ, Sender: NodeIDFrom(netip.AddrPortFrom(addr, uint16(b[6])<<8|uint16(b[7]))),
		App: uint32(b[12])<<24 | uint32(b[13])<<16 | uint32(b[14])<<8 | uint32(b[15]), Size: size,
	}
	for _, x := range b[16:24] {
		h.Seq = h.Seq<<8 | uint64(x)
	}
	return h, rest[:min(size, len(rest))], nil
}

// FuzzHello: what ParseHello accepts means the same after it is written and read again; what it refuses it
// refuses with an error of this package.
func FuzzHello(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHello(b)
		if err != nil {
			for _, known := range []error{ErrShort, ErrTooBig, ErrMalformed, ErrNotHello, ErrMagic, ErrVersion} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("unknown error %v", err)
		}
		again := h.AppendTo(nil)
		back, err := ParseHello(again)
		if err != nil || back.From != h.From || back.App != h.App || back.Flags != h.Flags || !bytes.Equal(back.Auth, h.Auth) {
			t.Fatalf("%+v came back as %+v, %v", h, back, err)
		}
		if !bytes.Equal(Payload(again), Payload(b)) {
			t.Fatalf("payload %x written as %x", Payload(b), Payload(again))
		}
	})
}

// FuzzBye: what ParseBye accepts is what it writes; what it refuses it refuses with
// an error of this package.
func FuzzBye(f *testing.F) {
	addVectors(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		y, err := ParseBye(b)
		if err != nil {
			if !errors.Is(err, ErrShort) && !errors.Is(err, ErrMalformed) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if again := y.AppendTo(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x written as %x", b, again)
		}
	})
}

// FuzzFramer: two connections on one loop, the first with any bytes, and everything that happens (sizes of reads,
// who keeps what, when memory is short) taken from script. Slabs are small so that every path is short.
func FuzzFramer(f *testing.F) {
	good := append(uniform(3, 100), uniform(2, 5000)...)
	f.Add(good, []byte{})
	f.Add(append(good, 0, 0, 0, 9, 0, 0), []byte{9, 9, 0, 40, 0, 0, 3, 9, 1, 1, 1, 9, 0, 2})
	f.Add(uniform(1, 19000), bytes.Repeat([]byte{31, 0, 0, 20, 1, 2}, 50))
	for _, v := range readVectors(f) {
		f.Add([]byte(v.Hex), []byte(v.Name))
	}
	other := append(uniform(2, 3000), uniform(1, 7000)...)
	f.Fuzz(func(t *testing.T, stream, script []byte) {
		r := newRig(t, bufpool.Options{SlabSize: 4 << 10, Budget: 256 << 10}, scripted(script))
		r.add(stream, 20000)
		r.add(other, 20000)
		for range 2 * len(script) {
			if !r.step() {
				break
			}
		}
		r.finish()
	})
}

// scripted makes choices of a script's bytes, and always the last one when they are used up.
func scripted(script []byte) func(n int) int {
	next := func() int {
		b := script[0]
		script = script[1:]
		return int(b)
	}
	return func(n int) int {
		switch {
		case n > 256 && len(script) >= 2:
			return (next()<<8 | next()) % n
		case n <= 256 && len(script) >= 1:
			return next() % n
		default:
			return n - 1
		}
	}
}
