package wire

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// TestSameStream holds SameStream against the accessors that it replaces.
func TestSameStream(t *testing.T) {
	senders := []NodeID{
		NodeIDFrom(netip.MustParseAddrPort("127.0.0.1:7001")), NodeIDFrom(netip.MustParseAddrPort("127.0.0.1:7002")),
		NodeIDFrom(netip.MustParseAddrPort("127.0.0.2:7001")), NodeIDFrom(netip.MustParseAddrPort("[::1]:7001")),
		NodeIDFrom(netip.MustParseAddrPort("[::2]:7001")), NodeIDFrom(netip.MustParseAddrPort("[::1]:7002")),
	}
	frame := func(t *rapid.T) []byte {
		h := Header{
			Type: Type(rapid.Uint16Range(1, uint16(MaxType)).Draw(t, "type")), Sender: rapid.SampledFrom(senders).Draw(t, "sender"),
			App: rapid.Uint32Range(0, 2).Draw(t, "app"), Seq: rapid.Uint64().Draw(t, "seq"),
		}
		b := make([]byte, HeaderLen(h.Sender))
		PutHeader(b, h)
		return b
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := frame(t), frame(t)
		want := Sender(a) == Sender(b) && App(a) == App(b)
		if got := SameStream(a, b); got != want {
			t.Fatalf("SameStream(%x, %x) = %v, want %v", a, b, got, want)
		}
	})
}
