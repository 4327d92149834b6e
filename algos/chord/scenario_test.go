package chord_test

import (
	"testing"

	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

// Owners themselves say whether lookups found them. The run fails by itself if an Invariant does not hold.
func TestScenario(t *testing.T) {
	scenariotest.Run(t, "testdata/churn.yaml")
}
