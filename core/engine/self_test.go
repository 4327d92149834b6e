package engine

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A node is no peer of its own.

// sendSelf sends from a node to an address that is its own, and checks that this is
// refused, told with its losses, and opens nothing.
func sendSelf(t *testing.T, e *testEngine, n *Node, p *probe, to core.NodeID) {
	t.Helper()
	for _, app := range []uint32{0, 1} {
		do(t, n, func(c *core.Node) { c.Send(c.NewMsg(wire.FirstUserType, app, 10), to) })
		got := p.await(t, "an answer", func(ev linkEvent) bool { return ev.Peer == to && ev.App == app })
		if got.typ != wire.TypeLinkDown || got.Direction != core.Downstream || got.Reason != core.ReasonRefused || got.Lost != 1 {
			t.Errorf("sending to %v, which is the node itself, for application %d: %v %+v", to, app, got.typ, got.LinkEvent)
		}
	}
	if ups := stats(t, n).Upstream; len(ups) != 0 {
		t.Errorf("the node is its own upstream: %+v", ups)
	}
	if e.log.count("dropped a connection to itself") > 0 {
		t.Error("a listener got a connection to itself")
	}
}

func TestANodeIsNoPeerOfItsOwn(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		p := newProbe(nil)
		n := e.add(t, p, NodeOptions{Loop: OnLoop(w.loops - 1)})
		sendSelf(t, e, n, p, n.ID())
	})
}

// Behind another name a node is still itself, by every address that leads to it.
func TestAdvertisedNodesKnowThemselves(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	p := newProbe(nil)
	n := e.add(t, p, NodeOptions{Advertise: "198.51.100.7:7000"})
	bound := core.NodeIDFrom(n.listener.bound)
	if n.ID() == bound || n.ID().String() != "198.51.100.7:7000" {
		t.Fatalf("the node is %v", n.ID())
	}
	sendSelf(t, e, n, p, n.ID())
	sendSelf(t, e, n, p, bound)
}

func TestNodesOnAllAddressesKnowThemselves(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", "[::]:0"} {
		for _, via := range ownAddresses(t) {
			t.Run(listen+" at "+via.String(), func(t *testing.T) {
				if via.Is6() && listen == "0.0.0.0:0" {
					t.Skip("it does not listen there")
				}
				e := newEngine(t, Options{Loops: 1})
				p := newProbe(nil)
				n, err := e.AddNode(p, NodeOptions{Listen: listen, Advertise: "198.51.100.7"})
				if err != nil {
					t.Skipf("this machine cannot listen on %s: %v", listen, err)
				}
				sendSelf(t, e, n, p, core.NodeIDFrom(netip.AddrPortFrom(via, n.listener.bound.Port())))
			})
		}
	}
}

// ownAddresses are those of this machine that need no zone, and one more of the
// loopback's.
func ownAddresses(t *testing.T) []netip.Addr {
	t.Helper()
	all := []netip.Addr{netip.MustParseAddr("127.0.0.2")}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !needsZone(p.Addr()) {
			all = append(all, p.Addr())
		}
	}
	return all
}

// A socket that the system has connected to itself is no peer: its destination counts
// as refused, and nothing is sent or received.
func TestSocketsConnectedToThemselves(t *testing.T) {
	for _, at := range []string{"127.0.0.1", "::1"} {
		t.Run(at, func(t *testing.T) {
			to := freePort(t, at)
			e := newEngine(t, redial(Options{Loops: 1}))
			p := newProbe(nil, to)
			n := e.add(t, p, NodeOptions{})
			do(t, n, func(*core.Node) {
				n.loop.connect = func(fd int, sa unix.Sockaddr) error {
					if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
						return err
					}
					if err := unix.Bind(fd, sa); err != nil { // as if the system had chosen it
						return err
					}
					return unix.Connect(fd, sa)
				}
			})
			send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 3})
			p.await(t, "it is refused", down(core.Downstream, core.ReasonRefused))
			if e.log.count("leads back to the node itself") == 0 {
				t.Errorf("the socket had not connected to itself:\n%s", e.log.tail(5))
			}
			select {
			case ev := <-p.events:
				if ev.typ == wire.TypeLinkUp {
					t.Errorf("a link to nobody came up: %+v", ev)
				}
			default:
			}
			eventually(t, "all is lost and counted", func() bool { return stats(t, n).Lost.OutMsgs == 3 })
		})
	}
}

// freePort is an address where nobody listens.
func freePort(t *testing.T, at string) core.NodeID {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(at, "0"))
	if err != nil {
		t.Skipf("this machine has no %s: %v", at, err)
	}
	id := core.NodeIDFrom(l.Addr().(*net.TCPAddr).AddrPort())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return id
}

// The same socket as a listener would get it.
func TestListenersDropConnectionsToThemselves(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, relay.New(nil), NodeOptions{})
	to := sockaddr(freePort(t, "127.0.0.1").AddrPort())
	do(t, n, func(*core.Node) {
		fd, err := openSocket(netip.MustParseAddr("127.0.0.1"))
		if err != nil {
			t.Error(err)
			return
		}
		if err := unix.Bind(fd, to); err != nil {
			t.Error(err)
		}
		if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
			t.Error(err)
		}
		n.listener.accepted(fd, nil)
	})
	if e.log.count("dropped a connection to itself") != 1 {
		t.Errorf("the listener took it:\n%s", e.log.tail(5))
	}
}

// Hellos that no other node can say.
func TestHellosThatNobodyElseSays(t *testing.T) {
	id := func(s string) core.NodeID { return core.NodeIDFrom(netip.MustParseAddrPort(s)) }
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, newProbe(nil), NodeOptions{Advertise: "198.51.100.7"})
	bound := core.NodeIDFrom(n.listener.bound)
	at := &Node{id: bound} // where to connect; nobody can dial what it advertises
	for _, c := range []struct {
		from core.NodeID
		log  string
	}{
		{n.ID(), "a hello of the node itself"},
		{bound, "a hello of the node itself"},
		{id("224.0.0.1:7000"), "no node's address"},
		{id("239.1.2.3:7000"), "no node's address"},
		{id("255.255.255.255:7000"), "no node's address"},
		{id("[ff02::1]:7000"), "no node's address"},
		{id("[ff05::1:3]:7000"), "no node's address"},
		{id("0.0.0.0:7000"), "no node's address"},
		{id("[::]:7000"), "no node's address"},
		{id("10.0.0.1:0"), "no node's address"},
	} {
		p := connect(t, at)
		p.say(rawHello(c.from))
		p.closed(c.from.String())
		if e.log.count(c.log, "before its hello") == 0 {
			t.Errorf("a hello from %v was not refused because of %q:\n%s", c.from, c.log, e.log.tail(3))
		}
	}
	if got := stats(t, n).Upstream; len(got) != 0 {
		t.Errorf("upstreams %+v", got)
	}
	greet(t, at, stranger(3), 1) // the others are welcome
	eventually(t, "a stranger's lane", func() bool { return len(stats(t, n).Upstream) == 1 })
}

// rawHello is a hello of anybody, which wire.Hello would not write.
func rawHello(from core.NodeID) []byte {
	good := wire.Hello{From: stranger(1)}
	if !from.Is4() {
		good.From = core.NodeIDFrom(netip.MustParseAddrPort("[2001:db8::1]:7000"))
	}
	b := good.AppendTo(nil)
	addr := from.AddrPort().Addr()
	b[6], b[7] = byte(from.Port()>>8), byte(from.Port())
	if a := addr.As16(); from.Is4() {
		copy(b[8:], a[12:])
	} else {
		copy(b[wire.HeaderSize:], a[:])
	}
	return b
}

// A node that advertises is known to its downstream by what it advertises, not by where
// it listens or dials from.
func TestLinksBetweenAdvertisedNodes(t *testing.T) {
	e := newEngine(t, Options{Loops: 2})
	sink := &gauge{}
	last := e.add(t, relay.New(sink), NodeOptions{})
	first := e.add(t, newProbe(nil, last.ID()), NodeOptions{Advertise: "198.51.100.8:9", Loop: OnLoop(1)}) // keeps its lanes
	send(t, first, apps.Stream{App: 1, Payload: 100, Limit: 1000})
	eventually(t, "all of it", func() bool { return sink.n.Load() == 1000 })
	verify(t, last, sink, first.ID(), 1, 1000)
	if up := stats(t, last).Upstream; len(up) != 1 || up[0].From != first.ID() {
		t.Errorf("upstreams %+v, want one that says %v", up, first.ID())
	}
}

// Two nodes of an engine cannot be known by the same address.
func TestNodeIDsAreTaken(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	e.add(t, relay.New(nil), NodeOptions{Advertise: "198.51.100.7:7000"})
	if _, err := e.AddNode(relay.New(nil), NodeOptions{Listen: ownHost, Advertise: "198.51.100.7:7000"}); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("another node of the same ID: %v", err)
	}
}
