package core

import (
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// TestTimers: messages come in the order of their times, a later After replaces
// an earlier one, and a cancelled timer is silent.
func TestTimers(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	type fired struct {
		id uint64
		at time.Duration
	}
	var got []fired
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch {
		case m.Type() != wire.TypeTimer:
		case m.TimerID() == 5 && len(got) < 5: // periodic
			n.After(time.Second, 5)
			fallthrough
		default:
			got = append(got, fired{m.TimerID(), n.Now()})
		}
		return Done
	})
	n.After(3*time.Second, 1)
	n.After(1*time.Second, 2)
	n.After(2*time.Second, 2) // replaces
	n.After(10*time.Second, 3)
	n.Cancel(3)
	n.Cancel(4) // unknown
	n.After(-time.Second, 6)
	n.After(time.Second, 5)
	n.After(time.Second, 1<<63-1)
	w.pass(20 * time.Second)
	s := time.Second
	want := []fired{{6, 0}, {5, s}, {1<<63 - 1, s}, {2, 2 * s}, {5, 2 * s}, {1, 3 * s}, {5, 3 * s}}
	if !slices.Equal(got, want) {
		t.Errorf("timers %v, want %v", got, want)
	}
}

// TestTimerTakenBack: a timer that was due already is silent too if it is
// cancelled, and comes once if it is set again.
func TestTimerTakenBack(t *testing.T) {
	for _, again := range []bool{false, true} {
		w := newWorld(t, Config{})
		var got []uint64
		n := w.node(0, func(n *Node, m *Msg) Verdict {
			if m.Type() != wire.TypeTimer {
				return Done
			}
			got = append(got, m.TimerID())
			if m.TimerID() == 1 {
				n.Cancel(2)
				if again {
					n.After(time.Second, 3)
				} else {
					n.Cancel(1) // the one being served
				}
			}
			return Done
		})
		w.settle()
		for id := uint64(1); id <= 4; id++ {
			n.sw.Fire(id)
		}
		w.pass(time.Minute)
		want := []uint64{1, 3, 4}
		if again {
			want = []uint64{1, 4, 3}
		}
		if !slices.Equal(got, want) {
			t.Errorf("set again %v: timers %v, want %v", again, got, want)
		}
		w.close()
	}
}

// TestNoReentry: whatever an algorithm does within Process, it is not called
// again before it has returned; what it caused comes in the next round.
func TestNoReentry(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1, OverflowMsgs: 1})
	defer w.close()
	refuse := func(l *OutLane) { l.Fail(ReasonRefused) }
	w.dial = refuse
	depth, rounds := 0, 0
	var j journal
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if depth++; depth > 1 {
			t.Fatal("Process was called from within itself")
		}
		defer func() { depth-- }()
		j.note(m)
		if m.Type() == wire.TypeStarted {
			x := n.NewMsg(wire.TypeData, 5, 0)
			n.Send(x, nodeID(1)) // refused at once
			w.dial = w.connect
			n.Send(x, n.ID()) // a lane to itself
			n.Send(x, n.ID()) // overflows
			n.Send(x, n.ID()) // fails
			n.After(0, 9)
			n.StopSource(5)
		}
		return Done
	})
	n.AddSource(5, &numbered{w: w, app: 5})
	served := w.sh.ServeNext()
	rounds++
	w.check()
	if got := j.take(); !served || !slices.Equal(got, []string{"started/0 #0"}) {
		t.Fatalf("the first round brought %v", got)
	}
	for w.sh.ServeNext() {
		rounds++
		w.check()
	}
	w.pass(time.Second)
	sameLines(t, "what Started caused", j.take(),
		"link-down 10.0.0.1:7000/5 downstream: refused, lost 0",
		"link-up 10.0.0.0:7000/5 upstream: none, lost 0",
		"link-up 10.0.0.0:7000/5 downstream: none, lost 0",
		"source-end 10.0.0.0:7000/5 upstream: ended, lost 0",
		"data/5 #0", "data/5 #0", "timer/0 #9",
		"send-failed 10.0.0.1:7000/5 downstream: refused, lost 1",
		"send-failed 10.0.0.0:7000/5 downstream: queue full, lost 1")
	if rounds > 10 {
		t.Errorf("it took %d rounds", rounds)
	}
}

// TestRoundsEnd: events that cause events do not keep a round going, and data has
// its turn between them.
func TestRoundsEnd(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	timers, data := 0, 0
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		switch m.Type() {
		case wire.TypeTimer:
			timers++
			n.sw.Fire(1) // an event that causes itself
		case wire.TypeData:
			data++
		}
		return Done
	})
	n.sw.Fire(1)
	f := w.feeder(n, 9, 5)
	for i := range 100 {
		f.give(w.makeRun(spec{sender: nodeID(9), app: 5, seq: uint64(i)}))
		if !w.sh.ServeNext() {
			t.Fatal("the node is not ready")
		}
		w.check()
		if timers != i+1 || data != i+1 {
			t.Fatalf("after %d rounds: %d timers, %d messages", i+1, timers, data)
		}
	}
	if cap(n.events) > 2*idleEvents {
		t.Errorf("room for %d events is kept", cap(n.events))
	}
}

// TestDeliver: a message from outside meets the algorithm as one made here.
func TestDeliver(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var kept *Msg
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeControl {
			if m.App() != 3 || m.Seq() != 4 || string(m.Payload()) != "hello" || m.Sender() != n.ID() || m.From() != (NodeID{}) {
				t.Errorf("delivered %d/%d %q from %v", m.App(), m.Seq(), m.Payload(), m.Sender())
			}
			kept = m
			return Hold
		}
		return Done
	})
	if !n.sw.Deliver(wire.TypeControl, 3, 4, []byte("hello")) || kept == nil || n.Held() != 1 {
		t.Error("nothing was delivered")
	}
	n.Release(kept)
	w.check()
	n.Stop()
	if n.sw.Deliver(wire.TypeControl, 3, 4, nil) {
		t.Error("a stopping node takes messages")
	}
}

// TestNothingBeforeStart: a node that was made and not started is served nothing.
func TestNothingBeforeStart(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	a := &algo{do: func(m *Msg) Verdict { j.note(m); return Done }}
	n := w.sh.NewNode(nodeID(0), a, Rand(1))
	w.nodes = append(w.nodes, n.node)
	if n.sw.Accept(nodeID(1), 5, &feeder{}) != nil || n.sw.Deliver(wire.TypeControl, 0, 0, nil) {
		t.Error("a node that was not started takes messages")
	}
	n.AddSource(5, &numbered{w: w, rng: Rand(1), app: 5, limit: 2, burst: 2})
	w.run()
	if len(j.lines) > 0 {
		t.Errorf("before its start the algorithm got %v", j.lines)
	}
	n.sw.Start()
	w.run()
	sameLines(t, "after the start", j.take(), "started/0 #0", "data/5 #0", "data/5 #1", "source-end 10.0.0.0:7000/5 upstream: ended, lost 0")
}

// TestNames: words for what goes into logs.
func TestNames(t *testing.T) {
	for r := ReasonNone; r <= ReasonNoRoom; r++ {
		if r.String() == "" || r.String() == "unknown" {
			t.Errorf("reason %d is called %q", r, r)
		}
	}
	if s := Reason(200).String(); s != "unknown" {
		t.Errorf("reason 200 is called %q", s)
	}
	if Upstream.String() != "upstream" || Downstream.String() != "downstream" {
		t.Error("directions have other names")
	}
	if CloseGraceful.Reason() != ReasonClosed || CloseAbort.Reason() != ReasonReset {
		t.Error("the peer sees another reason")
	}
}
