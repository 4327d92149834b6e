package bench_test

import (
	"math"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bench"
)

// In virtual time every link carries what the fluid oracle says, within 2%. The live
// world, which takes real time, is compared by "ioverlay bench agreement".
func TestVirtualTimeAgreesWithTheOracle(t *testing.T) {
	rows, err := bench.Agreement(t.Context(), bench.AgreementSpec{Seed: 1, DAGs: 8, Worlds: []string{"sim"}, Window: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", bench.AgreementTable(rows, []string{"sim"}))
	for _, r := range rows {
		if off := r.Off["sim"]; off == nil || math.Abs(*off) > 2 {
			t.Errorf("%s, %s: %.0f B/s in virtual time, %.0f by the oracle", r.Topology, r.Link, r.Measured["sim"], r.Oracle)
		}
	}
}
