package bench

import (
	"context"
	"fmt"
)

// Runner measures one point; Process does it in a process of its own.
type Runner interface {
	Run(ctx context.Context, s Spec) (Point, error)
}

// Progress is told how a run goes on. Its methods are called from the goroutine of Run.
type Progress interface {
	Begin(s Spec)
	Done(s Spec)
}

// Report is everything that a run found.
type Report struct {
	Env         Env
	Plan        Plan
	Points      []Point
	Failures    []Failure
	Interrupted bool // by the context, before the last point
	Summary     Summary
}

// Violations is how many messages were lost, came out of order or were damaged in all points.
func (r Report) Violations() uint64 {
	var sum uint64
	for _, p := range r.Points {
		sum += p.Violations()
	}
	return sum
}

// Run measures a plan, point by point, and calls record with each object of the results as it comes: the Env, every
// Point or Failure, and the Summary. A point that fails does not end the run; the end of the context does, and what
// was measured until then is summed up. The error is one of record's, or a plan that is not valid.
func Run(ctx context.Context, env Env, plan Plan, runner Runner, progress Progress, record func(any) error) (Report, error) {
	report := Report{Env: env, Plan: plan}
	if err := plan.Validate(); err != nil {
		return report, err
	}
	if err := record(env); err != nil {
		return report, fmt.Errorf("record the environment: %w", err)
	}
	for _, spec := range plan.Specs() {
		if ctx.Err() != nil {
			report.Interrupted = true
			break
		}
		progress.Begin(spec)
		if err := report.measure(ctx, spec, runner, record); err != nil {
			return report, err
		}
		progress.Done(spec)
	}
	report.Summary = Summarize(report)
	if err := record(report.Summary); err != nil {
		return report, fmt.Errorf("record the summary: %w", err)
	}
	return report, nil
}

func (r *Report) measure(ctx context.Context, spec Spec, runner Runner, record func(any) error) error {
	point, err := runner.Run(ctx, spec)
	switch {
	case err != nil && ctx.Err() != nil:
		r.Interrupted = true
		return nil
	case err != nil:
		failure := Failure{Kind: ObjectFailure, Point: spec, Error: err.Error()}
		r.Failures = append(r.Failures, failure)
		if err := record(failure); err != nil {
			return fmt.Errorf("record a failure: %w", err)
		}
		return nil
	}
	r.Points = append(r.Points, point)
	if err := record(point); err != nil {
		return fmt.Errorf("record a point: %w", err)
	}
	return nil
}
