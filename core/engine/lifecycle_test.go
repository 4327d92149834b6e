package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Nodes and links come and go.

// A node that ends in the moment in which it dials takes its half-open lanes
// along.
func TestNodeEndsWhileDialling(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		for i := range 50 {
			dest := newProbe(nil)
			d := e.add(t, dest, NodeOptions{Loop: OnLoop(i % w.loops)})
			n := e.add(t, relay.New(nil), NodeOptions{})
			_ = n.Do(func(c *core.Node) { // the error of the panic
				c.Send(c.NewMsg(wire.FirstUserType, 0, 10), d.ID())
				switch i % 3 {
				case 0:
					n.core.Kill()
				case 1:
					c.Stop()
				case 2:
					panic("in the middle of a dial")
				}
			})
			receive(t, "the node ends", endOf(n))
			if i%3 == 1 {
				dest.await(t, "a stopped node has delivered", up(core.Upstream))
			}
			d.Kill()
		}
	})
}

// endOf gives one value when a node has ended.
func endOf(n *Node) <-chan struct{} { return n.Done() }

// Connections that have not said who they are end with the node that they came
// to, and leave nothing behind.
func TestNodeEndClosesStrangers(t *testing.T) {
	hello := wire.Hello{From: stranger(1), App: 1}.AppendTo(nil)
	for _, how := range []string{"kill", "stop", "close"} {
		t.Run(how, func(t *testing.T) {
			e := newEngine(t, Options{Loops: 1})
			n := e.add(t, relay.New(nil), NodeOptions{})
			other := e.add(t, relay.New(nil), NodeOptions{})
			var strangers []*peer
			for _, said := range []int{0, 1, wire.HeaderSize - 1, wire.HeaderSize, len(hello) - 1} {
				p := connect(t, n)
				p.say(hello[:said])
				strangers = append(strangers, p)
			}
			sentinel := connect(t, other)
			eventually(t, "all connections are accepted", func() bool { return waiting(t, other) == len(strangers)+1 })
			switch how {
			case "kill":
				n.Kill()
			case "stop":
				if err := n.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			case "close":
				e.Close()
				sentinel.closed("the engine has ended")
			}
			for i, p := range strangers {
				p.closed(fmt.Sprintf("stranger %d of a node that has ended", i))
			}
			if how != "close" && waiting(t, other) != 1 {
				t.Error("another node's stranger was closed too")
			}
		})
	}
}

// waiting is how many connections of a node's loop have yet to say or hear
// something.
func waiting(t testing.TB, n *Node) (count int) {
	t.Helper()
	if err := n.loop.do(func() { count = n.loop.strict.waiting }); err != nil {
		t.Fatal(err)
	}
	return count
}

// Nodes join a stream and leave it, gracefully or not, while it flows. Those who
// stay get every message.
func TestChurn(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e, sink := newEngine(t, w.options()), &gauge{}
		stays := e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(w.loops - 1)})
		root := relay.New(nil, stays.ID())
		source := e.add(t, root, NodeOptions{})
		send(t, source, apps.Stream{App: 1, Payload: 1000})
		rng := rand.New(rand.NewPCG(1, 2))
		for round := range 40 {
			guest := &gauge{}
			n := e.add(t, relay.New(guest), NodeOptions{Loop: OnLoop(round % w.loops)})
			do(t, source, func(*core.Node) { root.SetDownstreams(stays.ID(), n.ID()) })
			eventually(t, "the guest is served", func() bool { return guest.n.Load() > 100 })
			leave := rng.IntN(4)
			if leave < 2 { // else while still being sent to
				do(t, source, func(*core.Node) { root.SetDownstreams(stays.ID()) })
			}
			if leave%2 == 0 {
				n.Kill()
			} else if err := n.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			do(t, source, func(*core.Node) { root.SetDownstreams(stays.ID()) })
		}
		before := sink.n.Load()
		eventually(t, "the stream goes on", func() bool { return sink.n.Load() > before+100 })
		if err := source.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the last messages arrive", func() bool { return received(t, stays, source.ID()) })
		got := sink.n.Load()
		verify(t, stays, sink, source.ID(), 1, got)
	})
}

// received reports whether all that an upstream has sent has arrived: its lane
// has ended.
func received(t testing.TB, n *Node, from core.NodeID) bool {
	t.Helper()
	for _, l := range stats(t, n).Upstream {
		if l.From == from {
			return false
		}
	}
	return true
}

// Thousands of nodes live in one process, and a message goes through them all.
func TestThousandsOfNodes(t *testing.T) {
	for _, c := range []struct {
		links Links
		nodes int
	}{{Mem, 5000}, {TCP, 500}} {
		for _, loops := range []int{1, 2} {
			t.Run(fmt.Sprintf("%v-%dloops", c.links, loops), func(t *testing.T) {
				e := newEngine(t, Options{Links: c.links, Loops: loops, ExpectNodes: c.nodes})
				sink := &gauge{}
				next := relay.New(sink)
				var last, first *Node
				for i := range c.nodes {
					first = e.add(t, next, NodeOptions{})
					if i == 0 {
						last = first
					}
					next = relay.New(nil, first.ID())
				}
				send(t, first, apps.Stream{App: 1, Payload: 100, Limit: 200})
				eventually(t, "messages pass through all nodes", func() bool { return sink.n.Load() == 200 })
				verify(t, last, sink, first.ID(), 1, 200)
				if got := len(e.Nodes()); got != c.nodes {
					t.Errorf("%d nodes live; want %d", got, c.nodes)
				}
				if err := e.Stop(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A node that has its name and has not started yet, on the dialling node's loop or on
// another, is refused like one that is not there.
func TestDialOfANodeThatHasNotStarted(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 2})
	for i := range 2 {
		n, err := e.reserve(NodeOptions{Loop: OnLoop(i)})
		if err != nil {
			t.Fatal(err)
		}
		downs := make(chan core.LinkEvent, 1)
		a := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
			if m.Type() == wire.TypeLinkDown {
				downs <- m.Link()
			}
			return core.Done
		}), NodeOptions{Loop: OnLoop(0)})
		do(t, a, func(c *core.Node) { c.Send(c.NewMsg(wire.FirstUserType, 0, 1), n.id) })
		want := core.LinkEvent{Peer: n.id, Direction: core.Downstream, Reason: core.ReasonRefused, Lost: 1}
		if got := receive(t, "the refusal", downs); got != want {
			t.Errorf("loop %d: told %+v, want %+v", i, got, want)
		}
		e.forget(n)
		close(n.done)
	}
}
