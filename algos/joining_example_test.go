package algos_test

import (
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
)

// crew is a group that has a leader: who began it.
type crew struct {
	algos.Base
	joining algos.Joining
	lost    algos.View
	leader  core.NodeID
}

func (c *crew) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.lost.Max = 8
	c.joining = algos.Joining{Base: &c.Base, Pause: 100 * time.Millisecond, Lost: &c.lost}
	c.joining.In = func() bool { return !c.leader.IsZero() }
	c.joining.Begin = func() { c.leader = c.ID() }
	c.joining.Ask = func(contact core.NodeID) {
		algos.Ask(&c.Base, contact, wire.FirstUserType, &Value{}, time.Second, func(v *Value, err error) {
			switch {
			case err != nil:
				c.lost.Add(contact)
			case v.Have && !c.joining.In():
				c.leader, _ = core.ParseNodeID(v.Key)
			}
		})
	}
	algos.Answer(&c.Base, wire.FirstUserType, func(*core.Msg, *Value) *Value { return &Value{Key: c.leader.String(), Have: c.joining.In()} })
	c.OnUp(c.joining.Join)
}

// Three nodes start at once and know each other: one of them begins, and the others join it.
func ExampleJoining() {
	w := sim.New(sim.Options{Seed: 1})
	crews := make([]*crew, 3)
	for i := range crews {
		crews[i] = &crew{}
		w.AddNode(fmt.Sprint("n", i), func() core.Algorithm { return crews[i] })
	}
	for _, c := range crews {
		for _, other := range crews {
			c.AddHost(other.ID())
		}
	}
	if err := w.RunFor(10 * time.Second); err != nil {
		log.Fatal(err)
	}
	for _, c := range crews {
		fmt.Println(w.Name(c.leader))
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// n0
	// n0
	// n0
}
