package engine

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// FuzzConnection sends a live node arbitrary bytes in arbitrary pieces, with or
// without a hello before them, and ends the connection in one way or another. The
// node must not crash, must let go of the connection, and must still deliver
// every message of a session that behaves.
func FuzzConnection(f *testing.F) {
	from := stranger(1)
	data := frame(wire.Header{Type: wire.TypeData, Sender: from, App: 1, Seq: 7, Size: 100})
	data6 := frame(wire.Header{Type: wire.TypeData, Sender: core.NodeIDFrom(netip.MustParseAddrPort("[2001:db8::1]:7")), App: 1, Size: 50})
	hello := helloOf(from, 1)
	for _, b := range [][]byte{
		nil,
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		hello,
		hello[:20],
		data,
		cat(data, data, data6, data[:50]),
		cat(hello, data),
		with(data, 0, 4, 1<<32-1),
		with(data, 0, 4, 1<<20),
		with(data, 4, 2, 0),
		with(data, 4, 2, 130),
		with(data, 12, 4, 2),
		wire.Hello{From: from, App: wire.SharedApp, Flags: wire.HelloShared}.AppendTo(nil),
		wire.Hello{From: from}.AppendTo(nil),
		rawHello(core.NodeIDFrom(netip.MustParseAddrPort("224.0.0.1:7001"))),
		rawHello(core.NodeIDFrom(netip.MustParseAddrPort("255.255.255.255:7001"))),
		rawHello(core.NodeIDFrom(netip.MustParseAddrPort("[ff02::1]:7001"))),
	} {
		for _, how := range []uint8{0, 1, 2, 3} {
			f.Add(b, uint64(0x0123456789abcdef)*uint64(how), how)
		}
	}
	e := newEngine(f, Options{Loops: 1})
	s := newSteady(f, e)
	f.Fuzz(func(t *testing.T, b []byte, pieces uint64, how uint8) {
		c, err := net.Dial("tcp", s.to.ID().String())
		if err != nil {
			t.Fatal(err)
		}
		conn := c.(*net.TCPConn)
		if how&1 != 0 {
			b = cat(hello, b)
		}
		s.send(t, 5)
		writePieces(conn, b, pieces)
		s.send(t, 5)
		if how&2 != 0 {
			err = conn.SetLinger(0)
		} else if err = conn.CloseWrite(); err == nil || errors.Is(err, unix.ENOTCONN) {
			// The node must close its end, whatever it made of the bytes.
			err = conn.SetReadDeadline(time.Now().Add(patience))
			said, readErr := io.ReadAll(conn)
			if _, byeErr := wire.ParseBye(said); len(said) > 0 && byeErr != nil || isTimeout(readErr) {
				t.Errorf("the node answers with %d bytes, error %v", len(said), readErr)
			}
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Error(err)
		}
		s.send(t, 5)
		eventually(t, "the node lets go of the connection", func() bool { return s.alone(t) })
	})
}

// writePieces writes b in pieces whose lengths the digits of a number give.
func writePieces(c net.Conn, b []byte, pieces uint64) {
	for at := pieces; len(b) > 0; at >>= 4 {
		n := len(b)
		if at != 0 {
			n = min(n, 1+int(at&15)*int(at&15))
		}
		if _, err := c.Write(b[:n]); err != nil {
			return // the node has closed, as it may
		}
		b = b[n:]
	}
}

// steady is a session that behaves: numbered messages from one node to another.
type steady struct {
	from, to *Node
	got      chan uint64
	next     uint64
}

func newSteady(t testing.TB, e *testEngine) *steady {
	t.Helper()
	s := &steady{got: make(chan uint64, 100)}
	var from core.NodeID
	s.to = e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.FirstUserType && m.Sender() == from {
			s.got <- m.Seq()
		}
		return core.Done
	}), NodeOptions{})
	s.from = e.add(t, script(func(*core.Node, *core.Msg) core.Verdict { return core.Done }), NodeOptions{})
	do(t, s.to, func(*core.Node) { from = s.from.ID() })
	return s
}

// send sends messages and waits for them.
func (s *steady) send(t testing.TB, count uint64) {
	t.Helper()
	do(t, s.from, func(c *core.Node) {
		for i := range count {
			m := c.NewMsg(wire.FirstUserType, 99, 300)
			clear(m.Payload())
			m.SetSeq(s.next + i)
			c.Send(m, s.to.ID())
		}
	})
	for i := range count {
		if got := receive(t, "a message of the session that behaves", s.got); got != s.next+i {
			t.Fatalf("message %d; want %d", got, s.next+i)
		}
	}
	s.next += count
}

// alone reports whether the node has no connection but the session's.
func (s *steady) alone(t testing.TB) (so bool) {
	t.Helper()
	do(t, s.to, func(*core.Node) {
		conns := 0
		for _, h := range s.to.loop.fds {
			if _, ok := h.(*tcpIn); ok {
				conns++
			}
		}
		so = conns == 1
	})
	return so
}
