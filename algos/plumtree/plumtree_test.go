package plumtree

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/simtest"
)

func TestTry(t *testing.T) {
	w := simtest.New(t, sim.Options{Seed: 7, Order: sim.Shuffled})
	got := map[string]int{}
	nodes := w.Add(100, func(i int) core.Algorithm {
		p := New()
		p.Deliver = func(m *core.Msg) { got[fmt.Sprint(i, "/", m.Seq())]++ }
		if i > 0 {
			p.AddHost(w.ID("n0"))
		}
		return p
	})
	w.RunFor(30 * time.Second)
	deg := map[int]int{}
	for _, n := range nodes {
		p := n.Algorithm().(*Plumtree)
		deg[len(p.Neighbours())]++
		for _, q := range p.Neighbours() {
			found := false
			for _, o := range nodes {
				if o.ID() == q {
					for _, z := range o.Algorithm().(*Plumtree).Neighbours() {
						found = found || z == n.ID()
					}
				}
			}
			if !found {
				t.Errorf("%v has %v, not back", n.Name(), q)
			}
		}
	}
	t.Log(deg, w.Totals())
	nodes[5].Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: 100}, 10))
	w.RunFor(20 * time.Second)
	t.Log(len(got), w.Totals())
	dup, missed := uint64(0), uint64(0)
	for _, n := range nodes {
		p := n.Algorithm().(*Plumtree)
		dup += p.Consumed()
		missed += p.Missing.GivenUp()
		if p.Unhandled()+p.BadMessages() > 0 {
			t.Error(p.Unhandled(), p.BadMessages())
		}
	}
	t.Log("dup", dup, missed)
}
