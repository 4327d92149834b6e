package repro

import (
	"context"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

// simBed is virtual time.
type simBed struct {
	world *sim.World
	roles map[string]role
	made  []*stream // of all nodes: virtual time is everybody's
}

// queueMsgs bounds the queue of each link. The paper's buffers hold ten messages; a
// deeper one only makes rates settle later.
const queueMsgs = 10

func newSimBed(seed uint64) *simBed {
	return &simBed{world: sim.New(sim.Options{Seed: seed, Core: core.Config{QueueMsgs: queueMsgs}}), roles: make(map[string]role)}
}

func (b *simBed) id(name string) core.NodeID { return b.world.ID(name) }

func (b *simBed) add(name string, r role) error {
	b.roles[name] = r
	first := true
	n := b.world.AddNode(name, func() core.Algorithm {
		if !first {
			return r.again()
		}
		first = false
		return r.alg
	})
	n.SetBandwidth(r.bandwidth)
	for _, l := range r.links {
		n.SetLink(l.to, l.link) // for all its lives
	}
	r.meter.now = b.world.Now
	for _, s := range r.sources {
		s.timed = true
		b.made = append(b.made, s)
	}
	for _, other := range b.roles {
		other.meter.made = b.made
	}
	return nil
}

func (b *simBed) begin(name string) error {
	n := b.world.Node(name).Core()
	n.Call(func() {
		for _, s := range b.roles[name].sources {
			n.AddSource(s.app, s)
		}
	})
	return nil
}

// wait implements bed. It looks at the context once a virtual second.
func (b *simBed) wait(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(d, time.Second)
		if err := b.world.RunFor(step); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		d -= step
	}
	for _, p := range b.world.Panics() {
		return fmt.Errorf("the algorithm of node %s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
	}
	return nil
}

func (b *simBed) read(name string) (Tally, time.Duration, error) {
	return b.roles[name].meter.read(), b.world.Now(), nil
}

func (b *simBed) close() error { return b.world.Close() }
