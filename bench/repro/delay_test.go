package repro

import (
	"testing"
	"time"
)

// A receiver that nothing reaches is silent for the whole window, and none of the messages is delivered.
func TestNothingIsDelivered(t *testing.T) {
	c := DelayCases()[1]
	c.Loss = 1
	for _, w := range DelayWays() {
		p, err := RunDelay(t.Context(), c, w, DelaySpec{Seed: 1, Window: Window{Warmup: 2 * time.Second, Duration: 3 * time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		if p.Silence != 3 || p.Delivered != 0 || len(p.Quantiles) > 0 {
			t.Errorf("%s: silent for %v s of 3, %v delivered, %d quantiles", w.Name, p.Silence, p.Delivered, len(p.Quantiles))
		}
	}
}
