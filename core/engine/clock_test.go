package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// timekeeper notes the time at which it was told that it started.
type timekeeper struct {
	algos.Base
	started time.Duration
}

func (k *timekeeper) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeStarted {
		k.started = k.Now()
	}
	return k.Base.Process(m)
}

// startedAt starts a node and returns the time at which it was told.
func startedAt(t *testing.T, e *testEngine) time.Duration {
	t.Helper()
	k := &timekeeper{}
	n := e.add(t, k, NodeOptions{})
	var at time.Duration
	do(t, n, func(*core.Node) { at = k.started })
	return at
}

// Now is the time since the engine began, whatever the machine's clock says.
func TestNowBeginsWithTheWorld(t *testing.T) {
	before := Clock()
	e := newEngine(t, Options{Loops: 1})
	epoch := e.Options().Epoch
	if epoch < before || epoch > Clock() {
		t.Fatalf("the engine began at %d, made after %d and before %d", epoch, before, Clock())
	}
	first := startedAt(t, e)
	if most := Clock() - epoch; first < 0 || first > most {
		t.Errorf("a node started at %v of a world that is %v old", first, most)
	}
	if second := startedAt(t, e); second < first {
		t.Errorf("a node started at %v, and one after it at %v", first, second)
	}
}

// Engines that are given one epoch have one clock: what happens in one and then in
// another has times in that order.
func TestEnginesOfOneWorldAgree(t *testing.T) {
	epoch := Clock()
	a := newEngine(t, Options{Loops: 1, Epoch: epoch})
	second, err := New(Options{Loops: 1, Epoch: epoch})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	b := &testEngine{Engine: second}
	slack := Clock() - epoch // each has read the two clocks a moment of it apart
	for range 20 {
		for _, e := range []*testEngine{a, b} {
			before := Clock()
			at := epoch + startedAt(t, e)
			if at < before-slack || at > Clock() {
				t.Fatalf("started at %d by the engine's clock, after %d and before %d", at, before, Clock())
			}
		}
	}
}

// A world may be as old as the machine's clock; it cannot begin in the future, nor
// before the clock.
func TestEpochIsChecked(t *testing.T) {
	before := Clock()
	e := newEngine(t, Options{Loops: 1, Epoch: MachineEpoch})
	slack := Clock() - before
	if at := startedAt(t, e); at < before-slack || at > Clock() {
		t.Errorf("started at %v of the machine's clock, which says %v", at, Clock())
	}
	for _, epoch := range []time.Duration{-1, -time.Hour, Clock() + time.Hour, 1<<63 - 1} {
		if e, err := New(Options{Loops: 1, Epoch: epoch}); err == nil || !strings.Contains(err.Error(), "Options.Epoch") {
			t.Errorf("an epoch of %d: %v", epoch, err)
			if err == nil {
				e.Close()
			}
		}
	}
}

// A timer of time 0 of a world that has only just begun is due, and is not taken for
// none.
func TestTimerAtTheBeginning(t *testing.T) {
	e := newEngine(t, Options{Loops: 1})
	fired := make(chan struct{})
	n := e.add(t, &onTimer{do: func() { close(fired) }}, NodeOptions{})
	if err := n.loop.do(func() { n.loop.SetTimer(n.core, 0, 7) }); err != nil {
		t.Fatal(err)
	}
	receive(t, "the timer", fired)
}

type onTimer struct {
	algos.Base
	do func()
}

func (o *onTimer) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeTimer {
		o.do()
		return core.Done
	}
	return o.Base.Process(m)
}
