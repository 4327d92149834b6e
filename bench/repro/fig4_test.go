package repro

import (
	"math"
	"testing"
	"time"
)

// The paper's figures, within 2% in virtual time.
func TestFig4InVirtualTime(t *testing.T) {
	var points []Fig4Point
	s := Fig4Spec{World: Sim, Seed: 1, Window: Window{Warmup: 10 * time.Second, Duration: 60 * time.Second}}
	if _, err := Fig4(t.Context(), s, func(p Fig4Point) error { points = append(points, p); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(points) != 14 {
		t.Fatalf("%d points, want seven nodes twice", len(points))
	}
	for _, p := range points {
		t.Logf("%s %s: useful %.0f, received %.0f", p.Case, p.Node, p.UsefulPerS, p.ReceivedPerS)
		if !p.Within() || p.WrongMessages != 0 {
			t.Errorf("%+v deviates by %v", p, *p.Deviation)
		}
	}
	e := points[11]
	if e.Case != Coded || e.Node != "E" || e.UsefulPerS != 0 || math.Abs(e.ReceivedPerS/200e3-1) > 0.02 {
		t.Errorf("E is a helper of 200 KBps: %+v", e)
	}
}
