package observer_test

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/observer"
	"github.com/ioverlay/ioverlay/record"
)

// A node's meters remember for a while what went over a link that has gone. Nothing goes over it, and nothing is shown to.
func TestNothingGoesOverALinkThatIsDown(t *testing.T) {
	r := newRig(t, observer.Options{})
	honest := r.join("honest", &algos.Base{})
	r.RunFor(time.Second)
	down := false
	id := r.ID("other")
	l := newLiar(func() []byte {
		return algos.Encode(algos.Status{Version: 1, Node: id, Name: "other", Downstream: []algos.StatusDown{{To: honest.ID(), App: 1, Up: !down, Rate: 5000}}})
	})
	link := func() (is record.Link) {
		for l := range r.model.EachLink {
			if l.F == r.node("other").I {
				is = *l
			}
		}
		return is
	}
	r.boot("other", l)
	if l := link(); !l.Up.Or(false) || l.Rate.Or(0) != 5000 {
		t.Fatalf("the link is shown as %s", l.AppendJSON(nil))
	}
	down = true
	for range 3 {
		r.Send(l.Node, r.ID("observer"), wire.TypeBoot, 0, 0, nil) // so that it is asked again
		r.RunFor(time.Second)
	}
	if l := link(); l.Up.Or(true) || l.Rate.Or(1) != 0 || len(l.Apps) > 0 && l.Apps[0].Rate.Or(1) != 0 {
		t.Errorf("the link that is down is shown as %s", l.AppendJSON(nil))
	}
}
