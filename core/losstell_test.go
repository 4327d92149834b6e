package core

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/core/wire"
)

// TestLossesAreToldInTime: whatever a lane goes through, what it has lost is told by
// LinkDown and SendFailed alone, within lossDelay, to the message.
func TestLossesAreToldInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{QueueMsgs: 3, OverflowMsgs: 2, RedialMin: 10 * time.Millisecond, RedialMax: 40 * time.Millisecond, IdleTimeout: time.Second})
		defer w.close()
		told := uint64(0)
		n := w.node(0, func(_ *Node, m *Msg) Verdict {
			switch m.Type() {
			case wire.TypeLinkUp:
				if m.Link().Lost != 0 {
					t.Fatalf("a link that is up tells of %d losses", m.Link().Lost)
				}
			case wire.TypeLinkDown, wire.TypeSendFailed:
				told += m.Link().Lost
			}
			return Done
		})
		var dialling *OutLane
		var p *port
		w.dial = func(l *OutLane) { dialling = l }
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 6).Draw(t, "step"); {
			case step <= 1:
				n.sw.Call(func() {
					for range rapid.IntRange(1, 8).Draw(t, "messages") {
						n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(1))
					}
				})
			case step == 2 && dialling != nil:
				l := dialling
				if dialling = nil; rapid.Bool().Draw(t, "refused") {
					l.Fail(ReasonRefused)
				} else {
					p = &port{lane: l, room: rapid.SampledFrom([]int{0, 30, endless}).Draw(t, "room")}
					l.Opened(p)
				}
			case step == 3 && p != nil && p.lane.tr == p:
				handed := p.lane.Handed()
				p.lane.FailTook(ReasonReset, Tally{handed.Msgs / 2, handed.Bytes / 2})
			case step == 4:
				n.CloseLink(nodeID(1))
			case step == 5:
				w.pass(time.Duration(rapid.SampledFrom([]int{1, 9, 50, 1500}).Draw(t, "pause")) * time.Millisecond)
			}
			w.settle()
			w.check()
			if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
				w.pass(lossDelay)
				if lost := n.Stats().Lost.OutMsgs; lost != told {
					t.Fatalf("%d messages are lost, %d told", lost, told)
				}
			}
		}
		w.pass(lossDelay)
		if lost := n.Stats().Lost.OutMsgs; lost != told {
			t.Fatalf("in the end %d messages are lost, %d told", lost, told)
		}
	})
}

// TestStoppingNodeIsTold: what a node loses while it stops it is told before it ends,
// and an algorithm that answers each loss with another message does not go on for ever.
func TestStoppingNodeIsTold(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	w.dial = func(l *OutLane) { l.Fail(ReasonRefused) }
	sent, told := uint64(0), uint64(0)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeLinkDown || m.Type() == wire.TypeSendFailed {
			if told += m.Link().Lost; told > 100 {
				t.Fatal("it goes on for ever")
			}
			n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(1))
		}
		return Done
	})
	n.sw.Call(func() {
		for range 5 {
			n.Send(n.NewMsg(wire.TypeData, 5, 0), nodeID(1))
			sent++
		}
	})
	n.Stop()
	w.settle()
	if !n.Ended() || told < sent {
		t.Errorf("ended %v, told of %d losses of %d", n.Ended(), told, sent)
	}
}

// TestStopWithLossesThatWereTold: losses that link-down has told of meanwhile do not keep a stopping node from its end.
func TestStopWithLossesThatWereTold(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	w.ports(0)
	n := w.node(0, func(*Node, *Msg) Verdict { return Done })
	n.sw.Call(func() { n.Send(n.NewMsg(wire.FirstUserType, 0, 0), nodeID(1)) })
	w.settle()
	l := n.outLane(nodeID(1), 0)
	l.Fail(ReasonReset)
	w.settle()
	l.lose(1, 24)
	l.tellLost(ReasonReset)
	l.untold() // by link-down
	n.sw.Stop()
	w.settle()
	if !n.Ended() {
		t.Error("the node waits for losses to be told that were told")
	}
}
