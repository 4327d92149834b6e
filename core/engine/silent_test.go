package engine

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
)

// Peers that say hello, and perhaps something more, and fall silent, give their descriptors
// back.
func TestSilentPeersAreDropped(t *testing.T) {
	const peers = 50
	o := Options{Loops: 1}
	o.Core.IdleTimeout, o.Core.FailTimeout = 50*time.Millisecond, 50*time.Millisecond
	e := newEngine(t, o)
	n := e.add(t, relay.New(&gauge{}), NodeOptions{})
	var all []*peer
	for i := range peers {
		p := greet(t, n, stranger(i+1), uint32(i%3))
		switch i % 4 {
		case 1:
			p.say(p.data(uint32(i%3), 0, 100)[:50])
		case 2:
			p.say(p.data(uint32(i%3), 0, 100))
		}
		all = append(all, p)
	}
	for _, p := range all {
		p.closed("a silent peer")
	}
	eventually(t, "all descriptors are given back", func() bool {
		lanes := 0
		do(t, n, func(*core.Node) { lanes = tcpIns(n.loop) })
		return lanes == 0
	})
}

// tcpIns counts the receiving ends of a loop; it is called on it.
func tcpIns(lp *loop) (count int) {
	for _, h := range lp.fds {
		if _, is := h.(*tcpIn); is {
			count++
		}
	}
	return count
}

// The system is asked whether the peers of accepted lanes are there, so that those of
// machines that are gone end although lanes are kept.
func TestAcceptedLanesAreProbed(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, relay.New(&gauge{}), NodeOptions{})
	greet(t, n, stranger(1), 1)
	eventually(t, "the lane", func() bool { return len(stats(t, n).Upstream) == 1 })
	do(t, n, func(*core.Node) {
		for fd, h := range n.loop.fds {
			if _, is := h.(*tcpIn); !is {
				continue
			}
			for _, o := range []struct{ level, name, want int }{
				{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1}, {unix.IPPROTO_TCP, keepIdle, 60},
				{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 10}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 6},
			} {
				if got, err := unix.GetsockoptInt(fd, o.level, o.name); err != nil || o.want > 1 && got != o.want || got == 0 {
					t.Errorf("option %d: %d, %v; want %d", o.name, got, err, o.want)
				}
			}
		}
	})
}
