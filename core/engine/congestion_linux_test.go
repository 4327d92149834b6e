package engine

import (
	"net/netip"
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/internal/localtcp"
)

func TestWhatStaysWithinTheHost(t *testing.T) {
	for _, c := range []struct {
		from, to string
		within   bool
	}{
		{"127.0.0.1:7000", "127.0.0.1", true},
		{"127.0.0.1:7000", "127.9.8.7", true},
		{"[::1]:7000", "::1", true},
		{"10.0.0.1:7000", "10.0.0.1", true},
		{"10.0.0.1:7000", "::ffff:10.0.0.1", true},
		{"10.0.0.1:7000", "127.0.0.1", true},
		{"10.0.0.1:7000", "10.0.0.2", false},
		{"[2001:db8::1]:7000", "2001:db8::1", true},
		{"[2001:db8::1]:7000", "2001:db8::2", false},
	} {
		from, err := core.ParseNodeID(c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := withinHost(from, netip.MustParseAddr(c.to)); got != c.within {
			t.Errorf("from %s to %s: within the host %v, want %v", c.from, c.to, got, c.within)
		}
	}
}

// A link of one host is not paced, whatever the system's default is.
func TestLinksWithinTheHostAreNotPaced(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1}), &gauge{}
	nodes := e.row(t, 2, sink)
	say(t, nodes[0], nodes[1].ID(), 10)
	eventually(t, "the lane is there", func() bool { return sink.n.Load() == 10 })
	lanes := 0
	do(t, nodes[0], func(*core.Node) {
		for _, h := range nodes[0].loop.fds {
			if c, ok := h.(*tcpOut); ok {
				lanes++
				if got, err := localtcp.Congestion(c.fd); err != nil || got != localtcp.Algorithm {
					t.Errorf("congestion control %q (%v), want %q", got, err, localtcp.Algorithm)
				}
			}
		}
	})
	if lanes == 0 {
		t.Error("there is no lane")
	}
}
