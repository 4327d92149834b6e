package engine

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// waiter is a connection under a deadline.
type waiter struct {
	on      pending
	times   int
	forgets *waiter // whom its expiry ends
	d       *deadlines
}

func (w *waiter) expired() {
	w.times++
	w.d.settle(&w.on)
	if w.forgets != nil {
		w.d.settle(&w.forgets.on)
	}
}
func (w *waiter) belongsTo(*Node) bool { return false }
func (w *waiter) abandoned()           {}

// lapse makes all deadlines due, as if hours had passed.
func (d *deadlines) lapse() {
	for i := range d.list {
		if e := &d.list[i]; e.live() {
			e.at, *e.on = 1, 1
		}
	}
}

// A deadline that was settled does not come back when its connection gets another one, nor does one expire that
// another's expiry has settled.
func TestSettledDeadlinesStaySettled(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, newProbe(nil), NodeOptions{})
	do(t, n, func(*core.Node) {
		d := &deadlines{loop: n.loop}
		again, other := &waiter{d: d}, &waiter{d: d}
		d.add(other, &other.on, time.Hour) // so that the list is kept
		d.add(again, &again.on, 0)
		d.settle(&again.on)
		d.add(again, &again.on, time.Hour)
		last := &waiter{d: d}
		first := &waiter{d: d, forgets: last}
		d.add(first, &first.on, 0)
		d.add(last, &last.on, 0)
		d.check()
		if again.times != 0 || first.times != 1 || last.times != 0 || other.times != 0 {
			t.Errorf("expired %d, %d, %d and %d times, want 0, 1, 0 and 0", again.times, first.times, last.times, other.times)
		}
		d.settle(&again.on)
		d.settle(&other.on)
		if d.waiting != 0 || len(d.list) != 0 {
			t.Errorf("%d wait, %d are listed", d.waiting, len(d.list))
		}
	})
}

// A connection that has been ended to make room does not wait for memory itself.
func TestEndedConnectionsDoNotStarve(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	n := e.add(t, newProbe(nil), NodeOptions{})
	do(t, n, func(*core.Node) {
		(&tcpIn{loop: n.loop, closed: true}).starve()
		(&tcpIn{loop: n.loop, lingering: true}).starve()
		if len(n.loop.starved) != 0 {
			t.Errorf("%d wait for memory", len(n.loop.starved))
		}
	})
}
