package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"

	"pgregory.net/rapid"
)

// Timers against a list: what fires, when, and in which order.
func TestTimers(t *testing.T) {
	type due struct {
		at time.Duration
		id uint64
	}
	rapid.Check(t, func(t *rapid.T) {
		w := New(Options{Order: Order(rapid.IntRange(0, 1).Draw(t, "order")), Seed: 3})
		defer func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}()
		var got, want, set []due // set is in the order in which they were set
		n := w.AddNode("n", does(func(n *core.Node, m *core.Msg) core.Verdict {
			if m.Type() == wire.TypeTimer {
				got = append(got, due{w.Now(), m.TimerID()})
			}
			return core.Done
		}))
		forget := func(id uint64) {
			set = slices.DeleteFunc(set, func(d due) bool { return d.id == id })
		}
		ids := rapid.Uint64Range(0, 15) // more than are found by a scan
		t.Repeat(map[string]func(*rapid.T){
			"after": func(t *rapid.T) {
				d := due{w.Now() + time.Duration(rapid.IntRange(0, 40).Draw(t, "in")), ids.Draw(t, "id")}
				n.Core().After(d.at-w.Now(), d.id)
				forget(d.id)
				set = append(set, d)
			},
			"cancel": func(t *rapid.T) {
				id := ids.Draw(t, "id")
				n.Core().Cancel(id)
				forget(id)
			},
			"pass": func(t *rapid.T) {
				until := w.Now() + time.Duration(rapid.IntRange(0, 30).Draw(t, "time"))
				if err := w.RunUntil(until); err != nil {
					t.Fatal(err)
				}
				slices.SortStableFunc(set, func(a, b due) int { return int(a.at - b.at) })
				for len(set) > 0 && set[0].at <= until {
					want = append(want, set[0])
					set = set[1:]
				}
			},
			"": func(t *rapid.T) {
				if !slices.Equal(got, want) {
					t.Fatalf("fired %v, want %v", got, want)
				}
			},
		})
	})
}

// Timers that are moved and stopped again and again leave nothing behind.
func TestTimersStayFew(t *testing.T) {
	w := newWorld(t, Options{})
	n := w.AddNode("n", does(nil)).Core()
	for i := range 100_000 {
		n.After(time.Duration(100_000-i)*time.Second, uint64(i%20))
		if i%3 == 0 {
			n.Cancel(uint64(i % 20))
		}
	}
	if got := len(w.queue.heap); got > 200 {
		t.Errorf("%d events in the queue for at most 20 timers", got)
	}
	if got := len(w.timers.list); got > 20 {
		t.Errorf("%d places for at most 20 timers", got)
	}
}

// A timer that is set in Bind, before the node starts, and one of a life that ends.
func TestTimersOfLives(t *testing.T) {
	w, d := watched(t, Options{})
	w.AddNode("n", func() core.Algorithm { return &early{} })
	w.Schedule(Fault{At: 5 * time.Second, Kind: Restart, Nodes: []string{"n"}})
	mustRun(t, w, 20*time.Second)
	expect(t, d,
		"0s n: started",
		"0s n: world-up",
		"3s n: timer 1",
		"5s fault 5s restart n",
		"5s n ended",
		"5s n: started",
		"5s n: world-up",
		"8s n: timer 1",
		"15s n: timer 2",
	)
}

type early struct{ algo }

func (e *early) Bind(n *core.Node) {
	e.algo.Bind(n)
	n.After(3*time.Second, 1)
	n.After(10*time.Second, 2)
}
