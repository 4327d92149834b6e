package hunt_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
)

// lostSomething runs nodes in a row, and says whether the last one missed any of ten
// messages of the first.
func lostSomething(_ context.Context, c hunt.Case) (hunt.Outcome, error) {
	w := sim.New(sim.Options{Seed: c.Seed})
	sink := &apps.Checker{}
	last := c.Nodes - 1
	for i := range c.Nodes {
		name, next := fmt.Sprint("n", i), w.ID(fmt.Sprint("n", i+1))
		w.AddNode(name, func() core.Algorithm {
			if i == last {
				return relay.New(sink)
			}
			return relay.New(nil, next)
		})
	}
	w.Nodes()[0].Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 10, Limit: 10}, 1))
	w.Schedule(c.Faults...)
	if err := w.RunFor(c.Duration); err != nil {
		return hunt.Outcome{}, err
	}
	out := hunt.Outcome{}
	if lost := sink.Tally().Lost; lost > 0 {
		out.Failure = fmt.Sprintf("the last node missed %d messages", lost)
	}
	return out, w.Close()
}

// A chain does not survive everything. What a seed found with eight nodes and ten
// faults is made small.
func ExampleHunt() {
	found, err := hunt.Hunt(context.Background(), hunt.Plan{
		First: 1, Last: 10_000, Run: lostSomething,
		Make: func(seed uint64) hunt.Case {
			c := hunt.Case{Seed: seed, Nodes: 8, Duration: time.Minute}
			rng := rand.New(rand.NewPCG(seed, 0))
			for range 10 {
				c.Faults = append(c.Faults, sim.Fault{
					At: time.Duration(rng.IntN(20)) * time.Second / 2, Kind: sim.Restart, Nodes: []string{fmt.Sprint("n", 1+rng.IntN(20))},
				})
			}
			return c
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(found.Small.Failure)
	fmt.Println(found.Smallest.Nodes, "nodes", found.Smallest.Duration, found.Smallest.Faults)
	// Output:
	// the last node missed 1 messages
	// 4 nodes 4.21875s [3s restart n3]
}
