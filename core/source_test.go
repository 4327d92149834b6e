package core

import (
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core/wire"
)

// scripted is a source that says what its script says, one line a time, and
// nothing when the script is over.
type scripted struct {
	script []func(n *Node) Supply
	asked  []time.Duration
	busy   func() bool // whether the lane still has something: it must not be asked then
	t      tb
	closed int
}

func (s *scripted) Produce(n *Node) Supply {
	s.asked = append(s.asked, n.Now())
	if s.busy != nil && s.busy() {
		s.t.Fatalf("the source was asked before the node had switched what it produced")
	}
	if len(s.script) == 0 {
		return Supply{}
	}
	do := s.script[0]
	s.script = s.script[1:]
	return do(n)
}

func (s *scripted) Close() { s.closed++ }

// one is a line of a script: a run of one message.
func (w *world) one(app uint32, seq uint64) func(n *Node) Supply {
	return func(n *Node) Supply {
		return Supply{Run: w.makeRun(spec{sender: n.ID(), app: app, seq: seq, size: 10})}
	}
}

func wake(at time.Duration) func(*Node) Supply {
	return func(*Node) Supply { return Supply{Wake: at} }
}

func ended(*Node) Supply { return Supply{End: true} }

// TestSourceOrder: a source is asked once an Inject, again only when all is
// switched, and SourceEnd comes after its last message.
func TestSourceOrder(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	n := w.recorded(0, &j, nil)
	w.settle()
	j.take()
	src := &scripted{script: []func(*Node) Supply{w.one(5, 0), w.one(5, 1), ended}, t: t}
	n.AddSource(5, src)
	src.busy = func() bool { return len(n.sources) > 0 && n.sources[0] != nil && n.sources[0].lane.slab != nil }
	for i, want := range []string{"data/5 #0", "data/5 #1", "source-end 10.0.0.0:7000/5 upstream: ended, lost 0"} {
		if !w.sh.Sources() || w.sh.Ready() {
			t.Fatalf("step %d: sources %v, ready %v", i, w.sh.Sources(), w.sh.Ready())
		}
		w.sh.Inject()
		if w.sh.Sources() {
			t.Fatalf("step %d: the source is willing before its message was switched", i)
		}
		w.settle()
		sameLines(t, "one inject", j.take(), want)
	}
	if w.sh.Sources() || src.closed != 1 || len(src.asked) != 3 {
		t.Errorf("in the end: willing %v, closed %d times, asked %d times", w.sh.Sources(), src.closed, len(src.asked))
	}
}

// TestSourcesTakeTurns: an Inject asks every willing source once, and one that is
// blocked is not asked.
func TestSourcesTakeTurns(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	var srcs []*numbered
	for app := uint32(1); app <= 3; app++ {
		s := &numbered{w: w, rng: Rand(7), app: app, limit: 1 << 40, burst: 1}
		srcs = append(srcs, s)
		n.AddSource(app, s)
	}
	w.settle()
	for k := 1; k <= 2; k++ {
		w.sh.Inject()
		w.settle()
		for _, s := range srcs {
			if s.next != uint64(k) {
				t.Fatalf("after %d injections application %d has produced %d", k, s.app, s.next)
			}
		}
		w.check()
	}
	// Each has one message queued and one waiting; only the second has room.
	if w.sh.Sources() {
		t.Fatal("blocked sources are willing")
	}
	ps.to(1, 2).give(endless)
	w.settle()
	w.sh.Inject()
	w.settle()
	if srcs[0].next != 2 || srcs[1].next != 3 || srcs[2].next != 2 {
		t.Errorf("produced %d, %d, %d", srcs[0].next, srcs[1].next, srcs[2].next)
	}
}

// TestStopSource: what was produced is still delivered, then comes SourceEnd; the
// sources of other applications go on.
func TestStopSource(t *testing.T) {
	for _, blocked := range []bool{true, false} {
		w := newWorld(t, Config{QueueMsgs: 1})
		ps := w.ports(0)
		var j journal
		n := w.recorded(0, &j, relay(1))
		src := &scripted{script: []func(*Node) Supply{func(n *Node) Supply { return Supply{Run: w.messages(0, 5, 4, 10)} }}}
		other := &scripted{}
		n.AddSource(5, src)
		n.AddSource(6, other)
		if blocked {
			w.run()
		}
		n.StopSource(5)
		n.StopSource(7) // there is none
		if done := src.closed == 1; done == blocked {
			t.Errorf("blocked %v: closed %v", blocked, done)
		}
		w.run()
		want := 0
		if blocked {
			want = 4
			for range 5 {
				ps.to(1, 5).give(100)
				w.run()
			}
			if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(4)) {
				t.Errorf("sent %v", got)
			}
		}
		got := j.take()
		if last := got[len(got)-1]; last != "source-end 10.0.0.0:7000/5 upstream: ended, lost 0" {
			t.Errorf("the last message is %q", last)
		}
		if data := len(slices.DeleteFunc(got, func(s string) bool { return s[:4] != "data" })); data != want {
			t.Errorf("%d messages, want %d", data, want)
		}
		if src.closed != 1 || other.closed != 0 || len(n.sources)-len(n.vacant) != 1 {
			t.Errorf("closed %d and %d times", src.closed, other.closed)
		}
		w.close()
	}
}

// TestSourceWakes: by its timer, and by WakeSource, and never while it is busy.
func TestSourceWakes(t *testing.T) {
	const s = time.Second
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	n := w.recorded(0, &j, nil)
	src := &scripted{t: t, script: []func(*Node) Supply{
		wake(2 * s), w.one(5, 0), wake(4 * s), wake(5 * s), w.one(5, 1), wake(0), w.one(5, 2), ended,
	}}
	n.AddSource(5, src)
	src.busy = func() bool { return len(n.sources) > 0 && n.sources[0] != nil && n.sources[0].lane.slab != nil }
	w.pass(3 * s)
	w.pass(3 * s)
	n.WakeSource(6) // another application
	w.pass(s)
	asked := []time.Duration{0, 2 * s, 2 * s, 4 * s, 5 * s, 5 * s}
	if !slices.Equal(src.asked, asked) {
		t.Fatalf("asked at %v, want %v", src.asked, asked)
	}
	n.WakeSource(5)
	n.WakeSource(5)
	w.pass(s)
	asked = append(asked, 7*s, 7*s)
	if !slices.Equal(src.asked, asked) {
		t.Errorf("asked at %v, want %v", src.asked, asked)
	}
	sameLines(t, "a waking source", j.take(), "started/0 #0", "data/5 #0", "data/5 #1", "data/5 #2",
		"source-end 10.0.0.0:7000/5 upstream: ended, lost 0")
	if len(w.timers) != 0 || src.closed != 1 {
		t.Errorf("%d timers left, closed %d times", len(w.timers), src.closed)
	}
}

// TestSourceWokenTwice: a source that is willing and then woken by an old timer is
// not asked for a second run while the first is not switched.
func TestSourceWokenTwice(t *testing.T) {
	w := newWorld(t, Config{QueueMsgs: 1})
	defer w.close()
	ps := w.ports(0)
	n := w.node(0, relay(1))
	two := func(seq uint64) func(*Node) Supply {
		return func(n *Node) Supply {
			return Supply{Run: w.makeRun(spec{sender: n.ID(), app: 5, seq: seq}, spec{sender: n.ID(), app: 5, seq: seq + 1})}
		}
	}
	src := &scripted{t: t, script: []func(*Node) Supply{wake(time.Second), two(0), two(2), two(4), ended}}
	n.AddSource(5, src)
	src.busy = func() bool { return len(n.sources) > 0 && n.sources[0] != nil && n.sources[0].lane.slab != nil }
	w.run()         // it waits for its timer
	n.WakeSource(5) // and is woken before
	w.fireNext(time.Minute)
	w.settle() // blocked on the second message
	w.run()
	w.check()
	for range 20 {
		if p := ps.to(1, 5); p != nil {
			p.give(wire.HeaderSize)
		}
		w.run()
		w.check()
	}
	if c := w.crash(n); c != nil {
		t.Fatalf("the node has crashed: %v", c.Value)
	}
	if got := seqs(t, ps.to(1, 5).got); !slices.Equal(got, upto(6)) {
		t.Errorf("sent %v", got)
	}
}

// TestSourceFromProcess: sources started and stopped by the algorithm itself.
func TestSourceFromProcess(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	src := &numbered{w: w, rng: Rand(1), app: 5, limit: 100, burst: 4}
	n := w.recorded(0, &j, func(n *Node, m *Msg) Verdict {
		switch {
		case m.Type() == wire.TypeStarted:
			n.AddSource(5, src)
		case m.Type() == wire.TypeData && m.Seq() == 9:
			n.StopSource(5)
		}
		return Done
	})
	w.run()
	got := j.take()
	if last := got[len(got)-1]; last != "source-end 10.0.0.0:7000/5 upstream: ended, lost 0" || src.closed != 1 || len(n.sources) != 0 {
		t.Errorf("the last message is %q, closed %d times", last, src.closed)
	}
	if produced := int(src.next); produced > 13 || len(got) != produced+2 {
		t.Errorf("%d messages produced, the algorithm got %d in all", produced, len(got))
	}
}

// TestSourceOfStoppedNode: a node that has stopped takes no source.
func TestSourceOfStoppedNode(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	var j journal
	late := &scripted{}
	w.recorded(0, &j, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeStopping {
			n.AddSource(5, late)
		}
		return Done
	}).Stop()
	w.run()
	if late.closed != 1 || len(late.asked) != 0 {
		t.Errorf("closed %d times, asked %d times", late.closed, len(late.asked))
	}
	sameLines(t, "a source too late", j.take(), "started/0 #0", "stopping/0 #0", "source-end 10.0.0.0:7000/5 upstream: stopped, lost 0")
}
