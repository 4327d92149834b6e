package engine

import (
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// An idle engine sleeps: while another engine switches very many messages, no
// descriptor of a thousand nodes and their idle links is reported once.
func TestIdleEngineDoesNotWake(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const nodes = 1000
		opt := w.options()
		opt.Core.IdleTimeout = core.NeverIdle // else it wakes once, to close the links
		e, sink := newEngine(t, opt), &gauge{}
		hub := e.add(t, relay.New(sink), NodeOptions{})
		var first, last *Node
		for i := range nodes {
			last = e.add(t, relay.New(nil, hub.ID()), NodeOptions{Loop: OnLoop(i % w.loops)})
			if i == 0 {
				first = last
			}
			do(t, last, func(c *core.Node) { // so that it has a link
				c.Send(c.NewMsg(wire.TypeData, 1, 0), hub.ID())
			})
		}
		eventually(t, "all links are there", func() bool { return sink.n.Load() == nodes })
		for _, n := range []*Node{first, last} {
			eventually(t, "the engine is at rest", func() bool { return asleep(t, n) && resting(t, n) })
		}
		all := func(handler) bool { return true }
		a, b := countEvents(t, first, all), func() int { return 0 }
		if last.Loop() != first.Loop() {
			b = countEvents(t, last, all)
		}
		// A loop that was woken to be asked has said so.
		do(t, first, func(*core.Node) {})
		do(t, last, func(*core.Node) {})
		before := a() + b()

		busy, busySink := newEngine(t, Options{Loops: 1}), &gauge{}
		row := busy.row(t, 3, busySink)
		send(t, row[0], apps.Stream{App: 1, Payload: 100})
		eventually(t, "another engine is busy", func() bool { return busySink.n.Load() > scaled(uint64(300_000)) })
		if woken := a() + b() - before; woken != 0 {
			t.Errorf("an idle engine was woken %d times", woken)
		}
	})
}

// resting reports whether a node's loop has nothing to do, and its wake-up
// descriptor says so.
func resting(t testing.TB, n *Node) (so bool) {
	t.Helper()
	if err := n.loop.do(func() {
		lp := n.loop
		so = !lp.shard.Ready() && !lp.shard.Sources() && lp.inbox.Len() == 0 && !lp.raised.Load()
	}); err != nil {
		t.Fatal(err)
	}
	return so
}
