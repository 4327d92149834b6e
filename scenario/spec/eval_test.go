package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// ramp measures figures that can be computed in the head: a node's counters grow by
// 1000 a second times its place, from 1; a link's by 10 times that of its receiver.
type ramp struct{ plan *spec.Plan }

func (r ramp) End() time.Duration  { return 10 * time.Second }
func (r ramp) Last() time.Duration { return 12 * time.Second }

func (r ramp) Name(t spec.Target) string {
	switch {
	case t.Node >= 0:
		return r.plan.Nodes[t.Node].Name
	case t.From >= 0:
		return r.plan.Nodes[t.From].Name + "->" + r.plan.Nodes[t.To].Name
	}
	return "all"
}

func (r ramp) Read(m spec.Measure, t spec.Target, app uint32, at time.Duration) (float64, time.Duration) {
	slope := 1e6
	switch {
	case t.Node >= 0:
		slope = 1000 * float64(t.Node+1)
	case t.From >= 0:
		slope = 10_000 * float64(t.To+1)
	}
	if m.Kind == spec.GaugeMeasure {
		return at.Seconds(), at
	}
	if app != 0 {
		slope /= 2
	}
	return slope * at.Seconds(), at
}

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		expectation string
		held        bool
		found       string // part of it
	}{
		{"throughput(A) = 1KBps", true, "1KBps"},
		{"throughput(A) = 1.01KBps ± 2%", true, "-0.99%"},
		{"throughput(A) = 1.01KBps ± 0.5%", false, "-0.99%"},
		{"throughput(A) = 1.01KBps ± 20Bps", true, ""},
		{"throughput(A) != 1KBps", false, ""},
		{"throughput(A, app a) = 500Bps", true, ""},
		{"throughput(A..D) <= 4KBps", true, "4 values from 1KBps to 4KBps"},
		{"throughput(A..D) <= 3KBps", false, "D: 4KBps"},
		{"throughput(A -> B) = 20KBps between 1s and 3s", true, ""},
		{"received(A) = received(B) / 0", false, "a division by 0"},
		{"received(A) / 0 = received(B) / 0", false, "a division by 0"},
		{"received(A) / 0 != 5", false, "a division by 0"},
		{"received(A) / 0 > 5", false, "a division by 0"},
		{"0 / (received(A) - received(A)) <= 1", false, "a division by 0"},
		{"5 / (received(A) / 0) = 0", false, "a division by 0"},
		{"min(received(A..B) / (received(A..B) - 24000)) <= 10", false, "a division by 0"},
		{"sum(received(A..B) / (received(A..B) - 24000)) != 10", false, "a division by 0"},
		{"received(A) = received(B) / 0 ± 50%", false, "a division by 0"},
		{"throughput(A -> B) = 10 * throughput(B)", true, "against"},
		{"throughput(A..C) + 1KBps = throughput(B..D)", true, ""},
		{"sum(throughput(A..D)) = 10KBps", true, ""},
		{"mean(throughput(A..D)) = 2.5KBps", true, ""},
		{"max(throughput(A..D)) - min(throughput(A..D)) = 3KBps", true, ""},
		{"received(B) = 24000", true, "24000"}, // until the last reading
		{"received(B) = 20000 before 10s", true, ""},
		{"received(B) = 6000 between 2s and 5s", true, ""},
		{"received(B) = 6000 at 3s", true, ""},
		{"received(B) / 3s = 2000/s between 2s and 5s", true, ""},
		{"alive() = 7 at 7s", true, ""},
		{"received() = 12000000", true, ""},
		{"throughput(A) * 2s = 2KB", true, ""},
		{"-throughput(A) < 0Bps", true, ""},
		{"1 + 2 * 3 = 7", true, ""},
		{"(1 + 2) * 3 = 9", true, ""},
		{"50% = 0.5", true, ""},
		{"1Mibps = 128KiBps", true, ""},
		{"1KiB = 1024B", true, ""},
		{"1Gbps = 125MBps", true, ""},
		{"90s = 1.5min", true, ""},
		{"throughput(A..B) = throughput(A..C)", false, "2 values on the left, 3 on the right"},
	} {
		src := strings.Replace(small, "throughput(B) = 100KBps ± 2% between 1s and 4s", c.expectation, 1)
		plan := parse(t, src)
		if v := plan.Expect[0].Evaluate(ramp{plan}); v.Held != c.held || !strings.Contains(v.Found, c.found) || !v.Measured {
			t.Errorf("%s: %+v", c.expectation, v)
		}
	}
}

// short ends before the windows of the expectations.
type short struct{ ramp }

func (short) End() time.Duration { return 2 * time.Second }

func TestEvaluateWhatWasNotMeasured(t *testing.T) {
	plan := parse(t, small)
	if v := plan.Expect[0].Evaluate(short{ramp{plan}}); v.Held || v.Measured || !strings.Contains(v.Found, "ended at 2s") {
		t.Errorf("%+v", v)
	}
}
