package algos_test

import (
	"fmt"
	"log"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
)

// A meter that takes batches counts each message once, whichever way it came.
func ExampleMeter() {
	w := sim.New(sim.Options{})
	meter, sink := &Meter{Next: w.ID("sink")}, &apps.Checker{}
	w.AddNode("meter", func() core.Algorithm { return meter })
	w.AddNode("sink", func() core.Algorithm { return relay.New(sink) })
	source := apps.NewBackToBack(apps.Stream{App: 1, Payload: 76, Limit: 100_000}) // frames of 100 bytes
	n := w.Node("meter").Core()
	n.Call(func() { n.AddSource(1, source) })
	if err := w.RunFor(time.Second); err != nil {
		log.Fatal(err)
	}
	fmt.Println(meter.Msgs, "messages,", meter.Bytes, "bytes;", sink.Tally().Messages, "arrived")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 100000 messages, 10000000 bytes; 100000 arrived
}
