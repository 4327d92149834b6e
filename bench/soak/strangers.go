package soak

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// strangers are connections whose peers bring nothing useful.
type strangers struct {
	rng   *rand.Rand
	conns []net.Conn
	count int // ever
}

// come connects so many of them to nodes: a quarter each says nothing, hello and nothing
// more, garbage, or the beginning of a large message.
func (s *strangers) come(to []core.NodeID, count int) {
	for range count {
		c, err := net.DialTimeout("tcp", to[s.rng.IntN(len(to))].String(), time.Second)
		if err != nil {
			continue // out of descriptors, or of room in the queue: they come again
		}
		s.count++
		s.conns = append(s.conns, c)
		n := s.count
		from := core.NodeIDFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 7001))
		say := wire.Hello{From: from, App: 1 << 30}.AppendTo(nil)
		switch n % 4 {
		case 0:
			say = nil
		case 2:
			say = append(say, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0) // a size that none has
		case 3:
			head := make([]byte, wire.HeaderSize+200<<10)
			wire.PutHeader(head, wire.Header{Type: wire.TypeData, Sender: from, App: 1 << 30, Size: 1 << 20})
			say = append(say, head...)
		}
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // the node may not read it
		_, _ = c.Write(say)
	}
}

// leave closes all, half of them with a reset.
func (s *strangers) leave() {
	for i, c := range s.conns {
		if t, ok := c.(*net.TCPConn); ok && i%2 == 0 {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
	s.conns = nil
}
