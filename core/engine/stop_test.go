package engine

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
)

// Stopping under load: what was accepted is delivered or counted as lost.
//
// Books balance exactly, whoever stops first and however: a node that goes tells
// its upstream how much it took.

// flow is a loaded row of nodes.
type flow struct {
	t     testing.TB
	e     *testEngine
	w     world
	nodes []*Node
	src   *apps.BackToBack
	sink  *gauge
}

func newFlow(t *testing.T, w world) *flow {
	t.Helper()
	f := &flow{t: t, e: newEngine(t, w.options()), w: w, sink: &gauge{}}
	f.nodes = f.e.row(t, 5, f.sink)
	f.src = send(t, f.nodes[0], apps.Stream{App: 1, Payload: 2000})
	eventually(t, "the stream flows", func() bool { return f.sink.n.Load() > 500 })
	return f
}

func (f *flow) last() *Node { return f.nodes[len(f.nodes)-1] }

// settle ends the engine gracefully and returns what was sent, what arrived and
// what was counted as lost.
func (f *flow) settle() (sent, arrived, lost uint64) {
	f.t.Helper()
	if err := f.e.Stop(f.t.Context()); err != nil {
		f.t.Error(err)
	}
	for _, n := range f.nodes { // nothing moves any more
		s := n.core.Stats()
		lost += s.Lost.OutMsgs + s.Lost.UnswitchedMsgs()
		lost -= s.Own.Sent - s.Own.Taken - s.Own.Lost // what the switch added and a receiver has not switched
		if s.Held != 0 || len(s.Upstream) != 0 {
			f.t.Errorf("a node that has ended still has %+v", s)
		}
	}
	got := f.sink.Tally()
	if got.OutOfOrder != 0 || got.Corrupt != 0 {
		f.t.Errorf("at the sink: %+v", got)
	}
	return f.src.Sent(), got.Messages, lost
}

// balanced checks the books.
func (f *flow) balanced() {
	f.t.Helper()
	sent, arrived, lost := f.settle()
	if arrived+lost != sent {
		f.t.Errorf("%d messages sent, %d arrived, %d counted as lost", sent, arrived, lost)
	}
}

func stop(t testing.TB, n *Node) {
	t.Helper()
	if err := n.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopSourceFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		for i, n := range f.nodes[:4] { // one after another, downstream
			stop(t, n)
			eventually(t, "the next node has it all", func() bool { return received(t, f.nodes[i+1], n.ID()) })
		}
		if sent, arrived, lost := f.settle(); arrived != sent || lost != 0 {
			t.Errorf("%d messages sent, %d arrived, %d counted as lost; want all to arrive", sent, arrived, lost)
		}
	})
}

func TestStopMiddleFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		stop(t, f.nodes[2])
		// What the middle node had accepted is on its way to the end.
		eventually(t, "its downstream has it all", func() bool { return received(t, f.nodes[3], f.nodes[2].ID()) })
		lostBefore := stats(t, f.nodes[2]).Lost
		if lostBefore.OutMsgs != 0 {
			t.Errorf("a node that stopped gracefully lost %+v on the way out", lostBefore)
		}
		f.balanced()
	})
}

func TestStopLastFirst(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		stop(t, f.last())
		f.balanced()
	})
}

func TestStopAll(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) { newFlow(t, w).balanced() })
}

// Killing loses messages and counts them.
func TestKillUnderLoad(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		for _, i := range []int{2, 0, 4} {
			f.nodes[i].Kill()
		}
		f.balanced()
	})
}

func TestCloseUnderLoad(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		f.e.Close()
		f.balanced()
	})
}

// A crash does not cook the books.
func TestCrashUnderLoad(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		f := newFlow(t, w)
		if err := f.nodes[1].Do(func(*core.Node) { panic("crash under load") }); !errors.Is(err, ErrClosed) {
			t.Errorf("Do of a function that panics: %v", err)
		}
		receive(t, "the node ends", endOf(f.nodes[1]))
		if f.nodes[1].Crash() == nil {
			t.Error("no crash")
		}
		f.balanced()
	})
}

// A graceful stop that cannot finish ends when its context does, says so, and
// counts what it had to give up.
func TestStopThatCannotFinish(t *testing.T) {
	for _, what := range []string{"node", "engine"} {
		t.Run(what, func(t *testing.T) {
			e := newEngine(t, Options{Loops: 1, SocketBytes: 1 << 16})
			dest := serve(t, "") // never reads
			n := e.add(t, relay.New(nil, dest.id()), NodeOptions{})
			idle := e.add(t, relay.New(nil), NodeOptions{})
			src := send(t, n, apps.Stream{App: 1, Payload: 1000})
			dest.accept()
			eventually(t, "the jam", func() bool {
				s := stats(t, n)
				return len(s.Upstream) == 1 && s.Upstream[0].Blocked
			})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				if what == "node" {
					ended <- n.Stop(ctx)
				} else {
					ended <- e.Stop(ctx)
				}
			}()
			eventually(t, "the node is stopping", func() bool {
				running := true
				err := n.Do(func(c *core.Node) { running = c.Running() })
				return err == nil && !running
			})
			select {
			case err := <-ended:
				t.Fatalf("Stop returned with messages to deliver: %v", err)
			default:
			}
			cancel()
			err := receive(t, "Stop gives up", ended)
			if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), n.ID().String()) {
				t.Errorf("Stop: %v; want one that names %v", err, n.ID())
			}
			if strings.Contains(err.Error(), idle.ID().String()) {
				t.Errorf("Stop: %v: it names a node that had nothing to deliver", err)
			}
			receive(t, "the node has ended", endOf(n))
			e.Close()
			s := n.core.Stats()
			if got := s.Lost.OutMsgs + s.Lost.SourceMsgs + s.Downstream[0].SentMsgs; got != src.Sent() {
				t.Errorf("%d messages sent or counted as lost of %d: %+v", got, src.Sent(), s)
			}
		})
	}
}

// A node that is stopping delivers to a destination that has yet to answer.
func TestStopWhileDialling(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e, sink := newEngine(t, w.options()), &gauge{}
		end := e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(w.loops - 1)})
		n := e.add(t, relay.New(nil, end.ID()), NodeOptions{})
		src := apps.NewBackToBack(apps.Stream{App: 1, Payload: 100, Limit: 500})
		do(t, n, func(c *core.Node) {
			c.AddSource(1, src)
			n.loop.shard.Inject()
			c.Stop()
		})
		receive(t, "the node ends", endOf(n))
		eventually(t, "all is delivered", func() bool { return sink.n.Load() == src.Sent() })
		verify(t, end, sink, n.ID(), 1, 500)
	})
}
