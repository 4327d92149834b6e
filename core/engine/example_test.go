package engine_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// Limits, latency and loss on a link between two nodes. What the link loses is
// counted, and the rest arrives.
func Example_emulation() {
	eng, err := engine.New(engine.Options{
		Buffers: engine.Buffers{Messages: 10, Payload: 5120},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	sink := &apps.Checker{}
	slow, err := eng.AddNode(relay.New(sink), engine.NodeOptions{
		Bandwidth: emul.Bandwidth{Down: 200 * emul.KBps},
	})
	if err != nil {
		log.Fatal(err)
	}
	source, err := eng.AddNode(relay.New(nil, slow.ID()), engine.NodeOptions{})
	if err != nil {
		log.Fatal(err)
	}
	err = source.Do(func(n *core.Node) {
		n.SetBandwidth(emul.Bandwidth{Total: 4 * emul.MBps, Up: 400 * emul.KBps})
		n.SetLink(slow.ID(), emul.Link{
			Rate:    300 * emul.KBps,
			Latency: 20 * time.Millisecond,
			Jitter:  emul.Jitter{Dist: emul.Normal, Spread: 2 * time.Millisecond},
			Loss:    0.05,
		})
		n.AddSource(1, apps.NewBackToBack(apps.Stream{App: 1, Payload: 1000, Limit: 100}))
	})
	if err != nil {
		log.Fatal(err)
	}

	var lost, received uint64
	for lost+received < 100 {
		stats, err := source.Stats()
		if err != nil {
			log.Fatal(err)
		}
		lost = stats.Lost.EmulMsgs
		if err := slow.Do(func(*core.Node) { received = sink.Tally().Messages }); err != nil {
			log.Fatal(err)
		}
	}
	if err := eng.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(lost+received, "messages accounted for")
	// Output: 100 messages accounted for
}
