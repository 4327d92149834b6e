package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A panic in an algorithm or an application ends its node, with its stack in the
// log, and nothing else.

// fragile is a relay that panics when it is told to.
type fragile struct {
	relay.Relay
	node *core.Node
	on   core.Type
}

func (f *fragile) Bind(n *core.Node) {
	f.node = n
	f.Relay.Bind(n)
}

func (f *fragile) Process(m *core.Msg) core.Verdict {
	if m.Type() == f.on {
		f.node.NewMsg(wire.FirstUserType, 1, 100) // is made, and goes with the node
		panic("fragile algorithm")
	}
	return f.Relay.Process(m)
}

// brokenSource panics when it is asked.
type brokenSource struct{}

func (brokenSource) Produce(*core.Node) core.Supply { panic("fragile source") }

func (brokenSource) Close() {}

// brokenEnd panics when it is let go of.
type brokenEnd struct{}

func (brokenEnd) Produce(*core.Node) core.Supply { return core.Supply{End: true} }

func (brokenEnd) Close() { panic("fragile end") }

func TestPanics(t *testing.T) {
	const user = wire.FirstUserType + 5
	for _, c := range []struct {
		name string
		pull func(t *testing.T, f *fragile, n *Node)
		in   string // a function that the stack must name
	}{
		{"on data", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(*core.Node) { f.on = wire.TypeData })
		}, "fragile).Process"},
		{"in a timer event", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(c *core.Node) {
				f.on = wire.TypeTimer
				c.After(time.Millisecond, 1)
			})
		}, "fragile).Process"},
		{"on a message from outside", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(*core.Node) { f.on = user })
			n.Post(user, 0, 0, nil)
		}, "fragile).Process"},
		{"in a function run on the node", func(t *testing.T, f *fragile, n *Node) {
			err := n.Do(func(*core.Node) { panic("fragile caller") })
			if !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "panicked") {
				t.Errorf("Do of a function that panics: %v", err)
			}
		}, "TestPanics"},
		{"in a source", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(c *core.Node) { c.AddSource(3, brokenSource{}) })
		}, "brokenSource.Produce"},
		{"in the end of a source", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(c *core.Node) { c.AddSource(3, brokenEnd{}) })
		}, "brokenEnd.Close"},
		{"while stopping", func(t *testing.T, f *fragile, n *Node) {
			do(t, n, func(c *core.Node) { f.on = wire.TypeStopping })
			_ = n.Stop(t.Context())
		}, "fragile).Process"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) { testPanic(t, w, c.pull, c.in) })
		})
	}
}

func testPanic(t *testing.T, w world, pull func(*testing.T, *fragile, *Node), in string) {
	e, live := newEngine(t, redial(w.options())), &gauge{}
	last := newProbe(nil)
	end := e.add(t, last, NodeOptions{Loop: OnLoop(w.loops - 1)})
	f := &fragile{Relay: *relay.New(nil, end.ID())}
	victim := e.add(t, f, NodeOptions{})
	first := newProbe(nil, victim.ID())
	source := e.add(t, first, NodeOptions{Loop: OnLoop(w.loops - 1)})
	other := e.add(t, relay.New(live), NodeOptions{}) // shares the victim's loop
	from := e.add(t, relay.New(nil, other.ID()), NodeOptions{})
	send(t, from, apps.Stream{App: 1, Payload: 100})
	send(t, source, apps.Stream{App: 1, Payload: 100})
	send(t, victim, apps.Stream{App: 2, Payload: 100})
	last.await(t, "the stream", up(core.Upstream))

	if victim.Crash() != nil {
		t.Error("a node that lives says that it crashed")
	}
	pull(t, f, victim)
	stopping := f.on == wire.TypeStopping
	receive(t, "the node ends", endOf(victim))
	crash := victim.Crash()
	if crash == nil {
		t.Fatal("the node ended without a crash")
	}
	if s := string(crash.Stack); !strings.HasPrefix(crash.Value.(string), "fragile") || !strings.Contains(s, in) {
		t.Errorf("crash %v at\n%s", crash.Value, s)
	}
	if e.log.count("level=ERROR", "panicked", victim.ID().String(), "stack=", in) != 1 {
		t.Errorf("the log does not tell:\n%s", e.log.tail(5))
	}
	first.await(t, "upstream sees a failed node", func(e linkEvent) bool {
		// One that was stopping had taken leave of its upstream before.
		return down(core.Downstream, core.ReasonReset)(e) || stopping && down(core.Downstream, core.ReasonClosed)(e)
	})
	last.await(t, "downstream sees a failed node", down(core.Upstream, core.ReasonReset))
	first.await(t, "it stays away", down(core.Downstream, core.ReasonRefused))
	before := live.n.Load()
	eventually(t, "other nodes live", func() bool { return live.n.Load() > before+1000 })
	for _, n := range []*Node{end, source, other, from} {
		do(t, n, func(*core.Node) {})
	}
	if err := victim.Do(func(*core.Node) {}); err == nil {
		t.Error("a crashed node runs functions")
	}
}

// An algorithm that panics before it runs is an error of AddNode.
func TestPanicInBind(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		if n, err := e.AddNode(bindPanics{}, NodeOptions{}); err == nil || !strings.Contains(err.Error(), "fragile bind") {
			t.Errorf("node %v, error %v", n, err)
		}
		if got := len(e.Nodes()); got != 0 {
			t.Errorf("%d nodes live; want none", got)
		}
		e.add(t, relay.New(nil), NodeOptions{})
	})
}

type bindPanics struct{}

func (bindPanics) Bind(*core.Node) { panic("fragile bind") }

func (bindPanics) Process(*core.Msg) core.Verdict { return core.Done }
