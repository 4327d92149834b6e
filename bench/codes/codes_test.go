package codes

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ioverlay/ioverlay/coding/codes"
)

// Without loss what packets wait for is known: nothing where they are sent as they are, else the
// rest of their block, and then all of it.
func TestDelayWithoutLoss(t *testing.T) {
	const k = 8
	for _, name := range codes.Names() {
		c, err := codes.New(name, k)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 20 {
			got, err := send(c, 0, rng)
			if err != nil {
				t.Fatal(err)
			}
			want := trial{extra: got.extra}
			if !c.Systematic() {
				want.waited = 2*k - 2 + got.extra
				want.delay = float64(want.waited) - float64(k-1)/2
			}
			if got.extra < 0 || c.Systematic() && got.extra != 0 || got.waited != want.waited || abs(got.delay-want.delay) > 1e-9 || got.failed {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// A code with a fixed number of packets can run out of them, and that is told.
func TestExhausted(t *testing.T) {
	c, err := codes.New("reed-solomon", 8)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := send(c, 0.9, rand.New(rand.NewPCG(1, 1))); err != nil || !got.failed {
		t.Errorf("%+v, %v", got, err)
	}
}

// Everything is measured, the same seed gives the same blocks, and the picture is drawn.
func TestRun(t *testing.T) {
	p := Plan{Codes: codes.Names(), Ks: []int{4, 16}, Size: 64, Loss: 0.1, Trials: 20, Rounds: 2, Seed: 3}
	steps := 0
	points, err := Run(t.Context(), p, func(string) { steps++ })
	if err != nil || steps != p.Steps() || len(points) != 12 {
		t.Fatalf("%d points, %d steps of %d, %v", len(points), steps, p.Steps(), err)
	}
	again, err := Run(t.Context(), p, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range points {
		b := again[i]
		if a.ExtraMean != b.ExtraMean || a.DelayMean != b.DelayMean || a.DelayMost != b.DelayMost {
			t.Errorf("the same seed gave %+v and %+v", a, b)
		}
		if a.Encode() <= 0 || a.Decode() <= 0 || len(a.EncodeMBps) != p.Rounds || a.ExtraMean < 0 || a.Code == "reed-solomon" && a.ExtraMean != 0 {
			t.Errorf("%+v", a)
		}
	}
	file, err := WriteChart(points, t.TempDir())
	if err != nil || filepath.Base(file) != ChartName {
		t.Fatal(file, err)
	}
	if b, err := os.ReadFile(file); err != nil || len(b) < 1000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if Table(points) == "" || Table(nil) != "" {
		t.Error("the table is not that of the points")
	}
}
