package bench

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Plan is what one run compares.
type Plan struct {
	Kinds         []Kind // all that are compared, links and baselines
	Nodes         []int  // lengths of chains
	PayloadBytes  int
	Loops         int
	Warmup        time.Duration
	Duration      time.Duration // of each point's window
	Rounds        int           // of the throughput pass
	LatencyRounds int           // of the latency pass, 0 for none
	RatePerSecond float64       // of the latency pass
	ProfileDir    string        // where the throughput pass leaves CPU profiles; empty for none
}

// ErrPlan is what Validate's errors about the plan as a whole wrap.
var ErrPlan = errors.New("not a possible comparison")

// Validate returns nil or an error that wraps ErrPlan or ErrSpec and says what is allowed.
func (p Plan) Validate() error {
	switch {
	case len(p.Kinds) == 0:
		return fmt.Errorf("%w: there is no kind of chain to measure", ErrPlan)
	case len(p.Nodes) == 0:
		return fmt.Errorf("%w: there is no length to measure", ErrPlan)
	case p.Rounds < 1 || p.Rounds > MaxRounds:
		return fmt.Errorf("%w: %d rounds; 1 to %d are allowed", ErrPlan, p.Rounds, MaxRounds)
	case p.LatencyRounds < 0 || p.LatencyRounds > MaxRounds:
		return fmt.Errorf("%w: %d rounds of the latency pass; 0 to %d are allowed", ErrPlan, p.LatencyRounds, MaxRounds)
	}
	for i, n := range p.Nodes {
		if slices.Contains(p.Nodes[:i], n) {
			return fmt.Errorf("%w: %d nodes are given twice", ErrPlan, n)
		}
	}
	for i, k := range p.Kinds {
		if slices.Contains(names(p.Kinds[:i]), k.Name) {
			return fmt.Errorf("%w: %s is given twice", ErrPlan, k.Name)
		}
	}
	for _, s := range p.Specs() {
		if err := s.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Specs lists the points in the order in which they are measured: all rounds of the throughput pass, then those of
// the latency pass; in a round every length, and at each length every kind. The first kind of one round is the
// last of the next.
func (p Plan) Specs() []Spec {
	var specs []Spec
	for round := range p.Rounds {
		specs = append(specs, p.round(PassThroughput, round)...)
	}
	for round := range p.LatencyRounds {
		specs = append(specs, p.round(PassLatency, round)...)
	}
	return specs
}

func (p Plan) round(pass string, round int) []Spec {
	var specs []Spec
	for _, nodes := range p.Nodes {
		for i := range p.Kinds {
			kind := p.Kinds[(i+round)%len(p.Kinds)]
			specs = append(specs, p.spec(pass, kind, nodes, round+1))
		}
	}
	return specs
}

func (p Plan) spec(pass string, kind Kind, nodes, round int) Spec {
	s := Spec{
		Kind:         kind.Name,
		Pass:         pass,
		Nodes:        nodes,
		PayloadBytes: p.PayloadBytes,
		Loops:        p.Loops,
		Round:        round,
		Warmup:       p.Warmup,
		Duration:     p.Duration,
	}
	if pass == PassLatency {
		s.RatePerSecond = p.RatePerSecond
	} else if p.ProfileDir != "" {
		s.CPUProfile = profilePath(p.ProfileDir, s)
	}
	return s
}
