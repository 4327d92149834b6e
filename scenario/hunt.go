package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Hunting: the same scenario with one seed after the other, in virtual time, until an
// expectation does not hold, or an algorithm panics or does not return; and then with less of it.

// Hunter hunts in a scenario.
type Hunter struct {
	Load     func(seed uint64) (*Plan, error) // the scenario with a seed
	Registry *Registry                        // nil means Shipped
	Order    sim.Order                        // of what happens at one time
	Checks   []Check                          // of the whole overlay
	// InvariantEvery is that of Options.
	InvariantEvery int
	// Strict and HangAfter are those of Options.
	Strict    bool
	HangAfter time.Duration
	// Elsewhere, if set, has another process do what Run does. It must end that process if the run is one that has hung:
	// in this one each would use a core for good, so that such a failure is not made small without it.
	Elsewhere func(ctx context.Context, c hunt.Case) (Ran, error)

	mu    sync.Mutex
	first map[uint64]string // by seed: which failure its whole scenario had
}

// Hunt runs the seeds of a plan, of which it needs First and Last, until one fails,
// and makes the failure small: a shorter time and fewer of the faults that the
// timeline has. Other changes of the timeline stay, and so do the nodes. The failure
// stays the same: the expectation that did not hold, the violation, or the place of the
// panic or of the hang.
func (h *Hunter) Hunt(ctx context.Context, p hunt.Plan) (*hunt.Found, error) {
	if h.Registry == nil {
		h.Registry = Shipped()
	}
	if _, err := h.Load(p.First); err != nil {
		return nil, err
	}
	p.Make = func(seed uint64) hunt.Case {
		plan, err := h.Load(seed)
		if err != nil {
			return hunt.Case{Seed: seed} // Run says what is wrong
		}
		return hunt.Case{Seed: seed, Duration: plan.Duration, Faults: Faults(plan)}
	}
	p.Run = h.run
	return hunt.Hunt(ctx, p)
}

func (h *Hunter) run(ctx context.Context, c hunt.Case) (hunt.Outcome, error) {
	run := h.Elsewhere
	if run == nil {
		run = h.Run
	}
	ran, err := run(ctx, c)
	if err != nil || len(ran.Failures) == 0 {
		return hunt.Outcome{}, err
	}
	out := h.same(c.Seed, ran.Failures)
	if ran.Hung && h.Elsewhere == nil { // its goroutine has a core from now on
		out.NoShrink = true
	}
	return out, nil
}

// Run runs a case in this process, and says what is wrong with it. It is an error if it was interrupted.
func (h *Hunter) Run(ctx context.Context, c hunt.Case) (Ran, error) {
	plan, err := h.Load(c.Seed)
	if err != nil {
		return Ran{}, err
	}
	if plan, err = WithFaults(plan, c.Faults, c.Duration); err != nil {
		return Ran{}, err
	}
	run, err := Run(ctx, plan, Options{World: "sim", Registry: h.Registry, Order: h.Order, Checks: h.Checks, InvariantEvery: h.InvariantEvery,
		Strict: h.Strict, HangAfter: h.HangAfter})
	ran := Ran{failures(run, err), errors.Is(err, ErrHung)}
	switch {
	case len(ran.Failures) > 0:
		err = nil
	case err == nil && (run == nil || run.Stopped):
		err = ctx.Err()
	}
	return ran, err
}

// same is the failure of a seed that was seen first, if it is among these. A seed runs
// whole before it is made smaller, so the first is that of the whole scenario.
func (h *Hunter) same(seed uint64, fs []Failure) hunt.Outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == nil {
		h.first = make(map[uint64]string)
	}
	which, seen := h.first[seed]
	if !seen {
		h.first[seed] = fs[0].Which
		return fs[0].Outcome
	}
	if i := slices.IndexFunc(fs, func(f Failure) bool { return f.Which == which }); i >= 0 {
		return fs[i].Outcome
	}
	return hunt.Outcome{}
}

// Faults lists what goes wrong in a plan's timeline.
func Faults(p *Plan) (faults []sim.Fault) {
	names := func(is []int) (ns []string) {
		for _, i := range is {
			ns = append(ns, p.Nodes[i].Name)
		}
		return ns
	}
	for _, s := range p.Steps {
		f := sim.Fault{At: s.At, Nodes: names(s.Nodes)}
		switch s.Kind {
		case spec.StepKill:
			f.Kind = sim.Crash
		case spec.StepStop:
			f.Kind = sim.Stop
		case spec.StepStart:
			f.Kind = sim.Restart
		case spec.StepSlow:
			f.Kind, f.Cost = sim.Slow, s.PerMessage
		case spec.StepCut, spec.StepHeal:
			faults = append(faults, pairFaults(s, names)...)
			continue
		default:
			continue
		}
		faults = append(faults, f)
	}
	return faults
}

// pairFaults is a fault for each pair of a cut or heal.
func pairFaults(s spec.Step, names func([]int) []string) (faults []sim.Fault) {
	if s.Every {
		return []sim.Fault{{At: s.At, Kind: sim.Heal}}
	}
	for _, pair := range s.Pairs {
		kind := sim.Heal
		if s.Kind == spec.StepCut {
			kind = sim.CutOneWay
		}
		faults = append(faults, sim.Fault{At: s.At, Kind: kind, Nodes: names(pair[:])})
	}
	return faults
}

// WithFaults is a plan with other faults than its timeline has, and a shorter duration;
// 0 leaves it as it is. Expectations about what comes later cannot be measured. A heal heals both ways between its nodes, and a restart starts
// nodes that do not run.
func WithFaults(p *Plan, faults []sim.Fault, duration time.Duration) (*Plan, error) {
	q := *p
	if duration > p.Duration {
		return nil, fmt.Errorf("scenario: a duration of %v: the scenario has only %v", duration, p.Duration)
	}
	if duration > 0 {
		q.Duration = duration
	}
	q.Steps = nil
	for _, s := range p.Steps {
		if !isFault(s.Kind) && s.At <= q.Duration {
			q.Steps = append(q.Steps, s)
		}
	}
	q.Apps = slices.Clone(p.Apps)
	for i := range q.Apps {
		q.Apps[i].Until = min(q.Apps[i].Until, q.Duration)
	}
	for _, f := range faults {
		s, err := faultStep(p, f)
		if err != nil {
			return nil, err
		}
		if s.At <= q.Duration {
			q.Steps = append(q.Steps, s)
		}
	}
	spec.SortSteps(q.Steps)
	return &q, nil
}

func isFault(k spec.StepKind) bool {
	switch k {
	case spec.StepKill, spec.StepStop, spec.StepStart, spec.StepSlow, spec.StepCut, spec.StepHeal:
		return true
	}
	return false
}

// faultStep is a fault as a step of the timeline.
func faultStep(p *Plan, f sim.Fault) (spec.Step, error) {
	s := spec.Step{At: f.At, PerMessage: f.Cost}
	if err := f.Validate(); err != nil {
		return s, err
	}
	var nodes []int
	for _, name := range f.Nodes {
		i := p.NodeNamed(name)
		if i < 0 {
			return s, fmt.Errorf("scenario: the fault %q names a node that there is not, %s", f, name)
		}
		nodes = append(nodes, i)
	}
	switch f.Kind {
	case sim.Crash:
		s.Kind, s.Nodes = spec.StepKill, nodes
	case sim.Stop:
		s.Kind, s.Nodes = spec.StepStop, nodes
	case sim.Restart:
		s.Kind, s.Nodes = spec.StepStart, nodes
	case sim.Slow:
		s.Kind, s.Nodes = spec.StepSlow, nodes
	case sim.Cut:
		s.Kind, s.Pairs = spec.StepCut, [][2]int{{nodes[0], nodes[1]}, {nodes[1], nodes[0]}}
	case sim.CutOneWay:
		s.Kind, s.Pairs = spec.StepCut, [][2]int{{nodes[0], nodes[1]}}
	case sim.Heal:
		s.Kind, s.Every = spec.StepHeal, len(nodes) == 0
		if !s.Every {
			s.Pairs = [][2]int{{nodes[0], nodes[1]}, {nodes[1], nodes[0]}}
		}
	default:
		return s, fmt.Errorf("scenario: a fault of kind %v cannot be part of a timeline: write its cuts", f.Kind)
	}
	return s, nil
}
