package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// Assertions on the state of algorithms: their own invariants, in every world, and
// checks of the whole overlay in virtual time. What is violated ends the run, and is a
// verdict that does not hold.

// Invariant is implemented by algorithms that know what must always hold of their state.
type Invariant = host.Invariant

// Violation is state of an algorithm that should not be.
type Violation = result.Violation

// Check is an assertion on all algorithms at once, at a time of the run or at its end:
// when everything has arrived, and before nodes are told that it is over.
type Check struct {
	At    time.Duration
	AtEnd bool // and not at At
	// Holds gets the algorithms of the nodes that run, by the nodes' names, and must
	// not change them. It may keep nothing of them. An error is a violation.
	Holds func(nodes map[string]core.Algorithm) error
}

// defaultCheckEvery is after how many messages and events of a node its invariant is
// looked at in virtual time. Every one costs as much as the invariant does, and few
// find the failure with few events behind it.
const defaultCheckEvery = 32

// checkEvery is that of a run; 0: only when counters are read.
func (o *Options) checkEvery() int {
	switch {
	case o.World != "sim" || o.InvariantEvery < 0:
		return 0
	case o.InvariantEvery == 0:
		return defaultCheckEvery
	}
	return o.InvariantEvery
}

// checkable says what is wrong with the checks of a run.
func (o *Options) checkable() error {
	if len(o.Checks) > 0 && o.World != "sim" {
		return fmt.Errorf("scenario: Options.Checks: algorithms can be looked at side by side in virtual time only, not in the world %q; "+
			"what one node can see belongs into its algorithm's Invariant", o.World)
	}
	for i, c := range o.Checks {
		if c.Holds == nil || !c.AtEnd && c.At < 0 {
			return fmt.Errorf("scenario: Options.Checks: check %d needs Holds, and a time from 0 or AtEnd", i)
		}
	}
	return nil
}

// violated is a violation on its way out of the driver, as an error.
type violated struct{ v *Violation }

func (e *violated) Error() string { return e.v.Verdict().Expectation + ": " + e.v.What }

// broken is the violation that a node's counters tell of, if they do.
func (d *driver) broken(i int, c *host.Counters) *Violation {
	if c.Broken == "" {
		return nil
	}
	return &Violation{Node: d.plan.Nodes[i].Name, At: c.BrokeAt - d.offset, What: c.Broken}
}

// earlier is that of two violations, either of which may be nil, that came first.
func earlier(a, b *Violation) *Violation {
	if a == nil || b != nil && b.At < a.At {
		return b
	}
	return a
}

// asError is nil if there is no violation.
func asError(v *Violation) error {
	if v == nil {
		return nil
	}
	return &violated{v}
}

// noticed has the counters say what a world has noticed by itself.
func (d *driver) noticed(err error) error {
	if !errors.Is(err, world.ErrViolated) {
		return err
	}
	if found := d.read(); found != nil {
		return found
	}
	return err // nobody says so, and it is no run to trust
}

// breakOff ends the run with a violation: what was measured until now is kept.
func (d *driver) breakOff(err error) error {
	var e *violated
	if !errors.As(err, &e) {
		return err
	}
	d.out.Violated = e.v
	d.out.Ended = min(d.out.Ended, d.w.Now())
	d.event(e.v.At, e.Error())
	if last := len(d.out.Samples) - 1; last < 0 || d.out.Samples[last].At < d.w.Now() {
		d.out.Take(result.Sample{At: d.w.Now()})
	}
	return nil
}

// checkTimes are the times of checks.
func (d *driver) checkTimes() (at []time.Duration) {
	for _, c := range d.o.Checks {
		if !c.AtEnd && c.At <= d.plan.Duration {
			at = append(at, c.At)
		}
	}
	return at
}

// check makes the checks of a time, or those of the end.
func (d *driver) check(at time.Duration, end bool) error {
	due := func(c Check) bool { return c.AtEnd == end && (end || c.At == at) }
	if !slices.ContainsFunc(d.o.Checks, due) {
		return nil
	}
	nodes := d.w.(world.Inspector).Algorithms() // checkable has seen to it
	for _, c := range d.o.Checks {
		if !due(c) {
			continue
		}
		if err := c.Holds(nodes); err != nil {
			return &violated{&Violation{At: d.w.Now(), What: err.Error()}}
		}
	}
	return nil
}

// digits are what differs in the words of a violation between two runs that fail alike:
// numbers, and the numbers in names and addresses.
var digits = regexp.MustCompile(`[0-9]+`)

// violationFailure is a violation as what a hunt has found.
func violationFailure(run *Result) Failure {
	v := run.Violated
	kind := "invariant"
	if v.Node == "" {
		kind = "check"
	}
	verdict := v.Verdict()
	return Failure{"violated " + kind + ": " + digits.ReplaceAllString(v.What, "#"),
		hunt.Outcome{Failure: verdict.Expectation + " " + verdict.Found, FailedAt: min(max(v.At, 0), run.Plan.Duration)}}
}
