package sim_test

import (
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/sim"
)

// A minute of three nodes in a row, in which the last one crashes and comes back,
// takes a moment.
func Example() {
	w := sim.New(sim.Options{Seed: 7})
	var sinks []*apps.Checker // one for each life of c
	w.AddNode("c", func() core.Algorithm {
		sinks = append(sinks, &apps.Checker{})
		return relay.New(sinks[len(sinks)-1])
	})
	w.AddNode("b", func() core.Algorithm { return relay.New(nil, w.ID("c")) })
	a := w.AddNode("a", func() core.Algorithm { return relay.New(nil, w.ID("b")) })
	a.Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 1000}, 100))
	w.Node("b").SetBandwidth(emul.Bandwidth{Up: 500 * emul.KBps})
	w.Schedule(
		sim.Fault{At: 20 * time.Second, Kind: sim.Crash, Nodes: []string{"c"}},
		sim.Fault{At: 40 * time.Second, Kind: sim.Restart, Nodes: []string{"c"}},
	)
	if err := w.RunFor(time.Minute); err != nil {
		log.Fatal(err)
	}
	fmt.Println("before the crash:", sinks[0].Tally().Messages)
	fmt.Println("after the restart:", sinks[1].Tally().Messages)
	fmt.Println("b to c:", w.Link(w.ID("b"), w.ID("c")).Msgs)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// before the crash: 2000
	// after the restart: 1966
	// b to c: 3966
}
