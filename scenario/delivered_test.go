package scenario_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/scenario"
)

const undelivered = `name: undelivered
duration: 2s
drain: 0s
nodes: [A, B]
links: [{link: A -> B, rate: 10KBps}]
buffers: {messages: 200}
applications: [{name: a, at: A, source: constant-rate, rate: 50 messages/s, payload: 1000B, until: 1s}]
expect:
  - distinct(B) < 25
  - coverage(app a) <= 50%
`

// What arrives when nodes are told to stop is measured by nothing: neither counted nor followed.
func TestTheEndIsNotMeasured(t *testing.T) {
	for _, w := range []string{"sim", "live"} {
		t.Run(w, func(t *testing.T) {
			held(t, run(t, parse(t, scenario.Shipped(), undelivered), scenario.Options{World: w}))
		})
	}
}
