package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// answerer asks its peer on a timer, and answers within Process.
type answerer struct {
	*core.Node
	peer                  core.NodeID
	rounds, burst         int
	asked, answered, told uint64
}

const (
	liveAsk = wire.FirstUserType + iota
	liveAnswer
)

func (a *answerer) Bind(n *core.Node) { a.Node = n }

func (a *answerer) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeTimer:
		for range a.burst {
			a.asked++
			a.Send(a.NewMsg(liveAsk, 0, 1000), a.peer)
		}
		if a.rounds--; a.rounds > 0 {
			a.After(time.Millisecond, 1)
		}
	case liveAsk:
		a.Send(a.NewMsg(liveAnswer, 0, 1000), m.From())
	case liveAnswer:
		a.answered++
	case wire.TypeSendFailed, wire.TypeLinkDown:
		a.told += m.Link().Lost
	}
	return core.Done
}

// Two nodes that ask and answer each other go on whatever their queues, and every
// question is answered or told lost, exactly.
func TestRequestAnswer(t *testing.T) {
	inWorlds(t, func(t *testing.T, wd world) {
		for _, c := range []struct{ queue, overflow, burst int }{{2, 0, 40}, {10, 0, 40}, {10, 20, 100}, {0, 0, 500}, {0, 1, 500}} {
			t.Run(fmt.Sprint(c), func(t *testing.T) {
				o := wd.options()
				o.Core = core.Config{QueueMsgs: c.queue, OverflowMsgs: c.overflow}
				e := newEngine(t, o)
				const rounds = 20
				a, b := &answerer{rounds: rounds, burst: c.burst}, &answerer{rounds: rounds, burst: c.burst}
				na, nb := e.add(t, a, NodeOptions{Loop: OnLoop(0)}), e.add(t, b, NodeOptions{Loop: OnLoop(e.Loops() - 1)})
				do(t, na, func(n *core.Node) { a.peer = nb.ID(); n.After(0, 1) })
				do(t, nb, func(n *core.Node) { b.peer = na.ID(); n.After(0, 1) })
				eventually(t, "every question is answered or told lost", func() bool {
					var asked, answered, told uint64
					both := map[*Node]*answerer{na: a, nb: b}
					for n, x := range both {
						do(t, n, func(*core.Node) { answered, told = answered+x.answered, told+x.told })
					}
					// Later, since they go on: what was answered or lost by then had been asked before.
					for n, x := range both {
						do(t, n, func(*core.Node) { asked += x.asked })
					}
					if answered+told > asked {
						t.Fatalf("of %d questions %d were answered and %d told lost", asked, answered, told)
					}
					return asked == uint64(2*rounds*c.burst) && answered+told == asked
				})
			})
		}
	})
}

// Sessions that begin and end over a chain of nodes leave no connection behind.
func TestSessionsLeaveNothing(t *testing.T) {
	sessions := scaled(2000)
	e := newEngine(t, Options{Links: TCP, Loops: 2})
	ended := make(chan uint32, sessions)
	last := e.add(t, script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeSessionEnd {
			ended <- m.App()
		}
		return core.Done
	}), NodeOptions{})
	next := last.ID()
	chain := []*Node{last}
	for range 2 {
		to := next
		n := e.add(t, script(func(n *core.Node, m *core.Msg) core.Verdict {
			if m.Type() == wire.TypeData {
				n.Send(m, to)
			}
			return core.Done
		}), NodeOptions{})
		chain, next = append(chain, n), n.ID()
	}
	before := len(descriptors())
	for app := uint32(1); app <= uint32(sessions); app++ {
		do(t, chain[2], func(n *core.Node) { n.AddSource(app, &fewMessages{app: app, left: 3}) })
		if got := receive(t, "the session's end comes", ended); got != app {
			t.Fatalf("session %d has ended, want %d", got, app)
		}
	}
	eventually(t, "descriptors are level again", func() bool { return len(descriptors()) <= before })
	for _, n := range chain {
		eventually(t, "no lane is up", func() bool {
			s := stats(t, n)
			for _, l := range s.Downstream {
				if l.Up {
					return false
				}
			}
			return len(s.Upstream) == 0
		})
	}
}

// fewMessages is a source that ends.
type fewMessages struct {
	app  uint32
	left int
}

func (s *fewMessages) Produce(n *core.Node) core.Supply {
	if s.left == 0 {
		return core.Supply{End: true}
	}
	s.left--
	size := wire.HeaderLen(n.ID()) + 100
	slab, err := n.Pool().GetSize(size)
	if err != nil {
		return core.Supply{Wake: n.Now() + time.Millisecond}
	}
	wire.PutHeader(slab.Bytes(), wire.Header{Type: wire.TypeData, Sender: n.ID(), App: s.app, Size: 100})
	return core.Supply{Run: core.Run{Slab: slab, Len: uint32(size), Msgs: 1}}
}

func (s *fewMessages) Close() {}
