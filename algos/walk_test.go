package algos_test

import (
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeWalk = wire.FirstUserType + 230 + iota
	typeHere
)

// walker passes walks on to any host that it knows, and says where they end.
type walker struct {
	algos.Base
	ended []core.NodeID // the nodes at which its walks have
}

func (x *walker) Bind(n *core.Node) {
	x.Base.Bind(n)
	algos.On(&x.Base, typeWalk, func(_ *core.Msg, w *algos.Walk) {
		if w.TTL > 0 {
			w.TTL--
			x.Post(algos.One(x.Rand(), x.Known()), typeWalk, w)
		} else {
			x.Post(w.Who, typeHere, nil)
		}
	})
	x.Handle(typeHere, func(m *core.Msg) { x.ended = append(x.ended, m.From()) })
}

// Walks on a ring, on which each node knows the next only, end as far as they have hops.
func ExampleWalk() {
	const n = 10
	w := sim.New(sim.Options{Seed: 1})
	ring := make([]*walker, n)
	for i := range ring {
		ring[i] = &walker{}
		ring[i].AddHost(w.ID(fmt.Sprint("n", (i+1)%n)))
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return ring[i] })
	}
	for _, hops := range []uint8{0, 3} {
		w.Node("n0").Core().Call(func() { ring[0].Post(ring[1].ID(), typeWalk, &algos.Walk{Who: ring[0].ID(), TTL: hops}) })
	}
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	for _, id := range ring[0].ended {
		fmt.Println("a walk has ended at", w.Name(id))
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// a walk has ended at n1
	// a walk has ended at n4
}

// A walk is about somebody, and is read as it was written, with what a type that embeds it adds.
func TestWalkFields(t *testing.T) {
	for _, c := range []struct {
		walk algos.Walk
		good bool
	}{{algos.Walk{Who: nodeID(1), TTL: 7}, true}, {algos.Walk{Who: nodeID(2)}, true}, {algos.Walk{TTL: 7}, false}} {
		var got algos.Walk
		if err := pack.Read(pack.Append(nil, &c.walk), &got); (err == nil) != c.good || c.good && got != c.walk {
			t.Errorf("%+v was read as %+v: %v", c.walk, got, err)
		}
	}
}
