package core

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// urgentSent is a message of the test, by its number.
type urgentSent struct {
	urgent    bool
	delivered int  // before it was sent
	alone     bool // no urgent one waited then
}

// Whatever is sent, and however fast it leaves: urgent messages stay in order, and so do the others; an urgent one waits for what
// is in the queue and one more, if no urgent one waits before it; after four that pass others one of those goes; what does not arrive is
// counted; and no more waits than without urgent ones.
func TestUrgentMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			QueueMsgs:     rapid.SampledFrom([]int{1, 5, 40, 200}).Draw(t, "queue"),
			OverflowMsgs:  rapid.SampledFrom([]int{1, 10, 100}).Draw(t, "overflow"),
			OverflowBytes: rapid.SampledFrom([]int{200, 3000, 0}).Draw(t, "overflow bytes"),
		}
		w := newWorld(t, cfg)
		defer w.close()
		ps := w.ports(0)
		n := w.node(0, func(*Node, *Msg) Verdict { return Done })
		var sent []urgentSent
		received := func() []uint64 {
			if p := ps.to(1, 0); p != nil {
				return seqs(t, p.got)
			}
			return nil
		}
		send := func(urgent bool) {
			l := n.outLane(nodeID(1), 0)
			alone := l == nil || l.urgency.waiting == 0
			n.sw.Call(func() {
				m := n.NewMsg(wire.FirstUserType, 0, 20)
				fill(m.Payload(), spec{})
				m.SetSeq(uint64(len(sent)))
				sent = append(sent, urgentSent{urgent, len(received()), alone})
				if urgent {
					n.SendUrgent(m, nodeID(1))
				} else {
					n.Send(m, nodeID(1))
				}
			})
		}
		send(true) // the queue is short from here on
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		share := rapid.SampledFrom([]float64{0, 0.1, 0.5, 0.9}).Draw(t, "share of urgent ones")
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if rng.IntN(4) == 0 {
				ps.to(1, 0).give(rng.IntN(300))
			}
			send(rng.Float64() < share)
			l := n.outLane(nodeID(1), 0)
			bound := n.shard.cfg.OverflowMsgs + n.shard.cfg.QueueMsgs
			if got := l.msgs + l.overMsgs; got > bound || l.overMsgs != len(l.over)-l.overHead {
				t.Fatalf("%d messages wait, of which %d behind the queue, and %d are counted; the bound is %d", got, len(l.over)-l.overHead, l.overMsgs, bound)
			}
		}
		ps.to(1, 0).give(endless)
		w.settle()
		got := received()
		if lost := n.Stats().Lost.OutMsgs; uint64(len(got))+lost != uint64(len(sent)) {
			t.Fatalf("of %d messages %d came and %d are lost", len(sent), len(got), lost)
		}
		var last [2]uint64
		row := 0
		for i, seq := range got {
			s := sent[seq]
			class := 0
			if s.urgent {
				class = 1
			}
			if i > 0 && last[class] > seq {
				t.Fatalf("message %d came behind %d, both urgent: %v", seq, last[class], s.urgent)
			}
			last[class] = seq
			if s.urgent && s.alone && i-s.delivered > min(urgentAhead, n.shard.cfg.QueueMsgs)+1 {
				t.Fatalf("urgent message %d waited for %d others", seq, i-s.delivered)
			}
			next := slices.IndexFunc(got[i:], func(seq uint64) bool { return !sent[seq].urgent })
			if row++; !s.urgent || next < 0 || got[i+next] > seq { // it passes nobody
				row = 0
			}
			if row > urgentRow {
				t.Fatalf("urgent message %d is the %dth in a row to pass %d", seq, row, got[i+next])
			}
		}
	})
}

// When no more may wait, an urgent message takes the place of the last that is not, and one that finds none is dropped.
func TestUrgentMessagesInFullQueue(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 2, OverflowMsgs: 3})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, func(*Node, *Msg) Verdict { return Done })
	send := func(seq uint64, how func(*Msg, NodeID)) {
		n.sw.Call(func() {
			m := n.NewMsg(wire.FirstUserType, 0, 0)
			m.SetSeq(seq)
			how(m, nodeID(1))
		})
	}
	for seq := range uint64(5) { // 0 and 1 in the queue, 2 to 4 behind it
		send(seq, n.Send)
	}
	for seq := range uint64(4) { // take the places of 4, 3 and 2; there is none for the last
		send(10+seq, n.SendUrgent)
	}
	send(20, n.Send)
	if lost := n.Stats().Lost.OutMsgs; lost != 5 {
		t.Errorf("%d messages are lost, want 5", lost)
	}
	ps.to(1, 0).give(endless)
	w.settle()
	if got := seqs(t, ps.to(1, 0).got); !slices.Equal(got, []uint64{0, 1, 10, 11, 12}) {
		t.Errorf("%v came, want 0 1 10 11 12", got)
	}
	w.pass(lossDelay)
}

// Data is not urgent.
func TestUrgentDataPanics(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeTimer {
			n.SendUrgent(n.NewMsg(wire.TypeData, 1, 0), nodeID(1))
		}
		return Done
	})
	n.sw.Call(func() { n.After(0, 1) })
	w.pass(1)
	if w.crash(n) == nil {
		t.Error("urgent data was taken")
	}
}

// An urgent message to a lane with room allocates no more than another one.
func TestUrgentAllocatesNothing(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("builds that trace messages, as those under -race do, allocate for it")
	}
	w := newWorld(t, Config{})
	defer w.close()
	ps := w.ports(endless)
	n := w.node(0, func(*Node, *Msg) Verdict { return Done })
	with := func(how func(*Msg, NodeID)) float64 {
		return testing.AllocsPerRun(100, func() {
			n.sw.Call(func() { how(n.NewMsg(wire.FirstUserType, 0, 0), nodeID(1)) })
			w.settle()
			ps.to(1, 0).got = ps.to(1, 0).got[:0]
		})
	}
	with(n.SendUrgent)
	if got, want := with(n.SendUrgent), with(n.Send); got > want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}
