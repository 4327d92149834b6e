package library

import (
	"context"
	"os"
	"testing"
)

// What is claimed of SWIM holds in a small group.
func TestSWIM(t *testing.T) {
	rows, err := SWIM(t.Context(), Options{Seed: 1, Short: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !r.Held {
			t.Errorf("%s: measured %v", r.What, r.Measured)
		}
	}
	if testing.Verbose() {
		if err := Table(os.Stdout, rows); err != nil {
			t.Error(err)
		}
	}
}

// What was measured until somebody interrupts it is reported.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	rows, err := SWIM(ctx, Options{Seed: 1, Short: true, Progress: func(string) {
		if steps++; steps == 2 {
			cancel()
		}
	}})
	if err == nil || len(rows) < 5 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}
