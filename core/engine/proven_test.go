package engine

import (
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A peer that dials from where its hello says it is has proven it, on the loopback from
// any of its addresses; one that says anything else has not.
func TestProvenPeers(t *testing.T) {
	type seen struct {
		from   core.NodeID
		proven bool
	}
	got := make(chan seen, 10)
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypePing {
			got <- seen{m.From(), m.Proven()}
		}
		return core.Done
	}), NodeOptions{})
	for text, want := range map[string]bool{"127.0.0.1:7001": true, "127.9.9.9:7001": true, "10.1.2.3:7001": false, "[2001:db8::1]:7001": false} {
		id, err := core.ParseNodeID(text)
		if err != nil {
			t.Fatal(err)
		}
		p := greet(t, n, id, 0)
		p.say(frame(wire.Header{Type: wire.TypePing, Sender: id}))
		if s := receive(t, "the ping", got); s.from != id || s.proven != want {
			t.Errorf("%v: from %v, proven %v, want %v", text, s.from, s.proven, want)
		}
	}
}
