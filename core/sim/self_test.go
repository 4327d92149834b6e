package sim_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A node is no peer of its own: what it sends itself is refused and told lost, for
// control and for data.
func TestANodeIsNoPeerOfItsOwn(t *testing.T) {
	for _, app := range []uint32{0, 1} {
		w := sim.New(sim.Options{Seed: 1})
		r := &coretest.Recorder{}
		w.AddNode("n", func() core.Algorithm { return r })
		r.Handle = func(m *core.Msg) core.Verdict {
			if m.Type() == wire.TypeStarted {
				r.Send(r.NewMsg(wire.FirstUserType, app, 10), r.ID())
			}
			return core.Done
		}
		if err := w.RunFor(1e9); err != nil {
			t.Fatal(err)
		}
		if got := r.Of(wire.TypeLinkDown); len(got) != 1 || len(r.Of(wire.TypeLinkUp)) != 0 || len(r.Of(wire.FirstUserType)) != 0 {
			t.Errorf("application %d: the node got %+v", app, r.Got)
		}
		if lost := r.Stats().Lost.OutMsgs; lost != 1 {
			t.Errorf("application %d: %d messages lost, want 1", app, lost)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
