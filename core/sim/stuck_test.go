package sim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Timers without time in between are an error that names the node and the timer.
func TestTimersOfNoTimeNameTheirNode(t *testing.T) {
	w := newWorld(t, Options{MaxTimers: 1000})
	w.AddNode("calm", does(nil))
	w.AddNode("hasty", does(func(n *core.Node, m *core.Msg) core.Verdict {
		switch {
		case m.Type() == wire.TypeStarted:
			n.After(2*time.Second, 7)
		case m.Type() == wire.TypeTimer:
			n.After(0, 7)
		}
		return core.Done
	}))
	err := w.RunFor(3 * time.Second)
	if !errors.Is(err, ErrStuck) || !strings.Contains(err.Error(), "node hasty have gone off at 2s, the last of them with id 7") {
		t.Errorf("the error is %v", err)
	}
}

// Many timers of one instant are none.
func TestManyTimersOfOneInstant(t *testing.T) {
	w := newWorld(t, Options{MaxTimers: 1000})
	fired := 0
	w.AddNode("a", does(func(n *core.Node, m *core.Msg) core.Verdict {
		switch {
		case m.Type() == wire.TypeStarted:
			for id := range uint64(1000) {
				n.After(time.Second, id)
			}
		case m.Type() == wire.TypeTimer:
			fired++
			n.After(time.Second, m.TimerID())
		}
		return core.Done
	}))
	mustRun(t, w, 3500*time.Millisecond)
	if fired != 3000 {
		t.Errorf("%d timers have gone off, want 3000", fired)
	}
}

// An instant without end names who is at work: one that is woken at once again and again.
func TestInstantWithoutEndNamesTheBusiest(t *testing.T) {
	w := newWorld(t, Options{MaxSteps: 10_000})
	w.AddNode("calm", does(nil))
	busy := w.AddNode("busy", does(nil))
	var again func()
	again = func() {
		busy.Core().TellMeasured(busy.ID(), []byte("x"))
		w.At(w.Now(), again)
	}
	w.At(time.Second, again)
	err := w.RunFor(3 * time.Second)
	if !errors.Is(err, ErrStuck) || !strings.Contains(err.Error(), "at 1s; the busiest are busy (") || strings.Contains(err.Error(), "calm") {
		t.Errorf("the error is %v", err)
	}
}
