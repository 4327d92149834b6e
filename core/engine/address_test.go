package engine

import (
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
)

func TestAdvertisedAddresses(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	for _, c := range []struct{ listen, advertise, want string }{ // PORT is the one it listens on
		{ownHost, "", strings.TrimSuffix(ownHost, ":0") + ":PORT"},
		{ownHost, "192.0.2.1:7001", "192.0.2.1:7001"},
		{ownHost, "192.0.2.1", "192.0.2.1:PORT"},
		{ownHost, "192.0.2.1:0", "192.0.2.1:PORT"},
		{ownHost, "2001:db8::1", "[2001:db8::1]:PORT"},
		{ownHost, "[2001:db8::1]", "[2001:db8::1]:PORT"},
		{ownHost, "[2001:db8::1]:7001", "[2001:db8::1]:7001"},
		{ownHost, "::ffff:192.0.2.2", "192.0.2.2:PORT"},
		{"0.0.0.0:0", "192.0.2.3", "192.0.2.3:PORT"},
	} {
		n, err := e.AddNode(relay.New(nil), NodeOptions{Listen: c.listen, Advertise: c.advertise})
		if err != nil {
			t.Errorf("listen on %q, advertise %q: %v", c.listen, c.advertise, err)
			continue
		}
		port := strconv.Itoa(int(n.listener.bound.Port()))
		if want := strings.ReplaceAll(c.want, "PORT", port); n.ID().String() != want {
			t.Errorf("listen on %q, advertise %q: known as %v, want %s", c.listen, c.advertise, n.ID(), want)
		}
		n.Kill()
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	lo := loopback(t).Name
	e := newEngine(t, Options{Loops: 1})
	for _, c := range []struct {
		o    NodeOptions
		says string
	}{
		{NodeOptions{Listen: "0.0.0.0:0"}, "advertise the one that others reach"},
		{NodeOptions{Listen: "[::]:0"}, "advertise the one that others reach"},
		{NodeOptions{Listen: "localhost:7001"}, "want an IP address and a port"},
		{NodeOptions{Listen: "224.0.0.1:0"}, "multicast"},
		{NodeOptions{Listen: "255.255.255.255:0"}, "broadcast"},
		{NodeOptions{Listen: "[ff02::1]:0"}, "multicast"},
		{NodeOptions{Listen: "[fe80::1]:0"}, "needs its interface"},
		{NodeOptions{Listen: "[fe80::1%nowhere0]:0"}, "no such network interface"},
		{NodeOptions{Advertise: "example.org:7001"}, "want an IP address that others reach"},
		{NodeOptions{Advertise: "0.0.0.0:7001"}, "nobody's own"},
		{NodeOptions{Advertise: "::"}, "nobody's own"},
		{NodeOptions{Advertise: "239.0.0.1"}, "nobody's own"},
		{NodeOptions{Advertise: "255.255.255.255:1"}, "nobody's own"},
		{NodeOptions{Advertise: "[ff02::1]:1"}, "nobody's own"},
		{NodeOptions{Advertise: "192.0.2.1:70000"}, "want an IP address that others reach"},
		{NodeOptions{Zone: "nowhere0"}, "no such network interface"},
		{NodeOptions{Zone: "0"}, "no such network interface"},
		{NodeOptions{Zone: lo, Advertise: "fe80::1%nowhere0"}, "no such network interface"},
	} {
		n, err := e.AddNode(relay.New(nil), c.o)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want an error that says %q", c.o, err, c.says)
		}
		if n != nil {
			n.Kill()
		}
	}
	mem := newEngine(t, Options{Loops: 1, Links: Mem})
	for _, o := range []NodeOptions{{Advertise: "192.0.2.1:1"}, {Zone: lo}} {
		if _, err := mem.AddNode(relay.New(nil), o); err == nil || !strings.Contains(err.Error(), "no meaning with Mem links") {
			t.Errorf("%+v with links in memory: %v", o, err)
		}
	}
}

// loopback is the interface of the loopback, which every machine has.
func loopback(t *testing.T) net.Interface {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i
		}
	}
	t.Skip("this machine has no loopback interface")
	panic("not reached")
}

func TestZones(t *testing.T) {
	i := loopback(t)
	number := strconv.Itoa(i.Index)
	for _, c := range []struct {
		names []string
		want  uint32
	}{
		{nil, 0},
		{[]string{"", ""}, 0},
		{[]string{i.Name}, uint32(i.Index)},
		{[]string{"", number}, uint32(i.Index)},
		{[]string{i.Name, "", number}, uint32(i.Index)},
	} {
		if got, err := zoneOf(c.names...); got != c.want || err != nil {
			t.Errorf("zones %q: %d, %v; want %d", c.names, got, err, c.want)
		}
	}
	all, _ := net.Interfaces()
	for _, other := range all {
		if other.Index != i.Index {
			if _, err := zoneOf(i.Name, other.Name); err == nil || !strings.Contains(err.Error(), "it has one") {
				t.Errorf("zones %s and %s at once: %v", i.Name, other.Name, err)
			}
		}
	}
}

// A link over IPv6.
func TestLinksOverIPv6(t *testing.T) {
	overIPv6(t, netip.MustParseAddr("::1"))
}

// A link between link-local addresses: sockets have a zone, IDs have none.
func TestLinksBetweenLinkLocalAddresses(t *testing.T) {
	for _, a := range linkLocal(t) {
		t.Run(a.String(), func(t *testing.T) { overIPv6(t, a) })
	}
}

// linkLocal are this machine's link-local addresses, with their zones.
func linkLocal(t *testing.T) (all []netip.Addr) {
	t.Helper()
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && needsZone(p.Addr()) {
				all = append(all, p.Addr().WithZone(i.Name))
			}
		}
	}
	if len(all) == 0 {
		t.Skip("this machine has no link-local IPv6 address")
	}
	return all
}

func overIPv6(t *testing.T, at netip.Addr) {
	e := newEngine(t, redial(Options{Loops: 2}))
	listen := netip.AddrPortFrom(at, 0).String()
	sink := &gauge{}
	last, err := e.AddNode(relay.New(sink), NodeOptions{Listen: listen})
	if err != nil {
		t.Skipf("this machine cannot listen on %s: %v", listen, err)
	}
	if got := last.ID().AddrPort().Addr(); got != at.WithZone("") {
		t.Errorf("a node at %v is known as %v", at, last.ID())
	}
	first := e.add(t, relay.New(nil, last.ID()), NodeOptions{Listen: listen, Loop: OnLoop(1)})
	send(t, first, apps.Stream{App: 1, Payload: 100, Limit: 1000})
	eventually(t, "all of it", func() bool { return sink.n.Load() == 1000 })
	verify(t, last, sink, first.ID(), 1, 1000)
	if at.Zone() == "" {
		return
	}
	// A node elsewhere needs to be told the zone.
	told := e.add(t, relay.New(nil, last.ID()), NodeOptions{Zone: at.Zone()})
	send(t, told, apps.Stream{App: 2, Payload: 100, Limit: 1000})
	eventually(t, "all of it again", func() bool { return sink.n.Load() == 2000 })
}

// Without a zone a link-local peer is refused, and the log says what is missing.
func TestLinkLocalPeersNeedAZone(t *testing.T) {
	e := newEngine(t, redial(Options{Loops: 1}))
	peer := core.NodeIDFrom(netip.MustParseAddrPort("[fe80::1234]:7000"))
	p := newProbe(nil, peer)
	n := e.add(t, p, NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 1})
	p.await(t, "it is refused", down(core.Downstream, core.ReasonRefused))
	if e.log.count("the node has no zone") == 0 {
		t.Errorf("the log does not say why:\n%s", e.log.tail(5))
	}
}

// Listening on :: is listening on IPv4 too.
func TestListeningOnEverything(t *testing.T) {
	if runtime.GOOS == "openbsd" {
		t.Skip("it has no such sockets")
	}
	e := newEngine(t, Options{Loops: 1})
	sink := &gauge{}
	n, err := e.AddNode(relay.New(sink), NodeOptions{Listen: "[::]:0", Advertise: "192.0.2.1"})
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	for i, at := range []string{"127.0.0.1", "::1"} {
		a := netip.AddrPortFrom(netip.MustParseAddr(at), n.listener.bound.Port())
		p := greet(t, &Node{id: core.NodeIDFrom(a)}, stranger(i+1), 1)
		p.say(p.data(1, 0, 8))
		eventually(t, "a message by way of "+at, func() bool { return sink.n.Load() == uint64(i+1) })
	}
}
