package world

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// storm sets a timer of a nanosecond again and again.
type storm struct {
	algos.Base
	tick func()
}

func (s *storm) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeStarted || m.Type() == wire.TypeTimer {
		s.tick()
		s.After(time.Nanosecond, 1)
	}
	return core.Done
}

// TestInterruptInAStorm: virtual time looks up after so many events, however little time they take: an interrupt does not wait until a
// storm of timers has come to the next 20 ms.
func TestInterruptInAStorm(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ticks := 0
	const enough = 1000
	reg := host.Shipped()
	reg.Add(host.Algorithm{Name: "storm", New: func(host.Env) (core.Algorithm, error) {
		return &storm{tick: func() {
			if ticks++; ticks == enough {
				cancel()
			}
		}}, nil
	}})
	plan, err := spec.Parse("storm", []byte("name: storm\nduration: 1s\nnodes: [A]\nalgorithm: storm\nlinks: []\napplications: [{name: a, at: A, source: constant-rate, rate: 1/s, payload: 10B}]\n"), spec.Options{Algorithms: reg})
	if err != nil {
		t.Fatal(err)
	}
	w := newSim(Options{Plan: plan, Registry: reg})
	if err := w.Boot(ctx, 0, host.Setup{Name: "A", ID: w.ID(0), Algorithm: "storm"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := w.Advance(ctx, time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("it goes on with %v", err)
	}
	if ticks < enough || ticks > 1<<16 {
		t.Errorf("%d ticks, want little more than the %d after which it was interrupted", ticks, enough)
	}
	if _, err := w.End(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
