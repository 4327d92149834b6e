package core

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/qos"
	"github.com/ioverlay/ioverlay/core/wire"
)

// metered is a port whose system tells what the test wants it to.
type metered struct {
	*port
	k qos.Kernel
}

func (m *metered) Kernel(*OutLane) (qos.Kernel, bool) { return m.k, true }

// watched is a node with one lane to a metered port, that is fed by the test.
func watched(w *world) (m *metered, f *feeder, j *journal) {
	m, j = &metered{port: &port{}}, &journal{}
	w.dial = func(l *OutLane) {
		m.lane = l
		l.Opened(m)
	}
	n := w.recorded(0, j, relay(1))
	f = w.feeder(n, 9, 5)
	w.settle()
	j.take()
	return m, f, j
}

// TestStall: a lane with data to send that does not move is told of once, and once
// more when it moves. A lane that moves slowly, and one at rest, are not.
func TestStall(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	m, f, j := watched(w)
	f.give(w.messages(9, 5, 10, 0))
	w.pass(900 * time.Millisecond)
	if got := slices.DeleteFunc(j.take(), func(s string) bool { return !strings.HasPrefix(s, "link-stalled") }); len(got) != 0 {
		t.Fatalf("too early: %q", got)
	}
	w.pass(time.Minute)
	sameLines(t, "stalled", j.take(), "link-stalled 10.0.0.1:7000/5 downstream: none, lost 0")
	m.give(1)
	w.pass(900 * time.Millisecond)
	sameLines(t, "recovered", j.take(), "link-recovered 10.0.0.1:7000/5 downstream: none, lost 0")
	for range 50 { // a byte now and then is progress
		m.give(1)
		w.pass(900 * time.Millisecond)
	}
	sameLines(t, "slow", j.take())
	m.give(endless)
	w.pass(time.Hour)
	sameLines(t, "at rest", j.take())
	if len(w.timers) != 0 {
		t.Errorf("at rest there are %d timers", len(w.timers))
	}
}

// TestStallInTheKernel: what the kernel has and the peer does not take is a stall
// too, and no failure as long as the peer's system answers.
func TestStallInTheKernel(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	m, f, j := watched(w)
	m.room = endless
	m.k = qos.Kernel{Unacked: 240, SinceAck: 10 * time.Millisecond, Unanswered: true}
	f.give(w.messages(9, 5, 10, 0))
	w.settle()
	j.take()
	w.pass(time.Hour)
	sameLines(t, "stalled", j.take(), "link-stalled 10.0.0.1:7000/5 downstream: none, lost 0")
	m.k = qos.Kernel{Acked: 240}
	w.pass(time.Second)
	sameLines(t, "recovered", j.take(), "link-recovered 10.0.0.1:7000/5 downstream: none, lost 0")
	if len(w.timers) != 0 {
		t.Errorf("at rest there are %d timers", len(w.timers))
	}
}

// TestFailTimeout: a peer whose system answers nothing loses the lane, and what it
// has not acknowledged is lost.
func TestFailTimeout(t *testing.T) {
	w := newWorld(t, Config{FailTimeout: 3 * time.Second})
	defer w.close()
	m, f, j := watched(w)
	m.room = endless
	m.k = qos.Kernel{Acked: 100, Unacked: 140, SinceAck: time.Hour, Unanswered: true}
	f.give(w.messages(9, 5, 10, 0))
	w.settle()
	j.take()
	w.pass(2900 * time.Millisecond)
	sameLines(t, "before", j.take(), "link-stalled 10.0.0.1:7000/5 downstream: none, lost 0")
	w.pass(time.Second)
	sameLines(t, "after", j.take(), "link-down 10.0.0.1:7000/5 downstream: timeout, lost 6")
	if s := outStats(f.lane.node, 1, 5); s.SentMsgs != 4 || s.SentBytes != 96 || s.LostMsgs != 6 || s.LostBytes != 144 {
		t.Errorf("%+v", s)
	}
	w.pass(DefaultIdleTimeout) // and then the lane is forgotten
	if !slices.Equal(m.closed, []CloseHow{CloseDead}) || len(w.timers) != 0 {
		t.Errorf("closed %v, %d timers", m.closed, len(w.timers))
	}
}

// TestFailTimeoutAfterRest: a peer that has owed nothing for long, and whose first answer is late, has not owed it since nobody looked:
// neither a failure nor a stall is told before its time.
func TestFailTimeoutAfterRest(t *testing.T) {
	w := newWorld(t, Config{FailTimeout: 3 * time.Second})
	defer w.close()
	m, f, j := watched(w)
	m.room = endless
	f.give(w.messages(9, 5, 10, 0))
	w.settle()
	m.k = qos.Kernel{Acked: 240, SinceAck: 10 * time.Millisecond}
	w.pass(30 * time.Second)
	j.take()
	m.k = qos.Kernel{Acked: 240, Unacked: 24, SinceAck: 30 * time.Second, Unanswered: true} // the first segment was lost, and is sent again
	f.give(w.messages(9, 5, 1, 0))
	w.settle()
	sameLines(t, "what it sends", j.take(), "data/5 #0")
	w.pass(999 * time.Millisecond)
	sameLines(t, "before a stall", j.take())
	w.pass(1900 * time.Millisecond)
	sameLines(t, "before the failure", j.take(), "link-stalled 10.0.0.1:7000/5 downstream: none, lost 0")
	w.pass(time.Second)
	sameLines(t, "after", j.take(), "link-down 10.0.0.1:7000/5 downstream: timeout, lost 1")
}

// TestSilence: a stream that falls silent is told of, and told of again when it
// goes on; one that has ended, one without a history, and one that is held up here
// are not.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages int
		after    func(w *world, f *feeder)
		want     bool
	}{
		{"falls silent", 20, func(*world, *feeder) {}, true},
		{"no history", 5, func(*world, *feeder) {}, false},
		{"ended", 20, func(w *world, f *feeder) { f.give(w.makeRun(spec{typ: wire.TypeSessionEnd, app: 5})) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			m, f, j := watched(w)
			m.room = endless
			for i := range c.messages {
				f.give(w.messages(9, 5, 1, 0))
				w.pass(time.Duration(100+i%3*300) * time.Millisecond)
			}
			c.after(w, f)
			w.settle()
			j.take()
			w.pass(time.Hour)
			var want []string
			if c.want {
				want = []string{"link-stalled 10.0.0.9:7000/5 upstream: none, lost 0"}
			}
			sameLines(t, c.name, j.take(), want...)
			if len(w.timers) != 0 {
				t.Errorf("after an hour there are %d timers", len(w.timers))
			}
			f.give(w.messages(9, 5, 1, 0))
			w.pass(time.Second)
			if got := j.take(); c.want != slices.Contains(got, "link-recovered 10.0.0.9:7000/5 upstream: none, lost 0") {
				t.Errorf("when it goes on: %q", got)
			}
		})
	}
}

// TestSilenceOfTheBlocked: a stream that cannot be heard is not silent.
func TestSilenceOfTheBlocked(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	m, f, j := watched(w)
	for range 20 {
		m.room = wire.HeaderSize
		f.give(w.messages(9, 5, 1, 0))
		w.pass(200 * time.Millisecond)
	}
	m.room = 0
	f.give(w.messages(9, 5, 5, 0)) // more than the queue takes
	w.settle()
	j.take()
	w.pass(time.Hour)
	sameLines(t, "blocked", j.take(), "link-stalled 10.0.0.1:7000/5 downstream: none, lost 0")
}

// TestWithin: how much of what was handed over some acknowledged bytes are.
func TestWithin(t *testing.T) {
	for _, c := range []struct {
		t     Tally
		bytes uint64
		want  Tally
	}{
		{Tally{10, 1000}, 0, Tally{}},
		{Tally{10, 1000}, 99, Tally{}},
		{Tally{10, 1000}, 100, Tally{1, 100}},
		{Tally{10, 1000}, 999, Tally{9, 900}},
		{Tally{10, 1000}, 1000, Tally{10, 1000}},
		{Tally{10, 1000}, 1 << 63, Tally{10, 1000}},
		{Tally{1 << 40, 1 << 62}, 1 << 61, Tally{1 << 39, 1 << 61}},
		{Tally{}, 10, Tally{}},
	} {
		if got := c.t.Acked(c.bytes); got != c.want {
			t.Errorf("%+v within %d bytes: %+v, want %+v", c.t, c.bytes, got, c.want)
		}
	}
}

// TestSendOfAnEvent: events do not leave their node, kept or copied.
func TestSendOfAnEvent(t *testing.T) {
	for name, send := range map[string]func(n *Node, m *Msg){
		"event":    func(n *Node, m *Msg) { n.Send(m, nodeID(1)) },
		"retained": func(n *Node, m *Msg) { n.Retain(m); n.Send(m, nodeID(1)) },
		"copied":   func(n *Node, m *Msg) { n.Send(n.Clone(m), nodeID(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{})
			defer w.close()
			n := w.node(0, func(n *Node, m *Msg) Verdict { send(n, m); return Done })
			w.settle()
			if c := w.crash(n); c == nil || !strings.Contains(c.Value.(string), "event of the engine") {
				t.Errorf("crash %v", c)
			}
		})
	}
}

// TestMonitorLooksAtWhatMoves: what lanes at rest cost a node is nothing, however many there
// are: the monitor looks at the one on which something moves.
func TestMonitorLooksAtWhatMoves(t *testing.T) {
	const idle = 500
	w := newWorld(t, Config{})
	defer w.close()
	looked := make(map[NodeID]int)
	w.dial = func(l *OutLane) { l.Opened(&counted{&port{lane: l, room: endless}, looked}) }
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeData {
			n.Send(m, nodeID(1))
		}
		return Done
	})
	w.settle()
	n.sw.Call(func() {
		for i := range idle {
			n.Send(n.NewMsg(wire.TypeData, 5, 10), nodeID(i+2))
		}
	})
	var in []*feeder
	for i := range idle {
		in = append(in, w.feeder(n, 1000+i, 6, w.messages(1000+i, 6, 1, 10)))
	}
	w.pass(time.Minute) // all of them come to rest
	clear(looked)
	for range 100 {
		in[0].give(w.messages(1000, 6, 1, 10))
		w.pass(100 * time.Millisecond)
		if ins, outs := len(n.watch.ins), len(n.watch.outs); ins > 1 || outs > 1 {
			t.Fatalf("%d lanes from upstream and %d to downstream are watched, and one of each moves", ins, outs)
		}
	}
	if busy := looked[nodeID(1)]; busy < 20 || len(looked) != 1 {
		t.Errorf("looked %d times at the lane that moves, and at %d others", busy, len(looked)-1)
	}
}

// counted is a port whose system is asked for its counters: that is counted by peer.
type counted struct {
	*port
	looked map[NodeID]int
}

func (c *counted) Kernel(l *OutLane) (qos.Kernel, bool) {
	c.looked[l.peer]++
	return qos.Kernel{}, true
}
