package algos_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// On a slow link an urgent message comes before a thousand others that were sent before it, and each of those comes.
func TestPostUrgent(t *testing.T) {
	w := simtest.New(t, sim.Options{})
	x := &algos.Base{}
	n := w.AddNode("x", func() core.Algorithm { return x })
	others, urgent := 0, -1
	w.AddNode("y", func() core.Algorithm {
		y := &algos.Base{}
		y.Handle(wire.FirstUserType, func(*core.Msg) { others++ })
		y.Handle(wire.FirstUserType+1, func(*core.Msg) { urgent = others })
		return y
	})
	w.RunFor(time.Second)
	n.Core().Call(func() {
		x.SetLink(w.ID("y"), emul.Link{Rate: 10 * emul.KBps})
		x.PostUrgent(w.ID("y"), wire.FirstUserType+2, nil)
		for range 1000 {
			x.Post(w.ID("y"), wire.FirstUserType, nil)
		}
		if !x.PostUrgent(w.ID("y"), wire.FirstUserType+1, nil) || x.PostUrgent(x.ID(), wire.FirstUserType+1, nil) || x.Unposted() != 1 {
			t.Error("PostUrgent posts to itself, or not to others")
		}
	})
	w.RunFor(10 * time.Second)
	if others != 1000 || urgent < 0 || urgent > 64 {
		t.Errorf("the urgent message came after %d of %d others", urgent, others)
	}
}
