package library

import (
	"os"
	"testing"
)

// What is claimed of Cyclon holds in a small network.
func TestCyclon(t *testing.T) {
	rows, err := Cyclon(t.Context(), Options{Seed: 1, Short: true})
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
