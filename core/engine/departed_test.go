package engine

import (
	"context"
	"testing"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Peers that have gone give their descriptors back although the node has no bandwidth to
// read what they left, and what they left is received or counted.
func TestDepartedPeersAreLetGo(t *testing.T) {
	for _, c := range []struct {
		name string
		bye  bool
		o    bufpool.Options
	}{
		{"in order", true, bufpool.Options{}},
		{"without a word", false, bufpool.Options{}},
		{"more than there is memory for", true, bufpool.Options{Budget: 8 << 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const peers, msgs, size = 60, 30, 6000
			e := newEngine(t, Options{Loops: 1, Pool: c.o})
			n := e.add(t, newProbe(&gauge{}), NodeOptions{Bandwidth: emul.Bandwidth{Down: 1000}})
			do(t, n, func(*core.Node) { n.loop.departing.patience = departPause })
			for i := range peers {
				p := greet(t, n, stranger(i+1), 1)
				var all []byte
				for seq := range uint64(msgs) {
					all = append(all, p.data(1, seq, size)...)
				}
				if c.bye {
					all = append(all, wire.Bye{App: 1, Msgs: msgs, Bytes: uint64(len(all))}.AppendTo(nil)...)
				}
				p.say(all)
				_ = p.Conn.(interface{ CloseWrite() error }).CloseWrite()
			}
			eventually(t, "the descriptors of peers that have gone are given back", func() (none bool) {
				do(t, n, func(c *core.Node) { none = tcpIns(n.loop) == 0 && len(c.Stats().Upstream) == peers })
				return none
			})
			ended, cancel := context.WithCancel(t.Context())
			cancel() // there is no time to switch the rest at this pace
			_ = n.Stop(ended)
			<-n.Done()
			s := stats(t, n)
			got := s.Past.In.Msgs + s.Lost.InMsgs
			if got != peers*msgs {
				t.Errorf("%d received and %d counted as lost, want %d in all", s.Past.In.Msgs, s.Lost.InMsgs, peers*msgs)
			}
			if short := e.log.count("what does not fit is lost") > 0; short != (c.o.Budget > 0) {
				t.Errorf("out of memory: %v", short)
			}
		})
	}
}

// A peer that sends, says good-bye and goes is heard to the end, at the pace that the node
// has; and it is told that all was taken, before that.
func TestDepartedPeersAreHeardToTheEnd(t *testing.T) {
	const msgs, size = 40, 1000
	sink := &gauge{}
	e := newEngine(t, Options{Loops: 1})
	alg := newProbe(sink)
	n := e.add(t, alg, NodeOptions{Bandwidth: emul.Bandwidth{Down: 2000}})
	p := greet(t, n, stranger(1), 1)
	var all []byte
	for seq := range uint64(msgs) {
		all = append(all, p.data(1, seq, size)...)
	}
	bytes := uint64(len(all))
	p.say(append(all, wire.Bye{App: 1, Msgs: msgs, Bytes: bytes}.AppendTo(nil)...))
	_ = p.Conn.(interface{ CloseWrite() error }).CloseWrite()
	if bye := p.closed("a peer that has gone"); bye.Msgs != msgs || bye.Bytes != bytes || bye.Failed {
		t.Errorf("it was told %+v", bye)
	}
	if sink.n.Load() == msgs {
		t.Error("all was switched before it was told: nothing was tested")
	}
	do(t, n, func(c *core.Node) { c.SetBandwidth(emul.Bandwidth{}) }) // enough waited
	down := alg.await(t, "the end", down(core.Upstream, core.ReasonClosed))
	if down.Lost != 0 || sink.n.Load() != msgs {
		t.Errorf("%d of %d messages, %d lost", sink.n.Load(), msgs, down.Lost)
	}
}

// A peer that comes again while what it left is still to be switched does not lose it, nor what it sends now; if it
// comes a third time, nothing was taken of the second.
func TestDepartedPeersComeAgain(t *testing.T) {
	const msgs, size = 40, 1000
	sink := &gauge{}
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, newProbe(sink), NodeOptions{Bandwidth: emul.Bandwidth{Down: 2000}})
	come := func() *peer {
		p := greet(t, n, stranger(1), 1)
		var all []byte
		for seq := range uint64(msgs) {
			all = append(all, p.data(1, seq, size)...)
		}
		p.say(append(all, wire.Bye{App: 1, Msgs: msgs, Bytes: uint64(len(all))}.AppendTo(nil)...))
		_ = p.Conn.(interface{ CloseWrite() error }).CloseWrite()
		return p
	}
	come().closed("a peer that has gone")
	waits := func(which *peer) {
		eventually(t, "it waits for what came before", func() (ok bool) {
			do(t, n, func(*core.Node) {
				for _, h := range n.loop.fds {
					if c, is := h.(*tcpIn); is && c.ahead != nil && otherEnd(c.fd) == which.LocalAddr().String() {
						ok = true
					}
				}
			})
			return ok
		})
	}
	second := come()
	waits(second)
	third := come()
	waits(third)
	if bye := second.closed("a peer that came between"); bye.Msgs != 0 || !bye.Failed {
		t.Errorf("it was told %+v", bye)
	}
	if sink.n.Load() >= msgs {
		t.Error("all was switched before: nothing was tested")
	}
	do(t, n, func(c *core.Node) { c.SetBandwidth(emul.Bandwidth{}) })
	third.closed("a peer that came last")
	eventually(t, "all of the first and the third arrives", func() bool { return sink.n.Load() == 2*msgs })
	if lost := stats(t, n).Lost; lost != (core.LossStats{}) {
		t.Errorf("lost %+v", lost)
	}
}

// Whatever the pieces in which a stream comes, its messages are counted alike.
func TestFrameCounter(t *testing.T) {
	p := &peer{t: t, id: stranger(1)}
	stream := cat(helloOf(p.id, 1), p.data(1, 0, 0), p.data(1, 1, 700), p.data(1, 2, 3), wire.Bye{App: 1, Msgs: 3}.AppendTo(nil))
	want := uint64(3*wire.HeaderSize + 703)
	for piece := 1; piece <= len(stream); piece++ {
		var w frameCounter
		for at := 0; at < len(stream); at += piece {
			w.count(stream[at:min(at+piece, len(stream))])
		}
		if w.msgs != 3 || w.bytes != want {
			t.Fatalf("in pieces of %d: %d messages of %d bytes, want 3 of %d", piece, w.msgs, w.bytes, want)
		}
	}
	var w frameCounter
	w.count(cat(p.data(1, 0, 5), make([]byte, 1000)))
	if w.msgs != 1 || !w.lost {
		t.Errorf("behind a frame of type 0 it goes on: %+v", w)
	}
}
