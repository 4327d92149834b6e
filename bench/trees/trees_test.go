package trees

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

func byNode(all []Outcome) map[string]Outcome {
	m := make(map[string]Outcome)
	for _, o := range all {
		m[o.Node] = o
	}
	return m
}

// The paper's own session gives the paper's trees and throughput.
func TestTable3(t *testing.T) {
	s := Table3()
	for _, p := range Policies {
		all, err := s.Run(t.Context(), p, scenario.Options{World: "sim"})
		if err != nil {
			t.Fatal(err)
		}
		for node, got := range byNode(all) {
			want, there := Paper[p.Name][node]
			if !there || p.Name == "random" {
				continue
			}
			if got.Degree != int(want.Degree) || math.Abs(got.Stress-want.Stress) > 0.035 {
				t.Errorf("%s, %s: degree %d and stress %.2f; the paper has %v", p.Name, node, got.Degree, got.Stress, want)
			}
			if want.DataKBps > 0 && math.Abs(got.DataKBps/want.DataKBps-1) > 0.02 {
				t.Errorf("%s, %s: %.1f KBps; the paper has %.0f", p.Name, node, got.DataKBps, want.DataKBps)
			}
		}
	}
}

// Other bandwidths and orders give the trees that the rule gives: who has the least stress takes the newcomer.
func TestOtherSessions(t *testing.T) {
	for _, c := range []struct {
		members []Member
		order   []string
		parents map[string]string // ns-aware
	}{
		{[]Member{{"S", 100}, {"A", 300}, {"B", 300}, {"C", 50}}, []string{"C", "A", "B"},
			map[string]string{"C": "S", "A": "S", "B": "A"}},
		{[]Member{{"S", 1000}, {"A", 100}, {"B", 100}, {"C", 100}}, []string{"A", "B", "C"},
			map[string]string{"A": "S", "B": "S", "C": "S"}},
		{[]Member{{"S", 100}, {"A", 1000}, {"B", 100}, {"C", 100}, {"D", 100}}, []string{"A", "B", "C", "D"},
			map[string]string{"A": "S", "B": "A", "C": "A", "D": "A"}},
	} {
		s := Table3()
		s.Members, s.Order = c.members, c.order
		all, err := s.Run(t.Context(), Policies[2], scenario.Options{World: "sim"})
		if err != nil {
			t.Fatal(err)
		}
		for node, want := range c.parents {
			if got := byNode(all)[node].Parent; got != want {
				t.Errorf("%v, %v: %s is below %s, want %s", c.members, c.order, node, got, want)
			}
		}
	}
}

// In a population all are in the tree, no tree beats the bound, and policies come in the paper's order.
func TestPopulations(t *testing.T) {
	const nodes = 30
	var all []Outcome
	for seed := range uint64(3) {
		s := Population(nodes, seed)
		for _, p := range Policies {
			got, err := s.Run(t.Context(), p, scenario.Options{World: "sim"})
			if err != nil {
				t.Fatal(err)
			}
			links := 0
			for _, o := range got {
				links += o.Degree
				if o.Parent == "" && o.Node != "n1" || o.DataKBps > s.Bound()*1.01 || o.Missed > 0 {
					t.Errorf("%s, seed %d: %+v, where no tree gives more than %.1f KBps", p.Name, seed, o, s.Bound())
				}
			}
			if links != 2*(nodes-1) {
				t.Errorf("%s, seed %d: degrees sum to %d, want %d", p.Name, seed, links, 2*(nodes-1))
			}
			all = append(all, got...)
		}
	}
	sums := Summarize(nodes, all)
	if len(sums) != len(Policies) || sums[0].Sessions != 3 {
		t.Fatalf("%+v", sums)
	}
	for _, s := range sums { // a join takes a query, its answer, a request and its answer at least, and data flows as the tree allows
		if s.JoinMsgs < 4 || s.OfFluid < 0.9 || s.OfFluid > 1.02 {
			t.Errorf("%s: %.1f messages a join, and %.3f of what the tree carries", s.Policy, s.JoinMsgs, s.OfFluid)
		}
	}
	for i, s := range sums[1:] {
		if before := sums[i]; s.Stress.SD >= before.Stress.SD || s.Data.Mean <= before.Data.Mean {
			t.Errorf("%s is no better than %s: stress %.2f ± %.2f and %.2f ± %.2f, %.1f and %.1f KBps",
				s.Policy, before.Policy, s.Stress.Mean, s.Stress.SD, before.Stress.Mean, before.Stress.SD, s.Data.Mean, before.Data.Mean)
		}
	}
	for _, p := range []figure.Picture{StressChart(all, sums[0].Ideal), ThroughputChart(all)} {
		svg, err := figure.SVG(p)
		if err != nil || !strings.Contains(string(svg), "refined") {
			t.Errorf("a chart: %v", err)
		}
	}
	for _, p := range Policies {
		if !strings.Contains(SummaryTable(sums), p.Name) || !strings.Contains(Table3Table(all), p.Name) {
			t.Errorf("no table shows %s", p.Name)
		}
	}
}

// The bound is right where it can be told by hand.
func TestBound(t *testing.T) {
	for _, c := range []struct {
		kbps []float64
		want float64
	}{
		{[]float64{100, 100}, 100},           // one link
		{[]float64{100, 100, 100}, 50},       // a chain: the middle has two links
		{[]float64{100, 400, 100}, 100},      // the middle can be the second
		{[]float64{300, 100, 100, 100}, 100}, // a star
		{[]float64{10, 1000, 1000}, 10},      // as slow as the slowest
	} {
		s := Session{}
		for i, k := range c.kbps {
			s.Members = append(s.Members, Member{nodeName(i), k})
		}
		if got := s.Bound(); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: %v, want %v", c.kbps, got, c.want)
		}
	}
	s := Table3()
	if got, want := s.Ideal(), 8/11.0; got != want {
		t.Errorf("the ideal stress is %v, want %v", got, want)
	}
}

// Bandwidths that nodes measure make trees that are nearly as good as those of bandwidths that they are told.
func TestMeasuredLastMiles(t *testing.T) {
	s := Population(12, 1)
	s.Measure = 4
	all, err := s.Run(t.Context(), Policies[2], scenario.Options{World: "sim"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if o.Joins && (o.Parent == "" || o.DataKBps <= 0) {
			t.Errorf("%+v", o)
		}
	}
}

// Seeds decide populations, and nothing else does.
func TestPopulation(t *testing.T) {
	a, b, other := Population(81, 7), Population(81, 7), Population(81, 8)
	if !slices.Equal(a.Members, b.Members) || !slices.Equal(a.Order, b.Order) || slices.Equal(a.Order, other.Order) {
		t.Error("a seed gives two populations, or two give one")
	}
	if len(a.Members) != 81 || len(a.Order) != 80 || a.Members[0].KBps != 100 {
		t.Errorf("%d members, %d join, the source has %v KBps", len(a.Members), len(a.Order), a.Members[0].KBps)
	}
	if !slices.Equal(a.Places, b.Places) || len(a.Places) != 81 || slices.Equal(a.Places, other.Places) {
		t.Error("places are not the seed's")
	}
	for _, m := range a.Members[1:] {
		if m.KBps < 50 || m.KBps > 200 {
			t.Errorf("%s has %v KBps", m.Name, m.KBps)
		}
	}
}

func TestNothingToRun(t *testing.T) {
	if _, err := (&Session{Members: []Member{{"S", 1}}}).Run(t.Context(), Policies[0], scenario.Options{World: "sim"}); err == nil {
		t.Error("a session that nobody joins ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := Table3()
	if _, err := s.Run(ctx, Policies[0], scenario.Options{World: "sim"}); err == nil {
		t.Error("a session that was interrupted has outcomes")
	}
}

// The scenario of examples is the paper's session.
func TestExample(t *testing.T) {
	r := scenario.Shipped()
	p, err := scenario.Load("../../examples/paper/ns-aware.yaml", r)
	if err != nil {
		t.Fatal(err)
	}
	out, err := scenario.Run(t.Context(), p, scenario.Options{World: "sim", Registry: r})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range out.Verdicts {
		if !v.Held {
			t.Errorf("%s: %s", v.Expectation, v.Found)
		}
	}
	_, from, to := func() (a, b, c time.Duration) { s := Table3(); return s.times() }()
	if got := out.Throughput(spec.Target{Node: 1, From: -1, To: -1}, from, to); got < 90e3 {
		t.Errorf("A gets %v B/s", got)
	}
}
