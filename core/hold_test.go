package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// messages makes n messages of an application, numbered from 0, as one run.
func (w *world) messages(from int, app uint32, n, size int) Run {
	var specs []spec
	for i := range n {
		specs = append(specs, spec{sender: nodeID(from), app: app, seq: uint64(i), size: size})
	}
	return w.makeRun(specs...)
}

// TestHoldStopsUpstream: held messages count against their lane's buffer, in
// messages or in bytes, and each release lets one more in, whatever the order.
func TestHoldStopsUpstream(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		most int
	}{
		{"messages", Config{QueueMsgs: 3}, 3},
		{"bytes", Config{QueueBytes: 2*(wire.HeaderSize+100) + 1}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.cfg)
			defer w.close()
			var held []*Msg
			var seen []uint64
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Type() != wire.TypeData {
					return Done
				}
				seen = append(seen, m.Seq())
				held = append(held, m)
				return Hold
			})
			f := w.feeder(n, 1, 5, w.messages(1, 5, 10, 100))
			w.settle()
			other := w.feeder(n, 2, 5, w.messages(2, 5, 1, 100))
			w.settle()
			w.check()
			if len(seen) != c.most+1 || !f.lane.Blocked() || other.lane.Blocked() {
				t.Fatalf("the algorithm has seen %v; blocked: %v, the other lane: %v", seen, f.lane.Blocked(), other.lane.Blocked())
			}
			for k := 0; len(held) > 0; k++ {
				i := (k * 2) % len(held) // some order
				m := held[i]
				checkPayload(t, m)
				held = slices.Delete(held, i, i+1)
				n.Release(m)
				w.settle()
				w.check()
			}
			if len(seen) != 11 || n.Held() != 0 || f.lane.Busy() {
				t.Errorf("in the end the algorithm has seen %v and holds %d", seen, n.Held())
			}
		})
	}
}

// TestRetainIsFree: retained messages are charged to nobody, and keep their bytes.
func TestRetainIsFree(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	var kept []*Msg
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeData {
			n.Retain(m)
			kept = append(kept, m)
		}
		return Hold // says nothing more: the message is retained already
	})
	f := w.feeder(n, 1, 5, w.messages(1, 5, 10, 100))
	w.settle()
	if len(kept) != 10 || f.lane.Busy() || f.lane.heldMsgs != 0 {
		t.Fatalf("%d messages retained, lane busy: %v, charged with %d", len(kept), f.lane.Busy(), f.lane.heldMsgs)
	}
	for i, m := range kept {
		if m.Seq() != uint64(i) || m.From() != nodeID(1) {
			t.Errorf("message %d is %d from %v", i, m.Seq(), m.From())
		}
		checkPayload(t, m)
		n.Release(m)
		w.check()
	}
}

// TestReleaseThenMake: a struct that was given back is used once, not twice.
func TestReleaseThenMake(t *testing.T) {
	for _, verdict := range []string{"hold", "retain"} {
		t.Run(verdict, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			ps := w.ports(endless)
			var kept *Msg
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Type() != wire.TypeData {
					return Done
				}
				if m.Seq() == 0 {
					kept = m
					if verdict == "retain" {
						n.Retain(m)
					}
					return Hold
				}
				made := n.NewMsg(wire.TypeData, 6, 10)
				made.SetSeq(99)
				if made == m {
					t.Error("the message in progress and a new one are the same")
				}
				n.Send(made, nodeID(7))
				n.Send(m, nodeID(7))
				return Done
			})
			f := w.feeder(n, 1, 5, w.makeRun(spec{sender: nodeID(1), app: 5}))
			w.settle()
			n.sw.Call(func() { n.Release(kept) })
			w.check()
			f.give(w.makeRun(spec{sender: nodeID(1), app: 5, seq: 1}))
			w.settle()
			w.check()
			if got, want := seqs(t, ps.to(7, 5).got), []uint64{1}; !slices.Equal(got, want) {
				t.Errorf("application 5 sent %v, want %v", got, want)
			}
			if got, want := seqs(t, ps.to(7, 6).got), []uint64{99}; !slices.Equal(got, want) {
				t.Errorf("application 6 sent %v, want %v", got, want)
			}
		})
	}
}

// TestHeldMessagesGoOut: a held message may be sent to several nodes, before and
// after its release, at any time; its bytes live as long as a queue has them.
func TestHeldMessagesGoOut(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(0)
	var held []*Msg
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() != wire.TypeData {
			return Done
		}
		held = append(held, m)
		if len(held) < 3 {
			return Hold
		}
		for _, h := range held { // the third is the one in progress
			for d := 1; d <= 2; d++ {
				n.Send(h, nodeID(d))
			}
		}
		n.Release(held[1])
		n.Release(held[0])
		held = nil
		return Done
	})
	w.feeder(n, 9, 5, w.messages(9, 5, 6, 40))
	w.settle()
	w.check()
	if n.Held() != 0 {
		t.Errorf("%d messages are still held", n.Held())
	}
	for d := 1; d <= 2; d++ {
		ps.to(d, 5).give(endless)
		if got := seqs(t, ps.to(d, 5).got); !slices.Equal(got, upto(6)) {
			t.Errorf("node %d got %v", d, got)
		}
	}
}

// TestClone: a clone has the original's header and bytes, and may be written to
// until it is sent; the original is as it was.
func TestClone(t *testing.T) {
	six, err := ParseNodeID("[2001:db8::1]:99")
	if err != nil {
		t.Fatal(err)
	}
	for _, sender := range []NodeID{nodeID(3), six} {
		w := newWorld(t, Config{})
		ps := w.ports(endless)
		n := w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() != wire.TypeData {
				return Done
			}
			c := n.Clone(m)
			if c.Sender() != sender || c.App() != 5 || c.Seq() != 77 || c.Type() != m.Type() || !slices.Equal(c.Payload(), m.Payload()) || c.From() != (NodeID{}) {
				t.Errorf("the clone is %v/%d #%d from %v", c.Type(), c.App(), c.Seq(), c.Sender())
			}
			again := n.Remake(slices.Clone(m.Frame()))
			if !slices.Equal(again.Frame(), m.Frame()) || again.From() != (NodeID{}) {
				t.Errorf("remade is %v, want %v", again.Frame(), m.Frame())
			}
			c.Payload()[0]++
			c.SetSeq(78)
			again.SetSeq(79)
			n.Send(c, nodeID(2))
			n.Send(m, nodeID(2))
			n.Send(again, nodeID(2))
			checkPayload(t, m)
			return Done
		})
		w.feeder(n, 1, 5, w.makeRun(spec{sender: sender, app: 5, seq: 77, size: 30}))
		w.settle()
		if got, want := seqs(t, ps.to(2, 5).got), []uint64{78, 77, 79}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
		w.close()
	}
}

// TestMadeMessages: one that is not kept is gone when the call ends, one that is
// kept is not, and the bytes of neither are shared.
func TestMadeMessages(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, nil)
	w.settle()
	var kept []*Msg
	n.sw.Call(func() {
		for i := range 40 {
			m := n.NewMsg(wire.TypeData, 5, 9000) // many a slab
			m.SetSeq(uint64(i))
			fill(m.Payload(), spec{sender: n.ID(), app: 5, seq: uint64(i)})
			switch i % 3 {
			case 0:
				n.Retain(m)
				kept = append(kept, m)
			case 1:
				n.Send(m, nodeID(1))
			}
		}
		big := n.NewMsg(wire.TypeData, 5, 1<<20)
		clear(big.Payload())
	})
	w.check()
	for _, m := range kept {
		checkPayload(t, m)
		m.SetSeq(m.Seq()) // not sent yet, so still to be written
		n.sw.Call(func() { n.Send(m, nodeID(1)) })
		n.Release(m)
		w.check()
	}
	w.settle()
	got := seqs(t, ps.to(1, 5).got)
	slices.Sort(got)
	for i, s := range got {
		if s%3 == 2 || i > 0 && got[i-1] == s {
			t.Fatalf("messages sent: %v", got)
		}
	}
	if len(got) != 27 {
		t.Errorf("%d messages sent, want 27", len(got))
	}
}

// TestHeldEndWithNode: with the node goes what it held.
func TestHeldEndWithNode(t *testing.T) {
	for name, end := range map[string]func(n *Node){
		"kill": func(n *Node) { n.sw.Kill() }, "stop": (*Node).Stop,
		"crash": func(n *Node) { n.sw.Call(func() { panic("oops") }) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 4})
			defer w.close()
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Seq()%2 == 1 {
					n.Retain(m)
				}
				return Hold // events too
			})
			f := w.feeder(n, 1, 5, w.messages(1, 5, 20, 100))
			w.settle()
			if n.Held() < 8 {
				t.Fatalf("only %d messages held", n.Held())
			}
			end(n)
			w.settle()
			w.check()
			if !n.Ended() || n.Held() != 0 || len(w.ends[n]) != 1 || len(f.closed) != 1 {
				t.Errorf("ended %v with %d held; told %d times; lane closed %d times", n.Ended(), n.Held(), len(w.ends[n]), len(f.closed))
			}
		})
	}
}

// TestEndInProcess: the node ends in the middle of a call, and the verdict, or a
// message kept or made afterwards, keeps no slab.
func TestEndInProcess(t *testing.T) {
	for name, do := range map[string]func(n *Node, m *Msg) Verdict{
		"hold":     func(n *Node, m *Msg) Verdict { n.sw.Kill(); return Hold },
		"retain":   func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.Retain(m); return Done },
		"retained": func(n *Node, m *Msg) Verdict { n.Retain(m); n.sw.Kill(); return Done },
		"send":     func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.Send(m, nodeID(3)); return Done },
		"sent": func(n *Node, m *Msg) Verdict {
			n.Send(n.NewMsg(wire.TypeData, 5, 10), nodeID(3))
			n.sw.Kill()
			return Done
		},
		"make":      func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.NewMsg(wire.TypeData, 5, 10); return Done },
		"made":      func(n *Node, m *Msg) Verdict { n.Retain(n.NewMsg(wire.TypeData, 5, 10)); n.sw.Kill(); return Done },
		"keep made": func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.Retain(n.NewMsg(wire.TypeData, 5, 10)); return Done },
		"source":    func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.AddSource(5, &numbered{app: 5}); return Done },
		"stop":      func(n *Node, m *Msg) Verdict { n.Stop(); return Hold },
		"timer":     func(n *Node, m *Msg) Verdict { n.sw.Kill(); n.Cancel(1); return Done },
	} {
		for _, on := range []Type{wire.TypeData, wire.TypeStarted} {
			t.Run(name+" on "+on.String(), func(t *testing.T) {
				w := newWorld(t, Config{})
				defer w.close()
				w.ports(0)
				n := w.node(0, func(n *Node, m *Msg) Verdict {
					if m.Type() == on {
						return do(n, m)
					}
					return Done
				})
				w.feeder(n, 1, 5, w.messages(1, 5, 5, 100))
				w.settle()
				w.check()
				if !n.Ended() || w.crash(n) != nil {
					t.Errorf("ended: %v, crash %v", n.Ended(), w.crash(n))
				}
				if n.Held() != 0 || n.ins.n != 0 {
					t.Errorf("an ended node has %d messages and %d lanes", n.Held(), n.ins.n)
				}
			})
		}
	}
}

// TestMisuse: each mistake ends the node that made it with a sentence.
func TestMisuse(t *testing.T) {
	var old *Msg
	for _, c := range []struct {
		name, says string
		do         func(n *Node, m *Msg)
	}{
		{"send later", "Send of a message after the Process call it belonged to", func(n *Node, m *Msg) {
			n.sw.Call(func() { old = n.NewMsg(wire.TypeData, 5, 1) })
			n.Send(old, nodeID(1))
		}},
		{"send to nobody", "Send to the zero NodeID", func(n *Node, m *Msg) { n.Send(m, NodeID{}) }},
		{"set after send", "SetSeq on a message that this node did not make or has already sent: use Clone", func(n *Node, m *Msg) {
			x := n.NewMsg(wire.TypeData, 5, 1)
			n.Send(x, nodeID(1))
			x.SetSeq(1)
		}},
		{"params after send", "SetParams on a message", func(n *Node, m *Msg) {
			x := n.NewMsg(wire.TypePing, 0, 0)
			n.Send(x, nodeID(1))
			x.SetParams(1, 2)
		}},
		{"set received", "SetSeq on a message", func(n *Node, m *Msg) { m.SetSeq(1) }},
		{"release current", "Release of a message that this node does not hold", func(n *Node, m *Msg) { n.Release(m) }},
		{"release twice", "Release of a message that this node does not hold", func(n *Node, m *Msg) {
			n.Retain(m)
			n.Release(m)
			n.Release(m)
		}},
		{"retain twice", "Retain of a message that is not the one being processed", func(n *Node, m *Msg) {
			n.Retain(m)
			n.Retain(m)
		}},
		{"remake a part", "Remake of 24 bytes that are not one whole message", func(n *Node, m *Msg) { n.Remake(m.Frame()[:24]) }},
		{"remake more", "bytes that are not one whole message", func(n *Node, m *Msg) { n.Remake(append(slices.Clone(m.Frame()), 0)) }},
		{"remake nothing", "Remake of 0 bytes that are not one whole message", func(n *Node, m *Msg) { n.Remake(nil) }},
		{"remake a hello", "Remake of a type that only the engine makes: hello", func(n *Node, m *Msg) {
			frame := make([]byte, wire.HeaderSize)
			wire.PutHeader(frame, wire.Header{Type: wire.TypeHello})
			n.Remake(frame)
		}},
		{"negative payload", "NewMsg with a payload below 0", func(n *Node, m *Msg) { n.NewMsg(wire.TypeData, 5, -1) }},
		{"large payload", "above Config.MaxPayload", func(n *Node, m *Msg) { n.NewMsg(wire.TypeData, 5, 1<<20+1) }},
		{"local type", "NewMsg of a type that only the engine makes: timer", func(n *Node, m *Msg) { n.NewMsg(wire.TypeTimer, 5, 1) }},
		{"hello", "NewMsg of a type that only the engine makes: hello", func(n *Node, m *Msg) { n.NewMsg(wire.TypeHello, 5, 1) }},
		{"no link event", "Link of a message that is no link event: data", func(n *Node, m *Msg) { m.Link() }},
		{"weight 0", "SetWeight with a weight outside", func(n *Node, m *Msg) { n.SetWeight(nodeID(1), 5, 0) }},
		{"weight", "SetWeight with a weight outside", func(n *Node, m *Msg) { n.SetWeight(nodeID(1), 5, MaxWeight+1) }},
		{"timer id", "After with a timer id of 2^63 or more", func(n *Node, m *Msg) { n.After(1, 1<<63) }},
		{"source of 0", "AddSource with application 0", func(n *Node, m *Msg) { n.AddSource(0, &numbered{}) }},
		{"start again", "Start of a node that was started before", func(n *Node, m *Msg) { n.sw.Start() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			w.ports(endless)
			n := w.node(0, func(n *Node, m *Msg) Verdict {
				if m.Type() == wire.TypeData {
					c.do(n, m)
				}
				return Done
			})
			w.feeder(n, 1, 5, w.messages(1, 5, 2, 10))
			w.settle()
			crash := w.crash(n)
			if crash == nil {
				t.Fatal("nothing happened")
			}
			if text := fmt.Sprint(crash.Value); !strings.Contains(text, c.says) || !strings.HasPrefix(text, "core: ") {
				t.Errorf("the panic says %v", crash.Value)
			}
			if len(crash.Stack) == 0 {
				t.Error("the crash has no stack")
			}
		})
	}
}

// TestLargestMessages: the largest message that a node may make passes to another
// with the same limits, whatever the form of its address.
func TestLargestMessages(t *testing.T) {
	for _, addr := range []string{"10.9.9.9:7000", "[2001:db8::9]:7000"} {
		t.Run(addr, func(t *testing.T) {
			const most = 5000
			w := newWorld(t, Config{MaxPayload: most})
			defer w.close()
			got := 0
			sink := w.node(0, func(_ *Node, m *Msg) Verdict {
				if m.Type() == wire.TypeData {
					got += len(m.Payload())
				}
				return Done
			})
			id, err := ParseNodeID(addr)
			if err != nil {
				t.Fatal(err)
			}
			n := w.sh.NewNode(id, &algo{}, Rand(1))
			w.nodes = append(w.nodes, n.node)
			n.sw.Start()
			sizes := 0
			for size := most - 20; size <= most; size++ {
				n.sw.Call(func() {
					defer func() { _ = recover() }() // too large for this node
					m := n.NewMsg(wire.TypeData, 5, size)
					sizes += size
					clear(m.Payload())
					n.Send(m, sink.ID())
				})
			}
			w.settle()
			if got != sizes || len(w.warns) > 0 {
				t.Errorf("%d bytes made, %d arrived; warnings: %v", sizes, got, w.warns)
			}
		})
	}
}

// TestKeepProperty holds, retains, makes, sends and releases at random.
func TestKeepProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{QueueMsgs: rapid.IntRange(1, 5).Draw(t, "queue messages")})
		defer w.close()
		ps := w.ports(endless)
		var kept []*Msg
		seen, sent := 0, 0
		choose := func(label string, n int) int { return rapid.IntRange(0, n).Draw(t, label) }
		release := func(n *Node) {
			for len(kept) > 0 && choose("release", 2) > 0 {
				i := choose("which", len(kept)-1)
				checkPayload(t, kept[i])
				if choose("send before", 1) == 1 {
					n.Send(kept[i], nodeID(1))
					sent++
				}
				n.Release(kept[i])
				kept = slices.Delete(kept, i, i+1)
			}
		}
		n := w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() != wire.TypeData {
				return Done
			}
			seen++
			v := Done
			switch choose("verdict", 3) {
			case 0:
				n.Retain(m)
				kept = append(kept, m)
			case 1:
				kept = append(kept, m)
				v = Hold
			case 2:
				n.Send(m, nodeID(1))
				sent++
			case 3:
				c := n.Clone(m)
				if choose("retain clone", 1) == 1 {
					n.Retain(c)
					kept = append(kept, c)
				}
				n.Send(c, nodeID(1))
				sent++
			}
			checkPayload(t, m)
			if v != Hold {
				release(n)
			}
			return v
		})
		f := w.feeder(n, 9, 5)
		total := 0
		for range rapid.IntRange(1, 8).Draw(t, "runs") {
			if !f.lane.Busy() {
				k := 1 + choose("messages", 9)
				total += k
				f.give(w.messages(9, 5, k, 60))
			}
			w.settle()
			w.check()
			n.sw.Call(func() { release(n) })
			w.check()
		}
		for range 1000 {
			w.settle()
			if len(kept) == 0 {
				break
			}
			n.Release(kept[0])
			kept = kept[1:]
			w.check()
		}
		arrived := 0
		if p := ps.to(1, 5); p != nil {
			fs, _ := frames(t, p.got)
			arrived = len(fs)
		}
		if seen != total || arrived != sent || n.Held() != 0 {
			t.Fatalf("%d of %d messages seen, %d of %d arrived, %d held", seen, total, arrived, sent, n.Held())
		}
	})
}
