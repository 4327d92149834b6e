package algos_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// hasty has a function called again and again while time stands still.
type hasty struct {
	algos.Base
	begin func(h *hasty)
}

func (h *hasty) Bind(n *core.Node) {
	h.Base.Bind(n)
	h.OnUp(func() { h.begin(h) })
}

func (h *hasty) again() { h.AfterFunc(0, h.again) }

// TestTimerName: timers of the kit that let no time go on are named by what they call, not by the id that all of them share.
func TestTimerName(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(h *hasty)
		want  string
	}{
		"a method":  {(*hasty).again, "the last of them which calls algos_test.(*hasty).again: "},
		"a closure": {func(h *hasty) { h.Every(time.Second, func() {}); var f func(); f = func() { h.AfterFunc(0, f) }; f() }, "which calls algos_test.TestTimerName."},
	} {
		t.Run(name, func(t *testing.T) {
			w := sim.New(sim.Options{MaxTimers: 1000})
			w.AddNode("n", func() core.Algorithm { return &hasty{begin: c.begin} })
			err := w.RunFor(3 * time.Second)
			switch {
			case !errors.Is(err, sim.ErrStuck):
				t.Errorf("the error is %v", err)
			case !strings.Contains(err.Error(), "node n have gone off") || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(c.want, "Test") != strings.Contains(err.Error(), "(timername_test.go:"):
				t.Errorf("the error does not name %q: %v", c.want, err)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTimerNameOfACall: a call's timeout has no function of the author's.
func TestTimerNameOfACall(t *testing.T) {
	w := sim.New(sim.Options{})
	got := ""
	w.AddNode("n", func() core.Algorithm {
		return &hasty{begin: func(h *hasty) {
			h.Call(w.ID("m"), wire.FirstUserType, nil, time.Second, func(*core.Msg, error) {})
			got = h.TimerName(algos.FirstBaseTimer + 2)
		}}
	})
	if err := w.RunFor(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got != "which is the timeout of a call" {
		t.Errorf("it is called %q", got)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestNoTimerName: of timers of others, and of none, there is nothing to say.
func TestNoTimerName(t *testing.T) {
	var b algos.Base
	if got := b.TimerName(7) + b.TimerName(algos.FirstBaseTimer+2); got != "" {
		t.Errorf("it is called %q", got)
	}
}
