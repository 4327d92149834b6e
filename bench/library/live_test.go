package library

import "testing"

// A few nodes run in the engine. How they fare in real time depends on the machine, so the
// figures are for "ioverlay repro library" and not for a test.
func TestPlumtreeLive(t *testing.T) {
	if testing.Short() || raceOn {
		t.Skip("takes half a minute")
	}
	rows, err := plumtreeLive(t.Context(), Options{Seed: 1}, 10)
	if err != nil || len(rows) != 3 || rows[0].Measured == 0 {
		t.Errorf("%+v, %v", rows, err)
	}
}
