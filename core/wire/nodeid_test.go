package wire

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// drawAddrPort draws addresses of every kind, with the odd ones often enough.
func drawAddrPort(t *rapid.T) netip.AddrPort {
	var addr netip.Addr
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		addr = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr4")))
	case 1:
		addr = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "addr6")))
	case 2:
		odd := []string{"::", "::1", "0.0.0.0", "255.255.255.255", "224.0.0.0", "223.255.255.255", "240.0.0.0", "ff00::", "feff::1", "::ffff:239.1.2.3", "::ffff:0:0", "::ffff:1.2.3.4", "::fffe:1.2.3.4",
			"::1:ffff:0:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::102:304", "1::ffff:102:304"}
		addr = netip.MustParseAddr(rapid.SampledFrom(odd).Draw(t, "odd"))
	default:
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(addr, rapid.Uint16().Draw(t, "port"))
}

func TestParseNodeID(t *testing.T) {
	for _, c := range []struct{ in, want, errSays string }{
		{in: "127.0.0.1:7001", want: "127.0.0.1:7001"},
		{in: "223.255.255.255:65535", want: "223.255.255.255:65535"},
		{in: "240.0.0.1:7001", want: "240.0.0.1:7001"},
		{in: "[fe80::1]:7001", want: "[fe80::1]:7001"},
		{in: "[::1]:1", want: "[::1]:1"},
		{in: "[2001:DB8:0::42]:7001", want: "[2001:db8::42]:7001"},
		{in: "[::ffff:10.0.0.1]:80", want: "10.0.0.1:80"},
		{in: "", errSays: "port is missing"},
		{in: "127.0.0.1", errSays: "port is missing"},
		{in: "localhost:7001", errSays: "host name"},
		{in: ":7001", errSays: "IP address"},
		{in: "127.0.0.1:", errSays: "1 to 65535"},
		{in: "127.0.0.1:0", errSays: "1 to 65535"},
		{in: "127.0.0.1:65536", errSays: "1 to 65535"},
		{in: "127.0.0.1:-1", errSays: "1 to 65535"},
		{in: "127.0.0.1:+1", errSays: "1 to 65535"},
		{in: "127.0.0.1:http", errSays: "1 to 65535"},
		{in: "127.0.0.1:70 ", errSays: "1 to 65535"},
		{in: " 127.0.0.1:70", errSays: "IP address"},
		{in: "127.0.0:70", errSays: "IP address"},
		{in: "127.0.0.01:70", errSays: "IP address"},
		{in: "::1:7001", errSays: "brackets"},
		{in: "[127.0.0.1]:7001", errSays: "brackets"},
		{in: "[::1:7001", errSays: `without "]"`},
		{in: "[::1]", errSays: "1 to 65535"},
		{in: "[fe80::1%eth0]:7001", errSays: "zone"},
		{in: "0.0.0.0:7001", errSays: "unspecified"},
		{in: "[::]:7001", errSays: "unspecified"},
		{in: "[::ffff:0.0.0.0]:7001", errSays: "unspecified"},
		{in: "224.0.0.1:7001", errSays: "multicast"},
		{in: "239.255.255.255:7001", errSays: "multicast"},
		{in: "255.255.255.255:7001", errSays: "broadcast"},
		{in: "[ff02::1]:7001", errSays: "multicast"},
		{in: "[::ffff:224.0.0.1]:7001", errSays: "multicast"},
		{in: "[::ffff:255.255.255.255]:7001", errSays: "broadcast"},
	} {
		id, err := ParseNodeID(c.in)
		if c.want != "" {
			if err != nil || id.String() != c.want {
				t.Errorf("ParseNodeID(%q) = %v, %v; want %s", c.in, id, err, c.want)
			}
			continue
		}
		if !errors.Is(err, ErrNodeID) || !strings.Contains(err.Error(), c.errSays) || !id.IsZero() {
			t.Errorf("ParseNodeID(%q) = %v, %v; want an error that says %q", c.in, id, err, c.errSays)
		}
	}
}

func TestNodeIDRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ap := drawAddrPort(t)
		id := NodeIDFrom(ap)
		want := netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
		if id.IsZero() != (want == netip.AddrPortFrom(netip.IPv4Unspecified(), 0)) {
			t.Fatalf("%v: IsZero = %v", ap, id.IsZero())
		}
		if got := id.AddrPort(); !id.IsZero() && got != want {
			t.Fatalf("%v came back as %v", ap, got)
		}
		if id.Port() != ap.Port() || id.Is4() != want.Addr().Is4() {
			t.Fatalf("%v: Port %d, Is4 %v", ap, id.Port(), id.Is4())
		}
		a := want.Addr()
		nobodys := a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
		if id.Dialable() != (ap.Port() != 0 && !nobodys) {
			t.Fatalf("%v: Dialable = %v", ap, id.Dialable())
		}
		text, _ := id.MarshalText()
		var back NodeID
		err := back.UnmarshalText(text)
		if legal := id.IsZero() || id.Dialable(); legal != (err == nil) || legal && back != id {
			t.Fatalf("%v: text %q came back as %v, %v", ap, text, back, err)
		}
	})
}

func TestNodeIDZero(t *testing.T) {
	var zero NodeID
	text, err := json.Marshal(zero)
	if string(text) != `""` || err != nil || zero.String() != "none" || zero.AddrPort().IsValid() || !zero.Is4() {
		t.Errorf("zero NodeID: %s, %v, %v, %v", text, err, zero, zero.AddrPort())
	}
	if NodeIDFrom(netip.AddrPort{}) != zero {
		t.Error("an invalid address is not the zero NodeID")
	}
	if NodeIDFrom(netip.MustParseAddrPort("[fe80::1%eth0]:1")) != NodeIDFrom(netip.MustParseAddrPort("[fe80::1]:1")) {
		t.Error("a zone is not dropped")
	}
}

func TestNodeIDSize(t *testing.T) {
	if size := unsafe.Sizeof(NodeID{}); size != 24 {
		t.Errorf("a NodeID takes %d bytes", size)
	}
}

func TestNodeIDInJSONMap(t *testing.T) {
	a, _ := ParseNodeID("127.0.0.1:1")
	in := map[NodeID]int{a: 1}
	text, err := json.Marshal(in)
	var out map[NodeID]int
	if err != nil || json.Unmarshal(text, &out) != nil || out[a] != 1 {
		t.Errorf("%s came back as %v", text, out)
	}
	if err := json.Unmarshal([]byte(`{"nowhere:1":1}`), &out); !errors.Is(err, ErrNodeID) {
		t.Errorf("error %v", err)
	}
}

func TestNodeIDCompare(t *testing.T) {
	sign := func(b bool) int {
		if b {
			return 1
		}
		return -1
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := NodeIDFrom(drawAddrPort(t)), NodeIDFrom(drawAddrPort(t)), NodeIDFrom(drawAddrPort(t))
		if (a.Compare(b) == 0) != (a == b) || a.Compare(b) != -b.Compare(a) {
			t.Fatalf("%v and %v: %d, %d", a, b, a.Compare(b), b.Compare(a))
		}
		if a.Compare(b) < 0 && b.Compare(c) < 0 && a.Compare(c) >= 0 {
			t.Fatalf("%v < %v < %v, but not %v < %v", a, b, c, a, c)
		}
		if a.Is4() != b.Is4() && a.Compare(b) != sign(b.Is4()) {
			t.Fatalf("%v and %v: IPv4 is not first", a, b)
		}
		if a.Is4() && b.Is4() && a != b && !a.IsZero() && !b.IsZero() {
			if want := a.AddrPort().Compare(b.AddrPort()); a.Compare(b) != want {
				t.Fatalf("%v and %v: %d, want %d", a, b, a.Compare(b), want)
			}
		}
		if !a.IsZero() && (NodeID{}).Compare(a) != -1 {
			t.Fatalf("no node does not come before %v", a)
		}
	})
}
