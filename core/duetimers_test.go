package core

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core/wire"
)

// TestDueTimers: timers that are due and wait may be taken back or set again, from
// anywhere and in any order; what comes is what a list with a walk would give.
func TestDueTimers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{})
		defer w.close()
		var want []uint64 // waiting, in order
		n := w.node(0, nil)
		most := rapid.SampledFrom([]uint64{5, 4 * manyDue}).Draw(t, "timers") // found by a scan, and by a map
		act := func() {
			id := rapid.Uint64Range(0, most).Draw(t, "timer")
			want = slices.DeleteFunc(want, func(k uint64) bool { return k == id })
			if rapid.Bool().Draw(t, "cancel") {
				n.Cancel(id)
				return
			}
			n.After(time.Duration(rapid.IntRange(0, 3).Draw(t, "after")), id)
		}
		n.alg.(*algo).do = func(m *Msg) Verdict {
			if m.Type() == wire.TypeTimer {
				if len(want) == 0 || want[0] != m.TimerID() {
					t.Fatalf("timer %d comes, and %v wait", m.TimerID(), want)
				}
				want = want[1:]
				for range rapid.IntRange(0, 2).Draw(t, "acts within") {
					act()
				}
			}
			return Done
		}
		w.settle()
		for range rapid.IntRange(1, 60+4*int(most)).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				act()
			case 1, 2:
				if len(w.timers) > 0 { // goes off, and is not served yet
					w.fireNext(1 << 62)
					want = append(want, n.events[len(n.events)-1].seq)
				}
			case 3:
				w.sh.ServeNext()
			}
		}
		for w.sh.ServeNext() {
		}
		if len(want) != 0 || n.due.n+len(n.due.places) != 0 {
			t.Fatalf("timers %v have not come; %d are said to wait, %d places are kept", want, n.due.n, len(n.due.places))
		}
	})
}

// TestManyTimersDueAtOnce: taking back, or setting again, each of thousands that are
// due looks at none of the others: their events stay where they are.
func TestManyTimersDueAtOnce(t *testing.T) {
	const timers = 16_000
	w := newWorld(t, Config{})
	defer w.close()
	got := make(map[uint64]int)
	n := w.node(0, func(n *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeTimer {
			got[m.TimerID()]++
			n.Cancel(m.TimerID() ^ 1) // its neighbour, which may have come
		}
		return Done
	})
	w.settle()
	for id := range uint64(timers) {
		n.sw.Fire(id)
	}
	if len(n.due.places) != timers {
		t.Fatalf("%d timers can be found, want %d", len(n.due.places), timers)
	}
	w.settle()
	if len(got) != timers/2 || got[0] != 1 || got[1] != 0 {
		t.Errorf("%d timers came, want every other of %d", len(got), timers)
	}
	if cap(n.events) > idleEvents || n.due.places != nil {
		t.Errorf("room for %d events is kept", cap(n.events))
	}
}

// TestTimerAmongManyEvents: a timer that is due is found by one look-up among thousands of other events, too.
func TestTimerAmongManyEvents(t *testing.T) {
	w := newWorld(t, Config{})
	defer w.close()
	came := 0
	n := w.node(0, func(_ *Node, m *Msg) Verdict {
		if m.Type() == wire.TypeTimer {
			came++
		}
		return Done
	})
	w.settle()
	n.sw.Fire(7)
	n.sw.Fire(8)
	for range 1000 {
		n.post(event{typ: wire.TypeLinkUp, peer: nodeID(1)})
	}
	n.Cancel(7)
	if n.due.places == nil {
		t.Errorf("a timer was looked for among %d events one by one", len(n.events))
	}
	w.settle()
	if came != 1 || n.due.n != 0 {
		t.Errorf("%d timers came, want 1; %d are said to wait", came, n.due.n)
	}
}

// TestGrownQueueKeepsNothing: a row that a queue has grown out of, which may lie in a lane, points to no slab.
func TestGrownQueueKeepsNothing(t *testing.T) {
	var l OutLane
	l.q.buf = l.first[:]
	for range firstRuns + 1 {
		l.q.push(Run{Slab: new(bufpool.Slab), Len: 1})
	}
	if l.first != [firstRuns]Run{} || l.q.len() != firstRuns+1 {
		t.Errorf("%d runs, and the lane still has %v", l.q.len(), l.first)
	}
}
