package engine

import (
	"fmt"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What works: every shape of overlay delivers every message once, in order and
// whole, over every kind of link.

func TestChain(t *testing.T) {
	for _, size := range []struct {
		payload int
		msgs    uint64
	}{{0, 50_000}, {15, 50_000}, {5120, 20_000}, {200_000, 500}, {1 << 20, 60}} {
		t.Run(fmt.Sprintf("%dB", size.payload), func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) {
				e, sink := newEngine(t, w.options()), &gauge{}
				nodes, msgs := e.row(t, 5, sink), scaled(size.msgs)
				send(t, nodes[0], apps.Stream{App: 1, Payload: size.payload, Limit: msgs})
				eventually(t, "the chain delivers", func() bool { return sink.n.Load() == msgs })
				verify(t, nodes[4], sink, nodes[0].ID(), 1, msgs)
			})
		})
	}
}

func TestTree(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const fan, msgs = 3, 3000
		e := newEngine(t, w.options())
		var sinks []*gauge
		var leaves []*Node
		var middle []core.NodeID
		for i := range fan {
			var below []core.NodeID
			for range fan {
				sink := &gauge{}
				leaf := e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(len(leaves) % w.loops)})
				sinks, leaves, below = append(sinks, sink), append(leaves, leaf), append(below, leaf.ID())
			}
			m := e.add(t, relay.New(nil, below...), NodeOptions{Loop: OnLoop(i % w.loops)})
			middle = append(middle, m.ID())
		}
		root := e.add(t, relay.New(nil, middle...), NodeOptions{})
		send(t, root, apps.Stream{App: 1, Payload: 1000, Limit: msgs})
		for i, sink := range sinks {
			eventually(t, "a leaf gets everything", func() bool { return sink.n.Load() == msgs })
			verify(t, leaves[i], sink, root.ID(), 1, msgs)
		}
	})
}

// Two ways lead from the source to the sink, so each message comes twice.
func TestDiamond(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const msgs = 5000
		e := newEngine(t, w.options())
		// A sink for each side: one session that comes on two ways has no order.
		left, right := &gauge{}, &gauge{}
		var leftID core.NodeID
		join := e.add(t, &splitter{of: func(m *core.Msg) core.Sink {
			if m.From() == leftID {
				return left
			}
			return right
		}}, NodeOptions{})
		l := e.add(t, relay.New(nil, join.ID()), NodeOptions{Loop: OnLoop(w.loops - 1)})
		r := e.add(t, relay.New(nil, join.ID()), NodeOptions{})
		do(t, join, func(*core.Node) { leftID = l.ID() })
		top := e.add(t, relay.New(nil, l.ID(), r.ID()), NodeOptions{})
		send(t, top, apps.Stream{App: 1, Payload: 2000, Limit: msgs})
		eventually(t, "both sides deliver", func() bool { return left.n.Load() == msgs && right.n.Load() == msgs })
		verify(t, join, left, top.ID(), 1, msgs)
		verify(t, join, right, top.ID(), 1, msgs)
	})
}

// splitter hands each message to a sink of its choice.
type splitter struct {
	node *core.Node
	of   func(m *core.Msg) core.Sink
}

func (s *splitter) Bind(n *core.Node) { s.node = n }

func (s *splitter) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		s.of(m).Consume(s.node, m)
	}
	return core.Done
}

// Applications over the same links have a lane each.
func TestManyApplicationsOverOneLink(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const sessions, msgs = 5, 2000
		e, sink := newEngine(t, w.options()), &gauge{}
		nodes := e.row(t, 3, sink)
		for app := range uint32(sessions) {
			send(t, nodes[0], apps.Stream{App: app + 1, Payload: 700, Limit: msgs})
		}
		eventually(t, "all applications are delivered", func() bool { return sink.n.Load() == sessions*msgs })
		for app := range uint32(sessions) {
			verify(t, nodes[2], sink, nodes[0].ID(), app+1, msgs)
		}
		// Behind the data of each session comes its end, which closes its lanes.
		eventually(t, "all sessions have ended", func() bool { return len(stats(t, nodes[1]).Upstream) == 0 })
		middle := stats(t, nodes[1])
		if in := middle.Past.In.Msgs; in != sessions*(msgs+1) || len(middle.Downstream) != sessions {
			t.Errorf("%d messages in, %d lanes out at the middle node; want %d, %d", in, len(middle.Downstream), sessions*(msgs+1), sessions)
		}
		for _, l := range middle.Downstream {
			if l.SentMsgs != msgs+1 || l.QueuedMsgs != 0 || l.LostMsgs != 0 || l.Up {
				t.Errorf("a lane's books: %+v; want %d messages sent and none queued or lost", l, msgs+1)
			}
		}
	})
}

// All applications share one lane if both ends want it so.
func TestSharedLane(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const msgs = 2000
		o := w.options()
		o.Core.Lanes = core.LaneShared
		e, sink := newEngine(t, o), &gauge{}
		nodes := e.row(t, 3, sink)
		send(t, nodes[0], apps.Stream{App: 7, Payload: 700, Limit: msgs})
		send(t, nodes[0], apps.Stream{App: 8, Payload: 100, Limit: msgs})
		eventually(t, "both applications are delivered", func() bool { return sink.n.Load() == 2*msgs })
		verify(t, nodes[2], sink, nodes[0].ID(), 7, msgs)
		verify(t, nodes[2], sink, nodes[0].ID(), 8, msgs)
		if got := len(stats(t, nodes[1]).Upstream); got != 1 {
			t.Errorf("%d lanes from the source; want one for all", got)
		}
	})
}

// Many sources meet at one node.
func TestFanIn(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const sources, msgs = 20, 1000
		e, sink := newEngine(t, w.options()), &gauge{}
		end := e.add(t, relay.New(sink), NodeOptions{})
		var from []*Node
		for i := range sources {
			n := e.add(t, relay.New(nil, end.ID()), NodeOptions{Loop: OnLoop(i % w.loops)})
			send(t, n, apps.Stream{App: 1, Payload: 300, Limit: msgs})
			from = append(from, n)
		}
		eventually(t, "every source is delivered", func() bool { return sink.n.Load() == sources*msgs })
		for _, n := range from {
			verify(t, end, sink, n.ID(), 1, msgs)
		}
	})
}
