package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// peer is the other end of a lane, written by hand: it speaks bytes, not
// messages, and may say whatever it likes.
type peer struct {
	net.Conn
	t  testing.TB
	id core.NodeID
}

// strangers are peers' identities; nobody listens there.
func stranger(i int) core.NodeID {
	a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return core.NodeIDFrom(netip.AddrPortFrom(a, 7001))
}

// connect connects a peer to a node, and says nothing.
func connect(t testing.TB, to *Node) *peer {
	t.Helper()
	c, err := net.Dial("tcp", to.ID().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil { // hung, not slow
		t.Fatal(err)
	}
	return &peer{Conn: c, t: t, id: stranger(1)}
}

// greet connects a peer and opens a lane.
func greet(t testing.TB, to *Node, from core.NodeID, app uint32) *peer {
	t.Helper()
	p := connect(t, to)
	p.id = from
	p.say(helloOf(from, app))
	return p
}

// helloOf is the first frame on a lane.
func helloOf(from core.NodeID, app uint32) []byte {
	return wire.Hello{From: from, App: app}.AppendTo(nil)
}

// say writes bytes.
func (p *peer) say(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatalf("peer: %v", err)
	}
}

// data is a data message of the peer's.
func (p *peer) data(app uint32, seq uint64, size int) []byte {
	return frame(wire.Header{Type: wire.TypeData, Sender: p.id, App: app, Seq: seq, Size: size})
}

// frame is a whole frame with a payload of zeros.
func frame(h wire.Header) []byte {
	b := make([]byte, wire.HeaderLen(h.Sender)+h.Size)
	wire.PutHeader(b, h)
	return b
}

// closed waits until the node has closed the connection, and returns what it said
// last: a bye, if there was a lane, and nothing but that.
func (p *peer) closed(what string) wire.Bye {
	p.t.Helper()
	b, err := io.ReadAll(p)
	if isTimeout(err) {
		p.t.Errorf("%s: hung: the node did not close the connection", what)
	}
	if len(b) == 0 {
		return wire.Bye{}
	}
	bye, err := wire.ParseBye(b)
	if err != nil {
		p.t.Errorf("%s: the node said %d bytes to its upstream: %v", what, len(b), err)
	}
	return bye
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// abort closes the connection with a reset.
func (p *peer) abort() {
	p.t.Helper()
	if err := errors.Join(p.Conn.(*net.TCPConn).SetLinger(0), p.Close()); err != nil {
		p.t.Errorf("peer: %v", err)
	}
}

// downstream is a destination written by hand: it accepts lanes and reads them
// if and when the test says so.
type downstream struct {
	*net.TCPListener
	t testing.TB
}

// serve listens on an address; an empty one lets the system choose.
func serve(t testing.TB, listen string) *downstream {
	t.Helper()
	if listen == "" {
		listen = ownHost
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &downstream{l.(*net.TCPListener), t}
}

// id is what nodes call the destination.
func (d *downstream) id() core.NodeID {
	return core.NodeIDFrom(d.Addr().(*net.TCPAddr).AddrPort())
}

// accept takes a lane and reads its hello.
func (d *downstream) accept() (*peer, wire.Hello) {
	d.t.Helper()
	if err := d.SetDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	c, err := d.Accept()
	if err != nil {
		d.t.Fatalf("downstream: %v", err)
	}
	d.t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		d.t.Fatal(err)
	}
	p := &peer{Conn: c, t: d.t, id: d.id()}
	h, err := wire.ParseHello(p.frame())
	if err != nil {
		d.t.Fatal(err)
	}
	return p, h
}

// frame reads one frame.
func (p *peer) frame() []byte {
	p.t.Helper()
	b, err := p.next()
	if err != nil {
		p.t.Fatalf("peer: %v", err)
	}
	return b
}

func (p *peer) next() ([]byte, error) {
	head := make([]byte, wire.HeaderSize)
	if _, err := io.ReadFull(p, head); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	b := make([]byte, wire.FrameSize(head))
	copy(b, head)
	if _, err := io.ReadFull(p, b[wire.HeaderSize:]); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return b, nil
}

// unread reports whether bytes wait to be read from a socket.
func unread(fd int) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}

// otherEnd is the address at the other end of a socket.
func otherEnd(fd int) string {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return ""
	}
	return addrPort(sa).String()
}

// blackHole is a destination that never answers a dial: its backlog is full.
func blackHole(t testing.TB) core.NodeID {
	t.Helper()
	ap := netip.MustParseAddrPort(ownHost)
	fd, err := openSocket(ap.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, sockaddr(ap)), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	id := core.NodeIDFrom(addrPort(sa))
	c, err := net.Dial("tcp", id.String()) // a backlog of 0 still takes one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return id
}
