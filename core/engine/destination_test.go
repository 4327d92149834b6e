package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Destinations that refuse, vanish, stop reading, and come back.

// redial makes engines try again soon.
func redial(o Options) Options {
	o.Core.RedialMin, o.Core.RedialMax = time.Millisecond, 5*time.Millisecond
	return o
}

// A destination that refuses is reported, left alone for a while, and found again
// when it is back on its port.
func TestDestinationRefusesAndComesBack(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, redial(w.options()))
		listen := ownHost
		if w.links == Mem {
			listen = "127.0.2.1:1"
		}
		old := e.add(t, relay.New(nil), NodeOptions{Listen: listen})
		dest := old.ID()
		old.Kill()

		source := newProbe(nil, dest)
		n := e.add(t, source, NodeOptions{Loop: OnLoop(w.loops - 1)})
		src := send(t, n, apps.Stream{App: 1, Payload: 100})
		for range 3 { // it tries again and again
			source.await(t, "refused", down(core.Downstream, core.ReasonRefused))
		}
		sink := &gauge{}
		back := e.add(t, relay.New(sink), NodeOptions{Listen: dest.String()})
		source.await(t, "it is found again", up(core.Downstream))
		eventually(t, "messages arrive", func() bool { return sink.n.Load() > 100 })
		if err := n.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the last message", func() bool { return received(t, back, n.ID()) })
		if lost := stats(t, n).Lost.OutMsgs; sink.n.Load()+lost != src.Sent() {
			t.Errorf("%d messages sent, %d arrived, %d counted as lost", src.Sent(), sink.n.Load(), lost)
		}
	})
}

// The algorithm is told how many messages went down with a link.
func TestLossesAreReported(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, redial(w.options()))
		gone := e.add(t, relay.New(nil), NodeOptions{Listen: map[Links]string{TCP: ownHost, Shm: ownHost}[w.links]})
		dest := gone.ID()
		gone.Kill()
		source := newProbe(nil, dest)
		n := e.add(t, source, NodeOptions{Loop: OnLoop(w.loops - 1)})
		src := send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 2000})
		source.await(t, "the source ends", func(e linkEvent) bool { return e.typ == wire.TypeSourceEnd && e.Reason == core.ReasonEnded })
		eventually(t, "all is lost and counted", func() bool { return stats(t, n).Lost.OutMsgs == src.Sent() })
		if s := stats(t, n); s.Lost.OutMsgs != 2000 || s.Lost.OutBytes != 2000*(100+wire.HeaderSize) {
			t.Errorf("losses %+v; want 2000 messages", s.Lost)
		}
	})
}

// A destination vanishes in the middle of a message: the link is down with the
// right reason, and what comes later finds the next process on the port.
func TestDestinationVanishes(t *testing.T) {
	for _, how := range []string{"FIN", "RST", "process"} {
		t.Run(how, func(t *testing.T) {
			e := newEngine(t, redial(Options{Loops: 1}))
			dest := serve(t, ownHost)
			source := newProbe(nil, dest.id())
			n := e.add(t, source, NodeOptions{})
			send(t, n, apps.Stream{App: 1, Payload: 100_000})
			var last uint64
			for round := range 4 {
				p, hello := dest.accept()
				if hello.From != n.ID() || hello.App != 1 || hello.Flags != 0 {
					t.Fatalf("round %d: hello %+v; want one of %v for application 1", round, hello, n.ID())
				}
				first := wire.Seq(p.frame())
				if round > 0 && first <= last {
					t.Errorf("round %d begins with message %d; %d came before", round, first, last)
				}
				last = first
				p.say(nil)
				half := make([]byte, 50_000)
				if _, err := p.Read(half); err != nil { // into a message
					t.Fatal(err)
				}
				switch how {
				case "FIN": // of its own direction; the node must close
					_ = p.Close() // unread bytes make it a reset in the end
					source.await(t, "link down", func(e linkEvent) bool { return e.typ == wire.TypeLinkDown })
				case "RST":
					p.abort()
					source.await(t, "link down", down(core.Downstream, core.ReasonReset))
				case "process":
					listen := dest.id().String()
					_ = dest.Close()
					p.abort()
					source.await(t, "link down", down(core.Downstream, core.ReasonReset))
					source.await(t, "nobody there", down(core.Downstream, core.ReasonRefused))
					dest = serve(t, listen)
				}
			}
		})
	}
}

// A destination that ends its side of an idle connection has left.
func TestDestinationLeaves(t *testing.T) {
	e := newEngine(t, redial(Options{Loops: 1}))
	dest := serve(t, "")
	source := newProbe(nil, dest.id())
	n := e.add(t, source, NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 1})
	p, _ := dest.accept()
	p.frame()
	p.say(wire.Bye{App: 1, Msgs: 1, Bytes: 124}.AppendTo(nil))
	_ = p.Close()
	source.await(t, "link down", down(core.Downstream, core.ReasonClosed))
}

// A destination that talks back breaks the protocol: lanes are directed.
func TestDestinationTalksBack(t *testing.T) {
	e := newEngine(t, redial(Options{Loops: 1}))
	dest := serve(t, "")
	source := newProbe(nil, dest.id())
	n := e.add(t, source, NodeOptions{})
	send(t, n, apps.Stream{App: 1, Payload: 100, Limit: 1})
	p, _ := dest.accept()
	p.say(make([]byte, wire.ByeSize))
	source.await(t, "link down", down(core.Downstream, core.ReasonProtocol))
}

// A destination that never reads: back-pressure reaches the source, which stops;
// memory stays bounded; other sessions, to others and on the same links, go on.
func TestDestinationNeverReads(t *testing.T) {
	for _, loops := range []int{1, 2} {
		t.Run(fmt.Sprint(loops, "loops"), func(t *testing.T) {
			e := newEngine(t, Options{Loops: loops, SocketBytes: 1 << 16})
			dest, other := serve(t, ""), &gauge{}
			good := e.add(t, relay.New(other), NodeOptions{})
			// The middle node sends application 1 to the one that never reads and
			// application 2 to the one that does.
			middle := e.add(t, byApp(map[uint32]core.NodeID{1: dest.id(), 2: good.ID()}), NodeOptions{Loop: OnLoop(loops - 1)})
			first := e.add(t, relay.New(nil, middle.ID()), NodeOptions{})
			stuck := send(t, first, apps.Stream{App: 1, Payload: 1000})
			send(t, first, apps.Stream{App: 2, Payload: 1000})
			p, _ := dest.accept()

			goesOn := func() {
				t.Helper()
				was := other.n.Load()
				eventually(t, "the other session goes on", func() bool { return other.n.Load() > was+5000 })
			}
			var before uint64
			eventually(t, "back-pressure reaches the source", func() bool {
				before = sentBy(t, first, stuck)
				goesOn()
				return sentBy(t, first, stuck) == before
			})
			for range 10 {
				goesOn()
			}
			// The kernel may have found some more room in its buffers meanwhile.
			most := before + 2000
			if sent := sentBy(t, first, stuck); sent > most {
				t.Errorf("the source has sent %d messages to one who does not read; want at most %d", sent, most)
			}
			if peak := e.Pool().Stats().Peak; peak > 16<<20 {
				t.Errorf("%d bytes of slabs; want a few MB", peak)
			}
			// It reads again, and everything is there.
			for want := range before + 1000 {
				if got := wire.Seq(p.frame()); got != want {
					t.Fatalf("message %d; want %d", got, want)
				}
			}
			goesOn()
		})
	}
}

// sentBy is how many messages a source has produced.
func sentBy(t testing.TB, n *Node, src *apps.BackToBack) (sent uint64) {
	t.Helper()
	do(t, n, func(*core.Node) { sent = src.Sent() })
	return sent
}
