package figure

import (
	"slices"
	"testing"

	"gonum.org/v1/plot/vg"
)

func TestTicksReachAroundTheValues(t *testing.T) {
	for _, high := range []float64{0.003, 0.9, 1, 9.99, 10, 10.01, 15.3, 73, 8383, 1e6} {
		ticks := linearTicks(high)
		last := ticks[len(ticks)-1].Value
		if ticks[0].Value != 0 || last < high || len(ticks) < 4 || len(ticks) > 7 || (high > 0.01 && last > 2*high) {
			t.Errorf("up to %v: ticks %v", high, ticks)
		}
		for _, low := range []float64{high / 1000, high / 30, high} {
			ticks := logTicks(low, high)
			if ticks[0].Value > low || ticks[len(ticks)-1].Value < high || ticks[len(ticks)-1].Value > 10*high {
				t.Errorf("from %v to %v: ticks %v", low, high, ticks)
			}
		}
	}
}

func TestLabelsDoNotCoverEachOther(t *testing.T) {
	labels := apart([]label{{y: 100}, {y: 99}, {y: 300}, {y: 98}, {y: 50}}, 290)
	var ys []vg.Length
	for i, l := range labels {
		ys = append(ys, l.y)
		if l.y > 290 || i > 0 && labels[i-1].y-l.y < labelSpacing {
			t.Fatalf("labels at %v", ys)
		}
	}
	if !slices.Contains(ys, 100) || !slices.Contains(ys, 50) {
		t.Errorf("labels with room were moved: %v", ys)
	}
}
