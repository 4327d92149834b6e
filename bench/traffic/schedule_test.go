package traffic

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSchedule(t *testing.T) {
	s := NewSchedule(1000, 2000) // one in 500 µs
	tests := []struct {
		nowNS int64
		due   uint64
	}{
		{0, 0}, {999, 0}, {1000, 1}, {500_999, 1}, {501_000, 2}, {1000 + 1_000_000_000, 2001},
	}
	for _, test := range tests {
		if got := s.Due(test.nowNS); got != test.due {
			t.Errorf("due by %d ns: %d, want %d", test.nowNS, got, test.due)
		}
	}
}

// Message k is due exactly from its intended time on.
func TestScheduleDueIsInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 1<<50).Draw(t, "start")
		rate := rapid.Float64Range(0.01, 1e9).Draw(t, "rate")
		k := rapid.Uint64Range(0, 1e6).Draw(t, "k")
		s := NewSchedule(start, rate)
		at := s.Intended(k)
		if s.Due(at) != k+1 || s.Due(at-1) != k {
			t.Fatalf("message %d is meant to leave at %d ns; due then %d, 1 ns before %d", k, at, s.Due(at), s.Due(at-1))
		}
	})
}

func TestNewScheduleRefusesNonsense(t *testing.T) {
	for _, rate := range []float64{0, -1, 1e10} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a rate of %v was accepted", rate)
				}
			}()
			NewSchedule(0, rate)
		}()
	}
}

func TestNowGoesForward(t *testing.T) {
	if a, b := Now(), Now(); b < a {
		t.Errorf("the clock went from %d to %d", a, b)
	}
}
