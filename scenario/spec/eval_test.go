package spec_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/metric"
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
	if m.Metric == "g-1" && t.Node <= 1 {
		return math.NaN(), at
	}
	if m.Kind == spec.GaugeMeasure {
		return at.Seconds(), at
	}
	if app != 0 {
		slope /= 2
	}
	return slope * at.Seconds(), at
}

// Of the metrics, n counts as ramps count, g is a gauge that A never set and nobody has who
// does not run, which B does not, and of h each node has recorded its number and 100, the first of them in
// the first 5 s.
func (ramp) MetricKind(name string) metric.Kind {
	return map[string]metric.Kind{"n": metric.KindCounter, "g-1": metric.KindGauge, "h": metric.KindHistogram, "empty": metric.KindHistogram}[name]
}

func (ramp) MetricNames() []string { return []string{"empty", "g-1", "h", "n"} }

func (ramp) Up(node int, _ time.Duration) bool { return node != 1 }

func (ramp) Distribution(m spec.Measure, of []spec.Target, _ uint32, from, to time.Duration) *metric.Distribution {
	d := new(metric.Distribution)
	for _, t := range of {
		if m.Metric != "h" {
			continue
		}
		if from < 5*time.Second {
			d.Record(float64(t.Node))
		}
		if to > 5*time.Second {
			d.Record(100)
		}
	}
	return d
}

// Coverage is 90% of the messages within 1s or more, of which one is made each second.
func (ramp) Coverage(of []spec.Target, _ uint32, within, from, to time.Duration) (float64, int) {
	n := int((min(to, 12*time.Second-within) - from) / time.Second)
	switch {
	case n <= 0:
		return 0, 0
	case within == 0 || within >= time.Second:
		return 0.9, n
	}
	return 0.5, n
}

func (ramp) Following() bool { return true }

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
		{"metric(n, B) = 24000", true, ""},
		{"metric(n, B) = 6000 between 2s and 5s", true, ""},
		{"metric(n, A..C) >= 12000", true, "3 values"},
		{"metric(g-1, C..D) = 36000 ± 12000", true, ""},
		{"metric(g-1, B..D) >= 36000", true, "2 values"}, // B does not run
		{"metric(g-1, A) >= 0", false, "A has not set g-1"},
		{"metric(g-1, B) >= 0", false, "none of the nodes runs"},
		{"metric(h, C) = 51", true, ""},
		{"metric(h, C) = 2 before 5s", true, ""},
		{"metric(h, C) < 3s before 5s", true, "2s"}, // it has the unit that it is held against
		{"metric(h, C) + 1s = 3s before 5s", true, ""},
		{"metric(h, C) * 2 / 1s = 4/s before 5s", true, ""},
		{"p50(metric(h, A..D)) = 3", true, ""},
		{"p30(metric(h, A..D)) = 2", true, ""},
		{"p99(metric(h, A..D)) = 100", true, ""},
		{"max(metric(h, A..D)) = 3 before 5s", true, ""},
		{"min(metric(h, B..D)) = 1", true, ""},
		{"sum(metric(h, B..C)) = 203", true, ""},
		{"mean(metric(h, B..C)) = 50.75", true, ""},
		{"p99(metric(empty, B..C)) < 5", false, "nothing was recorded of empty"},
		{"metric(empty, B) < 5", false, "of B: nothing was recorded of empty"},
		{"coverage() = 90%", true, ""},
		{"coverage(A..B, app a) >= 90% within 1s", true, "0.9"},
		{"coverage(app a) >= 90% within 999ms", false, "0.5"},
		{"coverage(app a) = 40% ± 30% within 999ms between 2s and 3s", true, "0.5"},
		{"coverage(app a) - coverage(A) = 0% within 12s", false, "no message was followed for long enough"},
		{"latency(B) < 5s", false, "no message that is followed has arrived"},
		{"p99(latency()) < 5s", false, "no message that is followed has arrived"},
		{"p99(hops(B..C)) < 5", false, "no message that is followed has arrived"},
		{"metric(hh, B) < 5", false, "no node has a metric \"hh\"; there are: empty, g-1, h, n"},
		{"p50(throughput(A..D)) = 2KBps", true, ""},
		{"p999(throughput(A..D)) = 4KBps", true, ""},
		{"p1(throughput(A..D)) = 1KBps", true, ""},
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
