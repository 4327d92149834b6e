// Package scenariotest lets a Go test run a scenario in virtual time:
//
//	run := scenariotest.Run(t, "testdata/tree.yaml")
//	run.Expect("distinct(n2..n15) = sent(n1)")
//
// The scenario's own expectations must hold, and so must no algorithm panic or keep
// messages. The same test does the same every time; a failure says which seed it was,
// and "ioverlay sim" with that seed shows what happened.
package scenariotest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// TB is what is needed of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Option changes how a scenario is run.
type Option func(*options)

type options struct {
	registry *scenario.Registry
	seed     *uint64
	run      scenario.Options
}

// With adds algorithms of the test's own.
func With(algorithms ...scenario.Algorithm) Option {
	return func(o *options) {
		for _, a := range algorithms {
			o.registry.Add(a)
		}
	}
}

// Seed replaces the scenario's seed.
func Seed(seed uint64) Option { return func(o *options) { o.seed = &seed } }

// Watched hands over the run's options, for a watcher or another order of events.
func Watched(fn func(*scenario.Options)) Option { return func(o *options) { fn(&o.run) } }

// CheckAt has a function look at all algorithms at a time of the run, before anything
// else happens at it: it gets those of the nodes that run, by the nodes' names, and must
// not change them. An error ends the run and fails the test, as an algorithm's own
// Invariant does.
func CheckAt(at time.Duration, holds func(nodes map[string]core.Algorithm) error) Option {
	return func(o *options) { o.run.Checks = append(o.run.Checks, scenario.Check{At: at, Holds: holds}) }
}

// CheckEnd is CheckAt for the end of the run: when everything has arrived, and before
// nodes are told that it is over, since then the overlay comes apart.
func CheckEnd(holds func(nodes map[string]core.Algorithm) error) Option {
	return func(o *options) { o.run.Checks = append(o.run.Checks, scenario.Check{AtEnd: true, Holds: holds}) }
}

// Result is a run, with what a test wants to know of it.
type Result struct {
	*scenario.Result
	t        TB
	registry *scenario.Registry
}

// Run runs a scenario file.
func Run(t TB, file string, opts ...Option) *Result {
	t.Helper()
	return run(t, opts, func(o spec.Options) (*spec.Plan, error) { return spec.Load(file, o) })
}

// RunText runs a scenario that is written in the test.
func RunText(t TB, text string, opts ...Option) *Result {
	t.Helper()
	return run(t, opts, func(o spec.Options) (*spec.Plan, error) { return spec.Parse("scenario", []byte(text), o) })
}

func run(t TB, opts []Option, load func(spec.Options) (*spec.Plan, error)) *Result {
	t.Helper()
	o := options{registry: scenario.Shipped()}
	for _, opt := range opts {
		opt(&o)
	}
	plan, err := load(spec.Options{Algorithms: o.registry, Seed: o.seed})
	if err != nil {
		t.Fatalf("scenariotest: %v", err)
	}
	o.run.World, o.run.Registry = "sim", o.registry
	r, err := scenario.Run(context.Background(), plan, o.run)
	if err != nil {
		t.Fatalf("scenariotest: %s, seed %d: %v", plan.Name, plan.Seed, err)
	}
	out := &Result{Result: r, t: t, registry: o.registry}
	for _, v := range r.Verdicts {
		out.check(v)
	}
	return out
}

func (r *Result) check(v spec.Verdict) {
	r.t.Helper()
	if !v.Held {
		r.t.Errorf("%s, seed %d: %s: found %s", r.Plan.Name, r.Plan.Seed, v.Expectation, v.Found)
	}
}

// Expect fails the test if an expectation does not hold of the run. Windows must
// begin and end where the scenario has samples.
func (r *Result) Expect(expectations ...string) {
	r.t.Helper()
	for _, text := range expectations {
		v, err := r.Plan.Expectation(text)
		if err != nil {
			r.t.Fatalf("scenariotest: %v", err)
		}
		r.check(v.Evaluate(r.Result))
	}
}

// Value is a measure of the run, such as Value("received(D, app stream)").
func (r *Result) Value(measure string) float64 {
	r.t.Helper()
	v, err := r.Plan.Expectation(measure + " = 0")
	if err == nil {
		values := v.Left(r.Result)
		if len(values) == 1 {
			return values[0]
		}
		err = fmt.Errorf("%s has %d values", strings.TrimSpace(measure), len(values))
	}
	r.t.Fatalf("scenariotest: %v", err)
	return 0
}
