package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// TestCloseLink: what was sent is delivered, then both ends are told and have forgotten
// the link, whatever state its lanes are in, and the next message opens it again.
func TestCloseLink(t *testing.T) {
	for _, c := range []struct {
		name string
		have func(w *world, n *Node)
		got  int // by the other end
		told uint64
	}{
		{"nothing", func(*world, *Node) {}, 0, 0},
		{"open lanes at rest", func(w *world, n *Node) {
			for app := range uint32(3) {
				w.tells(n, 1, app)
			}
		}, 3, 0},
		{"messages just sent", func(_ *world, n *Node) {
			n.sw.Call(func() {
				for i := range 30 {
					n.Send(n.NewMsg(wire.TypeData, uint32(i%3), 10), nodeID(1))
				}
			})
		}, 30, 0},
		{"lanes that are down", func(w *world, n *Node) {
			dial := w.dial
			w.dial = func(l *OutLane) { l.Fail(ReasonRefused) }
			for app := range uint32(3) {
				w.tells(n, 1, app)
			}
			w.dial = dial
		}, 0, 3},
		{"one lane up and one down", func(w *world, n *Node) {
			w.tells(n, 1, 1)
			dial := w.dial
			w.dial = func(l *OutLane) { l.Fail(ReasonRefused) }
			w.tells(n, 1, 2)
			w.dial = dial
		}, 1, 1},
		{"an emulated link without lanes", func(_ *world, n *Node) { n.SetLaneWeight(nodeID(1), 5, 3) }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{QueueMsgs: 4})
			defer w.close()
			got, told := 0, uint64(0)
			n := w.node(0, func(_ *Node, m *Msg) Verdict {
				if m.Type() == wire.TypeLinkDown || m.Type() == wire.TypeSendFailed {
					told += m.Link().Lost
				}
				return Done
			})
			other := w.node(1, func(_ *Node, m *Msg) Verdict {
				if m.Type() == wire.TypeData {
					got++
				}
				return Done
			})
			w.settle()
			c.have(w, n)
			w.tells(n, 2, 1) // nobody is there, and that is another link
			n.CloseLink(nodeID(1))
			n.CloseLink(nodeID(1))
			w.settle()
			w.check()
			w.pass(100 * time.Millisecond)
			if n.knownLink(nodeID(1)) != nil || len(n.links) != 1 || len(other.ins) != 0 {
				t.Errorf("%d links and %d lanes from upstream are left", len(n.links)-1, len(other.ins))
			}
			if got != c.got || told != c.told+1 {
				t.Errorf("%d messages came and %d were told lost, want %d and %d", got, told-1, c.got, c.told)
			}
			n.CloseLink(nodeID(2))
			w.settle()
			if len(n.links) != 0 {
				t.Errorf("%d links are left of none", len(n.links))
			}
			w.tells(n, 1, 1)
			if got != c.got+1 {
				t.Error("the link does not open again")
			}
		})
	}
}

// TestCloseLinkWhileDialling: it waits for the connection, delivers, and closes.
func TestCloseLinkWhileDialling(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		w := newWorld(t, Config{IdleTimeout: time.Minute})
		var dialled *OutLane
		w.dial = func(l *OutLane) { dialled = l }
		var j journal
		n := w.recorded(0, &j, nil)
		w.tells(n, 1, 1)
		n.CloseLink(nodeID(1))
		w.settle()
		j.take()
		p := &port{lane: dialled, room: endless}
		if refuse {
			dialled.Fail(ReasonRefused)
		} else {
			dialled.Opened(p)
		}
		w.settle()
		w.check()
		if refuse {
			sameLines(t, "refused", j.take(), "link-down 10.0.0.1:7000/1 downstream: refused, lost 1")
		} else if len(seqs(t, p.got)) != 1 || !slices.Equal(p.closed, []CloseHow{CloseGraceful}) || len(n.links) != 0 {
			t.Errorf("%d bytes sent, closed %v, %d links left", len(p.got), p.closed, len(n.links))
		}
		w.pass(3 * time.Minute)
		bare(t, n)
		w.close()
	}
}

// TestCloseUpstream: what has come is switched, the upstream is told, its weights are
// forgotten, and those of others are not.
func TestCloseUpstream(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	j := journal{breaks: true}
	n := w.recorded(0, &j, nil)
	for from := 8; from <= 9; from++ {
		n.SetWeight(nodeID(from), 5, 7)
		n.SetWeight(nodeID(from), 6, 3)
	}
	f, g := w.feeder(n, 9, 5, w.messages(9, 5, 3, 10)), w.feeder(n, 9, 6)
	other := w.feeder(n, 8, 5)
	n.CloseUpstream(nodeID(9))
	w.settle()
	w.check()
	lines := j.take()
	if data := slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !strings.HasPrefix(s, "data") }); len(data) != 3 {
		t.Errorf("of 3 messages %d were switched", len(data))
	}
	if !slices.Contains(lines, "link-down 10.0.0.9:7000/5 upstream: ended, lost 0") || !f.lane.Closed() || !g.lane.Closed() || other.lane.Closed() {
		t.Errorf("told %q", lines)
	}
	if len(n.weights) != 2 || n.weights.of(nodeID(8), 5) != 7 {
		t.Errorf("the weights are %v", n.weights)
	}
	if l := w.feeder(n, 9, 5).lane; l.weight != 1 {
		t.Errorf("a lane that comes later weighs %d", l.weight)
	}
}

// TestWeightsAreBounded: weights of upstreams that never come are forgotten, those of
// lanes that are there are not.
func TestWeightsAreBounded(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	n := w.node(0, nil)
	var lanes []*feeder
	for i := range 5 {
		lanes = append(lanes, w.feeder(n, 60_000+i, 1))
		n.SetWeight(nodeID(60_000+i), 1, i+2)
	}
	for i := range 10 * maxWeightRules {
		n.SetWeight(nodeID(i), 1, 5)
		if len(n.weights) > 2*maxWeightRules {
			t.Fatalf("%d rules are kept", len(n.weights))
		}
	}
	for i, f := range lanes {
		if n.weights.of(nodeID(60_000+i), 1) != i+2 || f.lane.weight != i+2 {
			t.Errorf("the weight of a lane that is there was forgotten: %d", f.lane.weight)
		}
	}
	n.SetWeight(nodeID(60_000), 1, 1)
	if _, kept := n.weights[laneKey{nodeID(60_000), 1}]; kept {
		t.Error("the default is kept as a rule")
	}
}
