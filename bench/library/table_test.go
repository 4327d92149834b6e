package library

import (
	"strings"
	"testing"
)

// Rows of several seeds are one line, which says with how many of them the claim did not hold.
func TestTableOfSeeds(t *testing.T) {
	c := Claim{Overlay: "x", What: "hops", AtMost: bound(5)}
	var rows []Row
	for seed, hops := range []float64{4, 6, 5} {
		rows = append(rows, c.Measured(Sim, 10, uint64(seed), hops), Claim{Overlay: "x", What: "share"}.Measured(Sim, 10, uint64(seed), 1))
	}
	rows = append(rows, c.Measured(Sim, 20, 0, 7))
	var out strings.Builder
	if err := Table(&out, rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 (4 to 6, 3 seeds)", "NOT HELD 1 times", "1 (1 to 1, 3 seeds)", "│ 7 ", "NOT HELD  "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "│ x "); n != 3 {
		t.Errorf("%d lines, want 3", n)
	}
}
