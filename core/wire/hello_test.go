package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestHelloRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := NodeIDFrom(drawAddrPort(t))
		if !from.Dialable() {
			from = node6
		}
		h := Hello{From: from, App: rapid.Uint32().Draw(t, "app"), Flags: rapid.Uint16Range(0, 1).Draw(t, "flags")}
		if !laneExists(h.App, h.Flags) {
			h.App = h.App & 1 * SharedApp
			h.Flags = HelloShared
		}
		if auth := rapid.SliceOfN(rapid.Byte(), 0, MaxAuth).Draw(t, "auth"); len(auth) > 0 {
			h.Auth = auth
		}
		before := []byte("what was there")
		b := h.AppendTo(before)
		if !bytes.HasPrefix(b, before) {
			t.Fatalf("AppendTo changed what was there")
		}
		b = b[len(before):]
		if len(b) > MaxHello {
			t.Fatalf("a hello of %d bytes", len(b))
		}
		if total, err := Peek(b, MaxHello-HeaderSize); total != len(b) || err != nil {
			t.Fatalf("Peek = %d, %v for %d bytes", total, err, len(b))
		}
		got, err := ParseHello(b)
		if err != nil || got.From != h.From || got.App != h.App || got.Flags != h.Flags || !bytes.Equal(got.Auth, h.Auth) {
			t.Fatalf("%+v came back as %+v, %v", h, got, err)
		}
		clear(b)
		if !bytes.Equal(got.Auth, h.Auth) {
			t.Fatalf("Auth shares the frame's memory")
		}
	})
}

// Every beginning of a good hello is short, and every byte after it is too many.
func TestHelloCut(t *testing.T) {
	for _, h := range []Hello{{From: node4}, {From: node6, App: 5, Auth: []byte("secret")}} {
		b := h.AppendTo(nil)
		for n := range b {
			if _, err := ParseHello(b[:n]); !errors.Is(err, ErrShort) {
				t.Errorf("%d of %d bytes: %v", n, len(b), err)
			}
		}
		if _, err := ParseHello(append(b, 0)); !errors.Is(err, ErrMalformed) {
			t.Errorf("one byte more: %v", err)
		}
	}
}

// What is wrong with each changed byte of a good hello. Payload bytes are listed in docs/wire.md; the vectors have
// the variants that need more than a changed byte.
func TestHelloChangedByte(t *testing.T) {
	good := Hello{From: node4, App: 5, Auth: []byte("au")}.AppendTo(nil)
	for _, c := range []struct {
		name string
		at   int
		to   byte
		want error
	}{
		{"size too large", 3, 17, ErrShort},
		{"size too small", 3, 15, ErrMalformed},
		{"size huge", 0, 0xff, ErrTooBig},
		{"size over a hello's maximum", 2, 2, ErrTooBig},
		{"type", 5, 2, ErrNotHello},
		{"type 0", 5, 0, ErrMalformed},
		{"type local", 5, 128, ErrNotHello},
		{"type user", 4, 4, ErrNotHello},
		{"IPv6 bit", 4, 0x80, ErrMalformed}, // 16 bytes of payload become the address, none are left
		{"magic first", 24, 'I', ErrMagic},
		{"magic last", 27, 'L', ErrMagic},
		{"version high", 28, 1, ErrVersion},
		{"version low", 29, 2, ErrVersion},
		{"flags high", 30, 1, ErrMalformed},
		{"flags low", 31, 3, ErrMalformed},
		{"authentication length high", 36, 1, ErrMalformed},
		{"authentication length low", 37, 1, ErrMalformed},
		{"app in the header is ignored", 12, 1, nil},
		{"seq in the header is ignored", 16, 1, nil},
		{"application with shared lanes", 31, 1, ErrMalformed},
		{"another application", 35, 6, nil},
	} {
		b := bytes.Clone(good)
		b[c.at] = c.to
		if _, err := ParseHello(b); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestHelloVersionErrorNamesBoth(t *testing.T) {
	b := Hello{From: node4}.AppendTo(nil)
	b[29] = 7
	_, err := ParseHello(b)
	if err == nil || err.Error() != "wire: unknown version: the peer speaks version 7, this node speaks version 1" {
		t.Errorf("%v", err)
	}
}

func TestHelloRefusesMisuse(t *testing.T) {
	for name, h := range map[string]Hello{
		"no sender":          {},
		"unknown flag":       {From: node4, Flags: 2},
		"long auth":          {From: node4, Auth: make([]byte, MaxAuth+1)},
		"sender port 0":      {From: NodeID{lo: 1}},
		"a multicast sender": {From: NodeIDFrom(netip.MustParseAddrPort("224.0.0.1:7001"))},
		"a broadcast sender": {From: NodeIDFrom(netip.MustParseAddrPort("255.255.255.255:7001"))},
	} {
		mustPanic(t, name, func() { h.AppendTo(nil) })
	}
}

func TestHelloAppendsInPlace(t *testing.T) {
	room := make([]byte, 0, MaxHello)
	h := Hello{From: node6, App: 3}
	if allocs := testing.AllocsPerRun(100, func() { h.AppendTo(room) }); allocs != 0 {
		t.Errorf("%v allocations a hello", allocs)
	}
}
