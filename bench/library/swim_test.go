package library

import (
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
