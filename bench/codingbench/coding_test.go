package codingbench

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every contestant moves packets, what is recoded is new to the receiver, and what is
// decoded is what was coded.
func TestRun(t *testing.T) {
	for _, c := range []struct{ n, m, k, size int }{{4, 4, 32, 5120}, {3, 5, 10, 100}, {1, 1, 2, 1}, {64, 2, 64, 3000}} {
		p := Plan{N: c.n, M: c.m, K: c.k, Size: c.size, Links: []string{"mem", "tcp"}, Rounds: 1, Warmup: 5 * time.Millisecond, Duration: 40 * time.Millisecond}
		objects := 0
		r, err := Run(t.Context(), p, func(string) {}, func(any) error { objects++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if objects != 7 || len(r.Points) != 6 || len(r.Summary.Lines) != 6 || r.Wrong() != 0 {
			t.Errorf("%+v: %d objects, %d points, %d lines, %d wrong", c, objects, len(r.Points), len(r.Summary.Lines), r.Wrong())
		}
		for _, pt := range r.Points {
			if pt.Packets == 0 {
				t.Errorf("%+v: %s moved nothing", c, pt.Contestant)
			}
			if pt.InnovativeRatio > 1 || pt.DecodedGenerations > 0 && c.m <= c.n && pt.InnovativeRatio < 0.5 {
				t.Errorf("%+v: %s: innovative %v", c, pt.Contestant, pt.InnovativeRatio)
			}
		}
	}
}
