package bench

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSpread(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   *Spread
	}{
		{"none", nil, nil},
		{"one", []float64{3}, &Spread{3, 3, 3}},
		{"two", []float64{4, 1}, &Spread{2.5, 1, 4}},
		{"odd", []float64{9, 1, 5}, &Spread{5, 1, 9}},
		{"even", []float64{9, 1, 5, 6}, &Spread{5.5, 1, 9}},
		{"alike", []float64{2, 2, 2}, &Spread{2, 2, 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(test.values)
			sameSpread(t, "spread", spread(test.values), test.want)
			if !slices.Equal(before, test.values) {
				t.Error("the values were reordered")
			}
		})
	}
}

// As many values lie at or below the median as at or above it, and none outside the extremes.
func TestSpreadProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 30).Draw(t, "values")
		s := spread(values)
		below, above := 0, 0
		for _, v := range values {
			if v <= s.Median {
				below++
			}
			if v >= s.Median {
				above++
			}
			if v < s.Min || v > s.Max {
				t.Fatalf("%v lies outside %+v", v, s)
			}
		}
		if 2*below < len(values) || 2*above < len(values) {
			t.Fatalf("%+v is not the median of %v", s, values)
		}
	})
}

func sameSpread(t *testing.T, what string, got, want *Spread) {
	t.Helper()
	switch {
	case got == nil && want == nil:
	case got == nil || want == nil:
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	case !near(got.Median, want.Median) || !near(got.Min, want.Min) || !near(got.Max, want.Max):
		t.Errorf("%s: got %+v, want %+v", what, *got, *want)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// point is a measurement of so much total bandwidth, by CPU and by the clock.
func point(kind string, nodes, round int, cpu, wall float64) Point {
	return Point{Kind: kind, Pass: PassThroughput, Nodes: nodes, Round: round, BytesPerCPUS: cpu, TotalBytesPerS: wall}
}

func TestSummarizeComparesWithinRounds(t *testing.T) {
	engine, base := Kind{Name: "engine", Role: RoleLink}, Kind{Name: "base", Role: RoleBaseline}
	// The second round ran on a machine half as fast. Ratios must not notice.
	points := []Point{
		point("engine", 2, 1, 100, 1000), point("engine", 3, 1, 96, 900), point("engine", 8, 1, 80, 500),
		point("engine", 2, 2, 50, 500), point("engine", 3, 2, 48, 450), point("engine", 8, 2, 40, 250),
		point("base", 2, 1, 50, 250), point("base", 3, 1, 40, 250), point("base", 8, 1, 10, 250),
		point("base", 2, 2, 25, 125), point("base", 3, 2, 20, 125), point("base", 8, 2, 5, 125),
	}
	s := Summarize(Report{Plan: Plan{Kinds: []Kind{engine, base}, Nodes: []int{8, 2, 3}}, Points: points})

	same := func(v float64) *Spread { return &Spread{v, v, v} }
	sameSpread(t, "engine's switch, CPU", s.Kinds["engine"].SwitchOverhead.CPU, same(0.04))
	sameSpread(t, "engine's switch, wall", s.Kinds["engine"].SwitchOverhead.Wall, same(0.1))
	sameSpread(t, "engine's scaling, CPU", s.Kinds["engine"].Scaling.CPU, same(0.8))
	sameSpread(t, "engine's scaling, wall", s.Kinds["engine"].Scaling.Wall, same(0.5))
	sameSpread(t, "base's switch, CPU", s.Kinds["base"].SwitchOverhead.CPU, same(0.2))
	sameSpread(t, "base's scaling, CPU", s.Kinds["base"].Scaling.CPU, same(0.2))
	if s.Longest != 8 || s.Points != len(points) {
		t.Errorf("longest %d, points %d; want 8, %d", s.Longest, s.Points, len(points))
	}

	wantCPU := map[int]float64{2: 2, 3: 2.4, 8: 8}
	if len(s.Ratios) != len(wantCPU) {
		t.Fatalf("%d ratios, want one a length, of the link kind to the only baseline: %+v", len(s.Ratios), s.Ratios)
	}
	for _, r := range s.Ratios {
		if r.Kind != "engine" || r.Baseline != "base" {
			t.Errorf("ratio of %s to %s", r.Kind, r.Baseline)
		}
		sameSpread(t, "ratio, CPU", r.CPU, same(wantCPU[r.Nodes]))
	}
	sameSpread(t, "bandwidth over rounds", s.Lengths[0].BytesPerCPUS, &Spread{75, 50, 100})
}

func TestSummarizeWithGaps(t *testing.T) {
	one := Kind{Name: "one", Role: RoleBaseline}
	other := Kind{Name: "other", Role: RoleBaseline}
	tests := []struct {
		name   string
		nodes  []int
		points []Point
		want   KindSummary
	}{
		{"nothing measured", []int{2, 3}, nil, KindSummary{}},
		{"no 2 nodes", []int{3, 8}, []Point{point("one", 3, 1, 5, 5), point("one", 8, 1, 5, 5)}, KindSummary{}},
		{"no 3 nodes", []int{2, 8}, []Point{point("one", 2, 1, 10, 10), point("one", 8, 1, 5, 2)},
			KindSummary{Scaling: Comparison{CPU: &Spread{.5, .5, .5}, Wall: &Spread{.2, .2, .2}}}},
		{"in different rounds", []int{2, 3}, []Point{point("one", 2, 1, 10, 10), point("one", 3, 2, 5, 2)}, KindSummary{}},
		{"zero CPU", []int{2, 3}, []Point{point("one", 2, 1, 0, 10), point("one", 3, 1, 5, 8)},
			KindSummary{
				SwitchOverhead: Comparison{Wall: &Spread{.2, .2, .2}},
				Scaling:        Comparison{Wall: &Spread{.8, .8, .8}}}},
		{"one round complete", []int{2, 3},
			[]Point{point("one", 2, 1, 10, 10), point("one", 3, 1, 9, 8), point("one", 2, 2, 1, 1)},
			KindSummary{
				SwitchOverhead: Comparison{CPU: &Spread{.1, .1, .1}, Wall: &Spread{.2, .2, .2}},
				Scaling:        Comparison{CPU: &Spread{.9, .9, .9}, Wall: &Spread{.8, .8, .8}}}},
		{"only latencies", []int{2, 3},
			[]Point{{Kind: "one", Pass: PassLatency, Nodes: 2, Round: 1, BytesPerCPUS: 1, TotalBytesPerS: 1},
				{Kind: "one", Pass: PassLatency, Nodes: 3, Round: 1, BytesPerCPUS: 1, TotalBytesPerS: 1}}, KindSummary{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := Summarize(Report{Plan: Plan{Kinds: []Kind{one, other}, Nodes: test.nodes}, Points: test.points})
			got := s.Kinds["one"]
			sameSpread(t, "switch, CPU", got.SwitchOverhead.CPU, test.want.SwitchOverhead.CPU)
			sameSpread(t, "switch, wall", got.SwitchOverhead.Wall, test.want.SwitchOverhead.Wall)
			sameSpread(t, "scaling, CPU", got.Scaling.CPU, test.want.Scaling.CPU)
			sameSpread(t, "scaling, wall", got.Scaling.Wall, test.want.Scaling.Wall)
			for _, r := range s.Ratios {
				if r.CPU != nil || r.Wall != nil {
					t.Errorf("a ratio to a kind that was not measured: %+v", r)
				}
			}
		})
	}
}

func TestNewPoint(t *testing.T) {
	s := Spec{Kind: "raw", Pass: PassThroughput, Nodes: 5, PayloadBytes: 1000, Loops: 2, Round: 3}
	p := newPoint(s, measured{elapsed: 2e9, messages: 500, cpu: 1e9, rssPeak: 77},
		Snapshot{Messages: 900, Lost: 1, OutOfOrder: 2, Corrupt: 3})
	want := Point{Kind: "raw", Pass: PassThroughput, Nodes: 5, PayloadBytes: 1000, Round: 3, Loops: 2,
		Seconds: 2, Messages: 500, E2EBytesPerS: 250_000, TotalBytesPerS: 1_000_000, CPUSeconds: 1,
		BytesPerCPUS: 2_000_000, MessagesPerCPUS: 2000, RSSPeakBytes: 77, LostMessages: 1, OutOfOrder: 2, Corrupt: 3}
	if p != want {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	if p.Violations() != 6 {
		t.Errorf("%d violations, want 6", p.Violations())
	}
	idle := newPoint(s, measured{elapsed: 1e9, messages: 1}, Snapshot{})
	if idle.BytesPerCPUS != 0 || idle.MessagesPerCPUS != 0 {
		t.Errorf("without CPU time the rates for it must be 0: %+v", idle)
	}
}
