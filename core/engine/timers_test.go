package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// ticker is an algorithm that reports its timers.
func ticker(fired chan<- uint64) *scripted {
	return script(func(_ *core.Node, m *core.Msg) core.Verdict {
		if m.Type() == wire.TypeTimer {
			fired <- m.TimerID()
		}
		return core.Done
	})
}

// Timers fire in the order of their times; those for the same time in the order
// in which they were set.
func TestTimerOrder(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	fired := make(chan uint64, 100)
	n := e.add(t, ticker(fired), NodeOptions{})
	do(t, n, func(c *core.Node) {
		c.After(40*time.Millisecond, 4)
		c.After(20*time.Millisecond, 2)
		c.After(-time.Hour, 0) // now
		c.After(30*time.Millisecond, 3)
		c.After(10*time.Millisecond, 1)
	})
	for want := range uint64(5) {
		if got := receive(t, "a timer", fired); got != want {
			t.Fatalf("timer %d; want %d", got, want)
		}
	}
	do(t, n, func(c *core.Node) {
		at := c.Now() + 5*time.Millisecond
		for id := range uint64(50) {
			n.loop.SetTimer(n.core, at, id) // the same time, exactly
		}
	})
	for want := range uint64(50) {
		if got := receive(t, "a timer of many for one time", fired); got != want {
			t.Fatalf("timer %d; want %d", got, want)
		}
	}
}

func TestTimerReplaceAndCancel(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	fired := make(chan uint64, 100)
	n := e.add(t, ticker(fired), NodeOptions{})
	do(t, n, func(c *core.Node) {
		c.After(time.Hour, 1)
		c.After(time.Millisecond, 1) // earlier, in its place
		c.After(time.Millisecond, 2)
		c.After(time.Hour, 2) // later, in its place
		c.After(time.Millisecond, 3)
		c.Cancel(3)
		c.Cancel(99) // unknown
		c.After(0, 5)
		c.Cancel(5) // due, and still not fired
		c.After(30*time.Millisecond, 4)
	})
	for _, want := range []uint64{1, 4} {
		if got := receive(t, "a timer", fired); got != want {
			t.Fatalf("timer %d; want %d", got, want)
		}
	}
	if got := armed(t, n); got != 1 {
		t.Errorf("%d timers left; want the one for an hour later", got)
	}
	do(t, n, func(c *core.Node) { c.Cancel(2) })
	if got := armed(t, n); got != 0 {
		t.Errorf("%d timers left; want none", got)
	}
	if !asleep(t, n) {
		t.Error("the alarm is set with no timer left")
	}
}

// armed is how many timers a node's loop has.
func armed(t testing.TB, n *Node) (count int) {
	t.Helper()
	if err := n.loop.do(func() { count = len(n.loop.timers.heap.list) }); err != nil {
		t.Fatal(err)
	}
	return count
}

// asleep reports whether nothing will wake a node's loop but a descriptor, or a timer
// that closes and forgets lanes at rest.
func asleep(t testing.TB, n *Node) (so bool) {
	t.Helper()
	if err := n.loop.do(func() {
		q := &n.loop.timers
		late := n.loop.Now() + core.DefaultIdleTimeout/2
		so = (q.armed == 0 || q.armed > late) && q.look == 0
		for _, timer := range q.heap.list {
			so = so && timer.at > late
		}
	}); err != nil {
		t.Fatal(err)
	}
	return so
}

// Many timers of many nodes on two loops: each fires once, none before its time,
// and at each node in order.
func TestManyTimers(t *testing.T) {
	const nodes, each = 50, 200
	e := newEngine(t, Options{Links: Mem, Loops: 2})
	type firing struct {
		id  uint64
		due time.Duration
		at  time.Duration
	}
	done := make(chan []firing, nodes)
	for i := range nodes {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		due := make([]time.Duration, each)
		var got []firing
		e.add(t, script(func(c *core.Node, m *core.Msg) core.Verdict {
			switch m.Type() {
			case wire.TypeStarted:
				for id := range due {
					due[id] = c.Now() + time.Duration(rng.IntN(50_000))*time.Microsecond
					e.loops[i%2].SetTimer(e.lookup(c.ID()).core, due[id], uint64(id))
				}
			case wire.TypeTimer:
				got = append(got, firing{m.TimerID(), due[m.TimerID()], c.Now()})
				if len(got) == each {
					done <- slices.Clone(got)
				}
			}
			return core.Done
		}), NodeOptions{Loop: OnLoop(i % 2)})
	}
	for range nodes {
		got := receive(t, "a node's timers", done)
		seen := make(map[uint64]bool)
		var last time.Duration
		for _, f := range got {
			if seen[f.id] {
				t.Errorf("timer %d fired twice", f.id)
			}
			seen[f.id] = true
			if f.at < f.due {
				t.Errorf("timer %d fired %v before its time", f.id, f.due-f.at)
			}
			if f.due < last {
				t.Errorf("timer %d, due at %v, fired after one due at %v", f.id, f.due, last)
			}
			last = max(last, f.due)
		}
	}
}

// The timers of a node end with it, and only they.
func TestTimersEndWithTheirNode(t *testing.T) {
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	dead, alive := make(chan uint64, 10_000), make(chan uint64, 10_000)
	var doomed []*Node
	for range 10 {
		n := e.add(t, ticker(dead), NodeOptions{})
		doomed = append(doomed, n)
	}
	n := e.add(t, ticker(alive), NodeOptions{})
	if err := n.loop.do(func() { // at once, so that nothing fires in between
		for i, d := range doomed {
			for id := range uint64(100) {
				d.core.After(time.Duration(id*100)*time.Microsecond, id)
			}
			if i%2 == 0 {
				d.core.Kill()
			} else {
				d.core.Stop()
			}
		}
		for id := range uint64(100) {
			n.core.After(time.Duration(id*100)*time.Microsecond, id)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		receive(t, "a timer of the node that lives", alive)
	}
	if got := armed(t, n); got != 0 {
		t.Errorf("%d timers left", got)
	}
	if len(dead) > 0 {
		t.Errorf("%d timers fired on nodes that had ended", len(dead))
	}
}

// A source that always asks to be asked again at a time that has passed gets no
// more than its turn: the loop goes on with other work.
func TestSourceThatWakesInThePast(t *testing.T) {
	e, sink := newEngine(t, Options{Links: Mem, Loops: 1}), &gauge{}
	n := e.row(t, 2, sink)
	do(t, n[0], func(c *core.Node) { c.AddSource(7, lateSource{}) })
	send(t, n[0], apps.Stream{App: 1, Payload: 100, Limit: 1000})
	eventually(t, "others are served", func() bool { return sink.n.Load() == 1000 })
	do(t, n[0], func(c *core.Node) { c.StopSource(7) })
	eventually(t, "and it has stopped", func() bool { return asleep(t, n[0]) })
}

// lateSource never has anything, and always wants to be asked at once.
type lateSource struct{}

func (lateSource) Produce(*core.Node) core.Supply { return core.Supply{Wake: 1} }

func (lateSource) Close() {}

// An idle engine has no timer armed, before and after it has been busy.
func TestIdleEngineHasNoAlarm(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		var nodes []*Node
		var sinks []*gauge
		for i := range 100 {
			sinks = append(sinks, &gauge{})
			nodes = append(nodes, e.add(t, relay.New(sinks[i]), NodeOptions{Loop: OnLoop(i % w.loops)}))
		}
		for _, n := range nodes[:2] {
			if !asleep(t, n) {
				t.Error("an alarm is set before anything has happened")
			}
		}
		from := e.add(t, relay.New(nil, nodes[0].ID(), nodes[1].ID()), NodeOptions{})
		send(t, from, apps.Stream{App: 1, Payload: 100, Limit: 1000})
		for i, n := range nodes[:2] {
			eventually(t, "messages", func() bool { return sinks[i].n.Load() == 1000 })
			eventually(t, "the loop is at rest", func() bool { return asleep(t, n) })
		}
	})
}

// A timer that is set when one has gone or was stopped takes its place: nodes that set
// timers all the time, as every algorithm with timeouts does, make no garbage.
func TestTimersAreUsedAgain(t *testing.T) {
	if bufpool.Tracing {
		t.Skip("the tracing build's records are no part of the system")
	}
	e := newEngine(t, Options{Links: Mem, Loops: 1})
	n := e.add(t, script(func(*core.Node, *core.Msg) core.Verdict { return core.Done }), NodeOptions{})
	do(t, n, func(c *core.Node) {
		q, sw := &e.loops[0].timers, n.core
		if per := testing.AllocsPerRun(1000, func() {
			q.set(sw, time.Hour, 1)
			q.set(sw, 2*time.Hour, 2)
			q.stop(sw, 1)
			q.stop(sw, 2)
		}); per != 0 {
			t.Errorf("%v allocations for two timers, want none", per)
		}
		for id := range uint64(3 * maxSpareTimers) {
			q.set(sw, time.Hour, id)
		}
		for id := range uint64(3 * maxSpareTimers) {
			q.stop(sw, id)
		}
		if len(q.spare) != maxSpareTimers || len(q.byKey) != 0 || len(q.first) != 0 || len(q.heap.list) != 0 {
			t.Errorf("%d timers kept, %d, %d and %d noted", len(q.spare), len(q.byKey), len(q.first), len(q.heap.list))
		}
	})
}
