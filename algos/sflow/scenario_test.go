package sflow_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

// The example of the paper's section 3.3, in virtual time. The run fails by itself if an Invariant does not hold.
func TestScenario(t *testing.T) {
	scenariotest.Run(t, "../../examples/paper/federation.yaml")
}
