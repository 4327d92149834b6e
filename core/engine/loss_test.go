package engine

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// At each link, what was sent at one end is what the other has received, switched
// or counted there, and with what is lost it is all that was given to the link;
// whoever goes, and however. The receiver is slow, so that queues and the kernel's
// buffers are full when it happens.
func TestLossesAtALink(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, from, to *Node){
		"receiver is killed": func(_ *testing.T, _, to *Node) { to.Kill() },
		"receiver crashes":   func(_ *testing.T, _, to *Node) { _ = to.Do(func(*core.Node) { panic("oops") }) },
		"receiver stops":     func(t *testing.T, _, to *Node) { stop(t, to) },
		"sender is killed":   func(_ *testing.T, from, _ *Node) { from.Kill() },
		"sender crashes":     func(_ *testing.T, from, _ *Node) { _ = from.Do(func(*core.Node) { panic("oops") }) },
		"sender stops": func(t *testing.T, from, to *Node) {
			do(t, from, func(c *core.Node) { c.StopSource(1) })
			stop(t, from)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorlds(t, func(t *testing.T, w world) {
				o := w.options()
				e, sink := newEngine(t, o), &gauge{}
				to := e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(w.loops - 1)})
				from := e.add(t, relay.New(nil, to.ID()), NodeOptions{})
				send(t, from, apps.Stream{App: 1, Payload: 777})
				eventually(t, "the stream flows", func() bool { return sink.n.Load() > 1000 })
				end(t, from, to)
				if err := e.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				s, r := from.core.Stats(), to.core.Stats()
				sent := s.Downstream[0].SentMsgs
				took := sink.n.Load() + r.Lost.InMsgs + r.Own.Taken
				if sent != took {
					t.Errorf("%d messages sent, %d received: %+v, %+v", sent, took, s, r)
				}
			})
		})
	}
}

// An upstream that opens its lane again hears on the old connection how much of
// that was taken.
func TestReplacedLaneSaysBye(t *testing.T) {
	e, sink := newEngine(t, Options{Loops: 1}), &gauge{}
	n := e.add(t, relay.New(sink), NodeOptions{})
	old := greet(t, n, stranger(1), 1)
	for i := range 5 {
		old.say(old.data(1, uint64(i), 10))
	}
	eventually(t, "messages arrive", func() bool { return sink.n.Load() == 5 })
	greet(t, n, stranger(1), 1)
	if bye := old.closed("replaced"); bye != (wire.Bye{App: 1, Msgs: 5, Bytes: 5 * (wire.HeaderSize + 10)}) {
		t.Errorf("the old connection heard %+v", bye)
	}
}

// A downstream that says how much it took is believed, up to what it was sent.
func TestByeOfADownstream(t *testing.T) {
	const frameSize = wire.HeaderSize + 100
	for _, c := range []struct {
		name string
		bye  wire.Bye
		why  core.Reason
		lost uint64
	}{
		{"took less", wire.Bye{App: 1, Msgs: 7, Bytes: 7 * frameSize}, core.ReasonClosed, 3},
		{"took all and failed", wire.Bye{App: 1, Failed: true, Msgs: 10, Bytes: 10 * frameSize}, core.ReasonReset, 0},
		{"claims too much", wire.Bye{App: 1, Msgs: 1 << 40, Bytes: 1 << 50}, core.ReasonClosed, 0},
		{"another lane's", wire.Bye{App: 2}, core.ReasonProtocol, 0}, // its system has acknowledged all
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, redial(Options{Loops: 1}))
			dest := serve(t, "")
			source := newProbe(nil, dest.id())
			n := e.add(t, source, NodeOptions{})
			send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 10})
			p, _ := dest.accept()
			for range 10 {
				p.frame()
			}
			p.say(c.bye.AppendTo(nil))
			got := source.await(t, "link down", down(core.Downstream, c.why))
			if s := stats(t, n).Downstream[0]; got.Lost != c.lost || s.LostMsgs != c.lost || s.SentMsgs != 10-c.lost || s.SentBytes+s.LostBytes != 10*frameSize {
				t.Errorf("told of %d lost messages, want %d: %+v", got.Lost, c.lost, s)
			}
		})
	}
}

// An upstream whose last word does not count what came has failed, and hears what
// did; one that counts right has left.
func TestByeOfAnUpstream(t *testing.T) {
	const frameSize = wire.HeaderSize + 10
	for _, c := range []struct {
		name   string
		counts core.Tally
		why    core.Reason
	}{
		{"all that came", core.Tally{Msgs: 3, Bytes: 3 * frameSize}, core.ReasonClosed},
		{"one too many", core.Tally{Msgs: 4, Bytes: 4 * frameSize}, core.ReasonProtocol},
		{"one too few", core.Tally{Msgs: 2, Bytes: 2 * frameSize}, core.ReasonProtocol},
		{"nothing", core.Tally{}, core.ReasonProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, Options{Loops: 1})
			sink := newProbe(&gauge{})
			n := e.add(t, sink, NodeOptions{})
			p := greet(t, n, stranger(1), 1)
			for i := range 3 {
				p.say(p.data(1, uint64(i), 10))
			}
			p.say(wire.Bye{App: 1, Msgs: c.counts.Msgs, Bytes: c.counts.Bytes}.AppendTo(nil))
			got := sink.await(t, "link down", down(core.Upstream, c.why))
			heard := p.closed(c.name)
			want := wire.Bye{App: 1, Failed: c.why != core.ReasonClosed, Msgs: 3, Bytes: 3 * frameSize}
			if heard != want || got.Lost != 0 {
				t.Errorf("heard %+v, want %+v; %d lost", heard, want, got.Lost)
			}
		})
	}
}

// A downstream that never reads stalls its lane and does not lose it; when it
// reads, the lane recovers.
func TestStalledDestination(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, SocketBytes: 1 << 16, Core: core.Config{StallTimeout: 50 * time.Millisecond, FailTimeout: 100 * time.Millisecond}})
	dest := serve(t, "")
	told := make(chan core.Type, 100)
	source := relay.New(nil, dest.id())
	n := e.add(t, script(func(c *core.Node, m *core.Msg) core.Verdict {
		if source.Node == nil {
			source.Bind(c)
		}
		switch m.Type() {
		case wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeLinkDown:
			told <- m.Type()
		}
		return source.Process(m)
	}), NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 1000, Limit: 5000})
	p, _ := dest.accept()
	if got := receive(t, "a stall", told); got != wire.TypeLinkStalled {
		t.Fatalf("told of %v", got)
	}
	for range 5000 {
		p.frame()
	}
	if got := receive(t, "the recovery", told); got != wire.TypeLinkRecovered {
		t.Fatalf("told of %v", got)
	}
}

// The domino effect in every world: a chain of seven whose second node is killed.
func TestDominoOfSeven(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e, sink := newEngine(t, w.options()), &gauge{}
		told := make(chan core.NodeID, 100)
		var nodes []*Node
		var next []core.NodeID
		for i := range 7 {
			var s core.Sink
			if i == 0 {
				s = sink
			}
			r := relay.New(s, next...)
			bound := false
			n := e.add(t, script(func(c *core.Node, m *core.Msg) core.Verdict {
				if !bound {
					bound = true
					r.Bind(c)
				}
				if m.Type() == wire.TypeBrokenSource && m.App() == 1 {
					told <- c.ID()
				}
				return r.Process(m)
			}), NodeOptions{Loop: OnLoop(i % w.loops)})
			nodes, next = append(nodes, n), []core.NodeID{n.ID()}
		}
		send(t, nodes[6], apps.Stream{App: 1, Payload: 1000})
		eventually(t, "the stream flows", func() bool { return sink.n.Load() > 200 })
		nodes[5].Kill()
		for i := 4; i >= 0; i-- {
			if got := receive(t, "a broken source", told); got != nodes[i].ID() {
				t.Errorf("node %v was told, want %v", got, nodes[i].ID())
			}
		}
		for _, n := range nodes[1:5] {
			eventually(t, "the lanes are closed", func() bool {
				s := stats(t, n)
				return len(s.Upstream) == 0 && !s.Downstream[0].Up
			})
		}
	})
}

// A graceful stop does not wait for ever for a peer that never closes.
func TestStopWithAPeerThatStays(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	dest := serve(t, "")
	n := e.add(t, relay.New(nil, dest.id()), NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 1})
	p, _ := dest.accept()
	p.frame()
	if err := e.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if end := p.frame(); wire.TypeOf(end) != wire.TypeSessionEnd {
		t.Errorf("behind the session's data comes %v", wire.TypeOf(end))
	}
	if bye, err := wire.ParseBye(p.frame()); err != nil || bye.Msgs != 2 {
		t.Errorf("the last word is %+v, %v", bye, err)
	}
}

// When a process is killed, its system resets the connection and nobody says what it
// took. The survivor's books balance: all that it was given is sent or lost, and what
// counts as sent is at least what the other is known to have read.
func TestLossesWithoutABye(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, SocketBytes: 1 << 16, Core: core.Config{RedialMin: time.Hour, RedialMax: time.Hour}})
	dest := serve(t, "")
	source := newProbe(nil, dest.id())
	n := e.add(t, source, NodeOptions{})
	src := send(t, n, apps.Stream{App: 1, Payload: 1000, Limit: 5000})
	p, _ := dest.accept()
	const read = 300
	for range read {
		p.frame()
	}
	p.abort()
	source.await(t, "link down", down(core.Downstream, core.ReasonReset))
	eventually(t, "the source is exhausted", func() bool { return len(stats(t, n).Upstream) == 0 })
	s := stats(t, n).Downstream[0]
	if s.SentMsgs < read || s.LostMsgs == 0 || s.SentMsgs+s.LostMsgs != src.Sent() || s.SentBytes+s.LostBytes != src.Sent()*(wire.HeaderSize+1000) {
		t.Errorf("%d read of %d: %+v", read, src.Sent(), s)
	}
}

// A peer that has said what it took and is gone when its upstream says good-bye is
// believed, although writing to it fails: its system has acknowledged more.
func TestByeIsHeardWhenWritingFails(t *testing.T) {
	e := newEngine(t, redial(Options{Loops: 1}))
	dest := serve(t, "")
	n := e.add(t, newProbe(nil, dest.id()), NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 10})
	p, _ := dest.accept()
	for range 10 {
		p.frame()
	}
	do(t, n, func(*core.Node) { // so that the node sees the bye and the reset at once
		p.say(wire.Bye{App: 1, Msgs: 7, Bytes: 7 * (wire.HeaderSize + 100)}.AppendTo(nil))
		p.abort()
		eventually(t, "the reset", func() bool { return broken(n) })
		n.core.Kill()
	})
	if s := stats(t, n); s.Lost.OutMsgs != 3 {
		t.Errorf("lost %+v, want 3 messages", s.Lost)
	}
}

// broken reports whether a connection that leads from a node is broken. On its loop only.
func broken(n *Node) bool {
	for _, h := range n.loop.fds {
		if c, ok := h.(*tcpOut); ok {
			p := []unix.PollFd{{Fd: int32(c.fd)}}
			if _, err := unix.Poll(p, 0); err == nil && p[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
				return true
			}
		}
	}
	return false
}

// A node that ends has taken nothing of connections that it has not accepted, or whose hello
// it has not read, however much of them its system has acknowledged.
func TestConnectionsThatFindNoLane(t *testing.T) {
	for name, meet := range map[string]func(n *Node){
		"not accepted": func(*Node) {},
		"not greeted":  func(n *Node) { n.listener.ready(0) },
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, Options{Loops: 2, Core: core.Config{RedialMin: time.Hour, RedialMax: time.Hour}})
			sink := &gauge{}
			to := e.add(t, relay.New(sink), NodeOptions{Loop: OnLoop(1)})
			source := newProbe(nil, to.ID())
			from := e.add(t, source, NodeOptions{Loop: OnLoop(0)})
			do(t, to, func(*core.Node) { // so that its loop sees nothing before it ends
				send(t, from, apps.Stream{App: 1, Payload: 100, Limit: 10})
				eventually(t, "all is on its way", func() bool {
					s := stats(t, from).Downstream
					return len(s) == 1 && s[0].SentMsgs >= 10 && s[0].Kernel.Unacked == 0
				})
				meet(to)
				to.core.Kill()
			})
			source.await(t, "link down", down(core.Downstream, core.ReasonReset))
			if s := stats(t, from).Lost; s.OutMsgs != 10 || sink.n.Load() != 0 {
				t.Errorf("lost %+v of 10 messages, of which %d were received", s, sink.n.Load())
			}
		})
	}
}
