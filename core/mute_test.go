package core

import (
	"testing"
	"time"
)

// Lanes that said hello and fell silent end, whatever the idle time-out: before their first
// whole message always, and after it unless lanes are to stay.
func TestSilentLanesEnd(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		name   string
		idle   time.Duration
		app    uint32
		bytes  int // of a message, as a peer that has gone silent in its middle
		whole  int // messages before
		within time.Duration
	}{
		{"nothing", minute, 5, 0, 0, 3 * minute},
		{"nothing, kept", NeverIdle, 5, 0, 0, 3 * minute},
		{"nothing on a control lane, kept", NeverIdle, 0, 0, 0, 3 * minute},
		{"a part, kept", NeverIdle, 5, 10, 0, 3 * minute},
		{"one message", minute, 5, 0, 1, 3 * minute},
		{"one message and a part", minute, 5, 10, 1, 3 * minute},
		{"one message, kept", NeverIdle, 5, 0, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, Config{IdleTimeout: c.idle})
			defer w.close()
			n := w.node(0, nil)
			f := w.feeder(n, 9, c.app)
			if c.whole > 0 {
				f.give(w.messages(9, c.app, c.whole, 10))
				w.settle()
			}
			if c.bytes > 0 {
				r := w.messages(9, c.app, 1, 10)
				r.Len, r.Msgs = uint32(c.bytes), 0
				f.give(r)
				w.settle()
			}
			w.pass(minute)
			if f.lane.Closed() {
				t.Fatal("closed within a minute")
			}
			w.pass(max(c.within, 24*time.Hour/4) - minute)
			if f.lane.Closed() != (c.within > 0) {
				t.Errorf("closed %v, want %v", f.lane.Closed(), c.within > 0)
			}
		})
	}
}
