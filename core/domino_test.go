package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/core/wire"
)

// dominoes is a chain 0, 1, ... whose node 0 has a source of each application.
func dominoes(w *world, length int, apps ...uint32) (nodes []*Node, books []*journal) {
	for i := range length {
		j := &journal{breaks: true}
		next := relay(i + 1)
		if i == length-1 {
			next = relay()
		}
		nodes, books = append(nodes, w.recorded(i, j, next)), append(books, j)
	}
	for _, app := range apps {
		nodes[0].AddSource(app, &numbered{w: w, rng: Rand(1), app: app, limit: 1000, burst: 3})
	}
	for range 10 {
		w.settle()
		w.sh.Inject()
	}
	w.settle()
	for _, j := range books {
		j.take()
	}
	return nodes, books
}

func breaks(lines []string) (out []string) {
	for _, l := range lines {
		if strings.HasPrefix(l, "broken") {
			out = append(out, l)
		}
	}
	return out
}

// TestDomino: when a node of a chain fails, every node behind it is told once for
// each session, in order with its data, and closes the lanes behind it.
func TestDomino(t *testing.T) {
	for _, mode := range []LaneMode{LanePerApp, LaneShared} {
		for _, how := range []string{"kill", "crash", "stop"} {
			t.Run(fmt.Sprintf("%s, lanes %d", how, mode), func(t *testing.T) {
				w := newWorld(t, Config{Lanes: mode})
				defer w.close()
				nodes, books := dominoes(w, 7, 5, 6)
				switch how {
				case "kill":
					nodes[2].sw.Kill()
				case "crash":
					nodes[2].sw.Call(func() { panic("oops") })
				default:
					nodes[2].Stop()
				}
				w.settle()
				w.check()
				why := "reset"
				if how == "stop" {
					why = "stopped"
				}
				for i, j := range books[3:] {
					got := breaks(j.take())
					for _, app := range []uint32{5, 6} {
						line := fmt.Sprintf("broken-source %v/%d upstream: %s, lost 0", nodeID(2), app, why)
						if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != line })); n != 1 {
							t.Errorf("node %d was told %q, want %q once", 3+i, got, line)
						}
					}
				}
				for i, n := range nodes[3:] {
					for _, l := range n.Stats().Downstream {
						if l.Up && mode == LanePerApp || l.LostMsgs != 0 {
							t.Errorf("node %d still has %+v", 3+i, l)
						}
					}
				}
				if got := breaks(books[1].take()); got != nil {
					t.Errorf("the node before it was told %q", got)
				}
			})
		}
	}
}

// TestDominoSparesOthers: what another upstream or a local source still brings
// goes on, and so do other sessions of the same nodes.
func TestDominoSparesOthers(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	j := &journal{breaks: true}
	n := w.recorded(0, j, relay(1))
	a, b := w.feeder(n, 8, 5, w.messages(8, 5, 2, 0)), w.feeder(n, 9, 5, w.messages(9, 5, 2, 0))
	other := w.feeder(n, 8, 6, w.messages(8, 6, 2, 0))
	n.AddSource(7, &numbered{w: w, rng: Rand(1), app: 7, limit: 100, burst: 1})
	alone := w.feeder(n, 9, 7, w.messages(9, 7, 2, 0))
	w.settle()
	w.sh.Inject()
	w.settle()
	a.lane.End(ReasonReset, nil)
	alone.lane.End(ReasonTimeout, nil)
	w.settle()
	if got := breaks(j.take()); got != nil || !ps.to(1, 5).lane.Open() || !ps.to(1, 6).lane.Open() || !ps.to(1, 7).lane.Open() {
		t.Errorf("told %q with an upstream left", got)
	}
	b.lane.End(ReasonReset, nil)
	w.settle()
	w.check()
	sameLines(t, "the last upstream", breaks(j.take()), "broken-source 10.0.0.9:7000/5 upstream: reset, lost 0")
	fs, _ := frames(t, ps.to(1, 5).got)
	if last := fs[len(fs)-1]; wire.TypeOf(last) != wire.TypeBrokenSource || wire.Sender(last) != nodeID(9) || len(fs) != 5 {
		t.Errorf("%d frames were passed on, the last is a %v of %v", len(fs), wire.TypeOf(last), wire.Sender(last))
	}
	if !slices.Equal(ps.to(1, 5).closed, []CloseHow{CloseGraceful}) || ps.to(1, 6).closed != nil || other.lane.Closed() {
		t.Errorf("closed %v, %v", ps.to(1, 5).closed, ps.to(1, 6).closed)
	}
	// The session comes back, and with it the lane.
	w.feeder(n, 8, 5, w.messages(8, 5, 1, 0))
	w.pass(1)
	if !ps.to(1, 5).lane.Open() || len(seqs(t, ps.to(1, 5).got)) != 1 {
		t.Errorf("a session that has come back is sent as %v", seqs(t, ps.to(1, 5).got))
	}
}

// TestDominoWaitsForData: the break comes behind messages that wait for room, and
// the lane closes when the last has left.
func TestDominoWaitsForData(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	f := w.feeder(n, 9, 5, w.messages(9, 5, 4, 0))
	w.settle()
	f.lane.End(ReasonReset, nil)
	for i := range 5 {
		if len(ps.to(1, 5).closed) != 0 {
			t.Fatalf("closed after %d messages", i)
		}
		ps.to(1, 5).give(wire.HeaderSize)
		w.settle()
		w.check()
	}
	fs, _ := frames(t, ps.to(1, 5).got)
	if len(fs) != 5 || wire.TypeOf(fs[4]) != wire.TypeBrokenSource || !slices.Equal(ps.to(1, 5).closed, []CloseHow{CloseGraceful}) {
		t.Errorf("sent %d frames, closed %v", len(fs), ps.to(1, 5).closed)
	}
}

// TestSessionEndIsNoBreak: a lane that fails after its session has ended breaks
// nothing, unless the session has begun anew.
func TestSessionEndIsNoBreak(t *testing.T) {
	for _, again := range []bool{false, true} {
		for _, lane := range []uint32{5, wire.SharedApp} {
			cfg := Config{}
			if lane == wire.SharedApp {
				cfg.Lanes = LaneShared
			}
			w := newWorld(t, cfg)
			w.ports(endless)
			j := &journal{breaks: true}
			n := w.recorded(0, j, relay(1))
			f := w.feeder(n, 9, lane, w.messages(9, 5, 2, 0), w.makeRun(spec{typ: wire.TypeSessionEnd, app: 5}))
			if again {
				f.give(w.messages(9, 5, 1, 0))
			}
			w.settle()
			f.lane.End(ReasonReset, nil)
			w.settle()
			if got := breaks(j.take()); (len(got) == 1) != again {
				t.Errorf("lane %d, again %v: told %q", lane, again, got)
			}
			w.close()
		}
	}
}

// TestRepair: an algorithm that repairs a session keeps its lanes.
func TestRepair(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	forward := relay(1)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeBrokenSource {
			n.Repair()
		}
		return forward(n, m)
	})
	f := w.feeder(n, 9, 5, w.messages(9, 5, 2, 0))
	w.settle()
	f.lane.End(ReasonReset, nil)
	w.settle()
	if fs, _ := frames(t, ps.to(1, 5).got); len(fs) != 2 || !ps.to(1, 5).lane.Open() {
		t.Errorf("%d frames were sent, closed %v", len(fs), ps.to(1, 5).closed)
	}
}

// TestByeOfUpstream: the last word ends the lane, is no message, and nothing may
// follow it.
func TestByeOfUpstream(t *testing.T) {
	bye := func(y wire.Bye) []byte { return y.AppendTo(nil) }
	for _, c := range []struct {
		name string
		tail []byte
		why  string
		err  error
	}{
		{"in order", bye(wire.Bye{App: 5, Msgs: 2, Bytes: 48}), "closed", nil},
		{"failed", bye(wire.Bye{App: 5, Failed: true, Msgs: 2, Bytes: 48}), "reset", nil},
		{"another lane's", bye(wire.Bye{App: 6, Msgs: 2, Bytes: 48}), "protocol violation", ErrForeignApp},
		{"not the last", append(bye(wire.Bye{App: 5, Msgs: 2, Bytes: 48}), 0), "protocol violation", ErrAfterBye},
		{"counts more", bye(wire.Bye{App: 5, Msgs: 3, Bytes: 72}), "protocol violation", ErrByeCount},
		{"counts less", bye(wire.Bye{App: 5, Msgs: 1, Bytes: 24}), "protocol violation", ErrByeCount},
		{"counts other bytes", bye(wire.Bye{App: 5, Msgs: 2, Bytes: 49}), "protocol violation", ErrByeCount},
		{"counts itself", bye(wire.Bye{App: 5, Msgs: 3, Bytes: 48 + wire.ByeSize}), "protocol violation", ErrByeCount},
		{"counts nothing and failed", bye(wire.Bye{App: 5, Failed: true}), "protocol violation", ErrByeCount},
		{"malformed", bye(wire.Bye{App: 5})[:wire.HeaderSize], "protocol violation", wire.ErrShort},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			var j journal
			n := w.recorded(0, &j, nil)
			r := w.messages(9, 5, 2, 0)
			if c.name == "malformed" {
				c.tail[3] = 0 // no payload
			}
			r.Len += uint32(copy(r.Slab.Bytes()[r.Len:], c.tail))
			f := w.feeder(n, 9, 5, r)
			w.settle()
			w.check()
			got := j.take()
			if last := got[len(got)-1]; !strings.HasPrefix(last, "link-down 10.0.0.9:7000/5 upstream: "+c.why) {
				t.Errorf("the last message is %q", last)
			}
			if took := f.lane.Taken(); took != (Tally{2, 2 * wire.HeaderSize}) && c.err != wire.ErrShort {
				t.Errorf("taken %+v", took)
			}
			if !strings.HasSuffix(got[len(got)-1], "lost 0") {
				t.Errorf("told %q, and no message is lost", got[len(got)-1])
			}
			if c.err != nil && (len(w.warns) != 1 || !strings.Contains(w.warns[0].Error(), c.err.Error())) {
				t.Errorf("warned of %v", w.warns)
			}
		})
	}
}

// TestByeIsNoLostMessage: a lane that ends for another reason before the last word
// of its upstream is switched has lost the messages before it, and no more.
func TestByeIsNoLostMessage(t *testing.T) {
	for name, end := range map[string]func(n *Node, l *InLane){
		"killed":    func(n *Node, _ *InLane) { n.sw.Kill() },
		"stopped":   func(n *Node, _ *InLane) { n.Stop(); n.sw.Kill() },
		"violation": func(_ *Node, l *InLane) { l.End(ReasonProtocol, wire.ErrTooBig) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 1})
			defer w.close()
			w.ports(0)
			n := w.node(0, relay(1))
			r := w.messages(9, 5, 6, 10) // 1 is queued, 1 waits, 4 are not switched
			bye := wire.Bye{App: 5, Msgs: 6, Bytes: uint64(r.Len)}.AppendTo(nil)
			sent := Tally{6, uint64(r.Len)}
			r.Len += uint32(copy(r.Slab.Bytes()[r.Len:], bye))
			f := w.feeder(n, 9, 5, r)
			w.settle()
			end(n, f.lane)
			w.settle()
			if took, lost := f.lane.Taken(), n.Stats().Lost.InMsgs; took != sent || lost != 4 {
				t.Errorf("%+v taken, want %+v; %d lost, want 4", took, sent, lost)
			}
		})
	}
}

// TestDominoPassesAFullLane: a lane that drops what the algorithm makes for it does
// not drop the break.
func TestDominoPassesAFullLane(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1, OverflowMsgs: 2})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	f := w.feeder(n, 9, 5, w.messages(9, 5, 1, 0))
	w.settle()
	n.sw.Call(func() {
		for range 10 {
			n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(1))
		}
	})
	f.lane.End(ReasonReset, nil)
	w.settle()
	w.check()
	for range 10 {
		ps.to(1, 5).give(1 << 20)
		w.settle()
	}
	fs, _ := frames(t, ps.to(1, 5).got)
	if len(fs) != 4 || wire.TypeOf(fs[3]) != wire.TypeBrokenSource || !slices.Equal(ps.to(1, 5).closed, []CloseHow{CloseGraceful}) {
		t.Errorf("sent %d frames, closed %v", len(fs), ps.to(1, 5).closed)
	}
}
