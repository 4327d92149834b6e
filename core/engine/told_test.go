package engine

import (
	"sync/atomic"
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A receiver that holds what comes ends its upstream lane while more is under way. Its
// sender is told of each message that was not taken, wherever it was.
func TestClosedUpstreamIsTold(t *testing.T) {
	const msgs = 500
	inWorlds(t, func(t *testing.T, wd world) {
		for _, sentFirst := range []bool{false, true} { // the sender closes, too, before it knows
			o := wd.options()
			o.Core.QueueMsgs = 4
			e := newEngine(t, o)
			var got, told atomic.Uint64
			hold, held := true, []*core.Msg(nil)
			sink := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
				if m.Type() != wire.TypeData {
					return core.Done
				}
				got.Add(1)
				if hold {
					held = append(held, m)
					return core.Hold
				}
				return core.Done
			}), NodeOptions{Loop: OnLoop(0)})
			from := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
				switch m.Type() {
				case wire.TypeLinkDown, wire.TypeSendFailed:
					told.Add(m.Link().Lost)
				}
				return core.Done
			}), NodeOptions{Loop: OnLoop(e.Loops() - 1)})
			do(t, from, func(n *core.Node) {
				for range msgs {
					n.Send(n.NewMsg(wire.TypeData, 1, 1000), sink.ID())
				}
			})
			eventually(t, "the receiver holds what it may", func() bool { return got.Load() >= 4 })
			do(t, sink, func(n *core.Node) {
				hold = false
				n.CloseUpstream(from.ID())
				for _, m := range held {
					n.Release(m)
				}
			})
			if sentFirst {
				do(t, from, func(n *core.Node) { n.CloseLink(sink.ID()) })
			}
			eventually(t, "every message is received or told lost", func() bool { return got.Load()+told.Load() == msgs })
		}
	})
}
