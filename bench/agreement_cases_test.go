package bench

import (
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Whatever the window, the topologies are scenarios that last as long.
func TestAgreementWindows(t *testing.T) {
	for _, window := range []time.Duration{time.Second, 1500 * time.Millisecond, 57 * time.Second, time.Minute, 100 * time.Second, 2 * time.Hour} {
		for _, c := range agreementCases(AgreementSpec{Seed: 1, DAGs: 1, Links: spec.TransportMem, Window: window}) {
			plan, err := spec.Parse(c.name, []byte(c.yaml), spec.Options{Algorithms: scenario.Shipped()})
			if err != nil || plan.Duration != agreementWarmup+window {
				t.Errorf("%s over %v: %v", c.name, window, err)
			}
		}
	}
}
