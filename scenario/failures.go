package scenario

import (
	"errors"
	"fmt"

	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
)

// Ran is how a run of a hunt went.
type Ran struct {
	Failures []Failure // all that is wrong; none: it went well
	Hung     bool      // an algorithm did not return, and still does not: its process should be ended
}

// Failure is one way in which a run failed.
type Failure struct {
	Which string // the same in every run that fails in this way
	hunt.Outcome
}

// failures lists in which ways a run failed because of the algorithm.
func failures(run *Result, err error) (fs []Failure) {
	var crash *Crash
	var hang *Hang
	switch {
	case errors.As(err, &hang):
		which := fmt.Sprintf("hang in %s %s of type %v", hang.Place(), hang.Doing, hang.Type)
		return []Failure{{which, hunt.Outcome{Failure: err.Error(), FailedAt: max(hang.At, 0)}}}
	case errors.As(err, &crash):
		return []Failure{{"panic " + crash.place(), hunt.Outcome{Failure: err.Error(), FailedAt: max(crash.At, 0)}}}
	case errors.Is(err, sim.ErrStuck), errors.Is(err, sim.ErrSlabs), errors.Is(err, ErrDeadlock):
		for _, kind := range []error{sim.ErrStuck, sim.ErrSlabs, ErrDeadlock} {
			if errors.Is(err, kind) {
				fs = append(fs, Failure{kind.Error(), hunt.Outcome{Failure: err.Error()}})
			}
		}
		return fs
	case err != nil || run == nil || run.Stopped:
		return nil
	case run.Violated != nil:
		return []Failure{violationFailure(run)}
	}
	for _, v := range run.Verdicts {
		if v.Measured && !v.Held {
			fs = append(fs, Failure{v.Expectation, hunt.Outcome{Failure: fmt.Sprintf("%s: found %s", v.Expectation, v.Found), FailedAt: run.Plan.Duration}})
		}
	}
	return fs
}
