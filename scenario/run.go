package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// What a program needs of the packages below.
type (
	// Algorithm is an algorithm that scenarios can name.
	Algorithm = host.Algorithm
	// Registry is the algorithms that scenarios can name.
	Registry = host.Registry
	// Env is what an algorithm is made for.
	Env = host.Env
	// App is an application, as an algorithm is told of it.
	App = host.App
	// Plan is a scenario that was read and resolved.
	Plan = spec.Plan
	// Event is something that happened in a run.
	Event = result.Event
	// Result is what was measured.
	Result = result.Run
)

// Shipped are the algorithms that come with iOverlay.
func Shipped() *Registry { return host.Shipped() }

// Load reads a scenario file. Mistakes in it are a spec.Problems.
func Load(path string, r *Registry) (*Plan, error) {
	return spec.Load(path, spec.Options{Algorithms: r})
}

// Options of a run.
type Options struct {
	World    string    // sim, live or proc
	Registry *Registry // nil means Shipped
	// Child is the command line that makes a process of a node, for the proc world:
	// a program that calls world.ServeChild.
	Child []string
	// TCPOnly keeps the links of the proc world out of shared memory.
	TCPOnly bool
	// Watch, if set, is told of all that happens in the sim world, and Order is in what
	// order what happens at one time does there.
	Watch sim.Watcher
	Order sim.Order
	// Checks are assertions on all algorithms at once. They are for the sim world.
	Checks []Check
	// InvariantEvery is after how many messages and events of a node the Invariant of its
	// algorithm is looked at in the sim world, besides at every sample; 0 means 32, and
	// what is below 0 only at samples.
	InvariantEvery int
	// Strict finds, in the sim world, what algorithms do with messages that are not theirs (core.Config.Strict).
	Strict bool
	// HangAfter is how long an algorithm may take to return, in real time and in each world, before the run is
	// given up with an error that wraps a [Hang]; 0 means DefaultHangAfter, NeverHangs for ever.
	HangAfter time.Duration
	// Command is the command line that results carry; nil means os.Args.
	Command []string
	// Record, if set, is where the run is recorded.
	Record *Recording
	// Progress, if set, is told how far the run is, in the scenario's time.
	Progress func(done, total time.Duration)
}

// ErrCrashed means that an algorithm panicked. The result is good until then.
var ErrCrashed = errors.New("scenario: an algorithm panicked")

// ErrNoRoom means that a node ran out of descriptors, memory or ports: what was measured is of
// another network than the scenario's.
var ErrNoRoom = errors.New("scenario: out of descriptors, memory or ports")

// ErrDeadlock means that messages waited at the end of a run in virtual time, and
// nothing would ever have moved them.
var ErrDeadlock = errors.New("scenario: a deadlock")

// Run executes a scenario. When ctx is done it stops, and the result has what was
// measured until then and says so. The result is nil only if nothing could be
// started. Whether expectations held is in the result and is no error.
func Run(ctx context.Context, p *Plan, o Options) (*Result, error) {
	if o.Registry == nil {
		o.Registry = Shipped()
	}
	if err := o.checkable(); err != nil {
		return nil, err
	}
	began := time.Now()
	rec, err := newRecorder(p, &o)
	if err != nil {
		return nil, err
	}
	w, err := world.New(o.World, world.Options{Plan: p, Registry: o.Registry, Child: o.Child, TCPOnly: o.TCPOnly, Watch: rec.watch(o.Watch), Order: o.Order, Strict: o.Strict, HangAfter: o.hangAfter()})
	if err != nil {
		return nil, err
	}
	d := newDriver(p, w, o)
	d.rec = rec
	rec.attach(d)
	d.out.Origin = result.Here()
	d.out.Origin.File = p.File
	if o.Command != nil {
		d.out.Origin.Command = o.Command
	}
	return d.watched(ctx, began)
}

// whole is a run from its beginning to its end.
func (d *driver) whole(ctx context.Context, began time.Time) (*Result, error) {
	err := d.run(ctx)
	err = errors.Join(err, d.deadlocks())
	if endErr := d.end(); err == nil {
		err = endErr // else what went wrong first is why, and the end may only say it again
	}
	err = errors.Join(err, d.outOfRoom(), d.w.Close())
	d.pulse.stop()
	d.out.Wall = time.Since(began)
	if len(d.out.Samples) == 0 {
		return nil, errors.Join(err, d.rec.close())
	}
	d.out.Judge()
	return d.out, errors.Join(err, d.rec.close())
}

// outOfRoom says which nodes ran out of descriptors, memory or ports.
func (d *driver) outOfRoom() error {
	if len(d.noRoom) == 0 {
		return nil
	}
	return fmt.Errorf("%w at %d of %d nodes (%s): links are missing, so what was measured is of another network; "+
		"raise the limits (ulimit -n, net.ipv4.ip_local_port_range), or run fewer nodes", ErrNoRoom, len(d.noRoom), len(d.nodes), abbreviated(d.noRoom))
}

// run starts the nodes, goes through the timeline, and lets what is on its way
// arrive.
func (d *driver) run(ctx context.Context) error {
	if err := d.begin(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // interrupted before there was anything to measure
		}
		return err
	}
	err := d.timeline(ctx)
	if err == nil {
		err = d.drain(ctx)
	}
	if err == nil {
		err = d.check(d.w.Now(), true)
	}
	err = d.breakOff(d.noticed(err))
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		d.out.Stopped = true
		err = d.breakOff(d.sample(d.w.Now())) // what was measured until now
		d.out.Ended = min(d.out.Ended, d.w.Now())
	}
	return err
}

// begin starts the nodes that run from the beginning, tells them that all are up, and
// starts the clock.
func (d *driver) begin(ctx context.Context) error {
	first := d.first()
	var nodes []int
	for i := range d.plan.Nodes {
		if first[i] {
			nodes = append(nodes, i)
		}
	}
	d.intend(nodes, true)
	if err := d.bootAll(ctx, nodes); err != nil {
		return err
	}
	if err := d.w.Begin(); err != nil {
		return err
	}
	d.begun = true
	d.rec.begin()
	if d.w.Name() != "sim" {
		d.pulse = startPulse()
	}
	return nil
}

// first says which nodes run at time 0: those that are not late, and those that the
// timeline starts then. They are all started before anything else happens at that time,
// so that what a source sends at once finds everybody up.
func (d *driver) first() []bool {
	first := make([]bool, len(d.plan.Nodes))
	for i, n := range d.plan.Nodes {
		first[i] = !n.Late
	}
	for _, s := range d.plan.Steps {
		if s.At > 0 {
			break // steps are in the order of time
		}
		if s.Kind == spec.StepStart {
			for _, i := range s.Nodes {
				first[i] = true
			}
		}
	}
	return first
}

// end tells every node that the run is over, whether it was run to its end or not, and
// waits until they have ended. What is measured was measured before: the end is none of
// the scenario's.
func (d *driver) end() error {
	unfinished, err := d.w.End()
	if unfinished != "" {
		d.event(d.w.Now(), "not all could end in order: "+unfinished)
	}
	running := d.running()
	counters, countErr := d.w.Count(running)
	if countErr != nil {
		return errors.Join(err, fmt.Errorf("scenario: read the counters after the end: %w", countErr))
	}
	defer d.last()
	for k, i := range running {
		d.foldMetrics(i, &counters[k])
		d.rec.fold(i, &counters[k])
		if crash := d.crashed(i, &counters[k]); crash != nil {
			err = errors.Join(err, fmt.Errorf("when it was told to stop: %w", crash))
		}
	}
	return err
}

// timeline goes from one thing to do to the next. What is measured at a time is
// measured before anything happens at it.
func (d *driver) timeline(ctx context.Context) error {
	ticks, steps := d.ticks(), d.plan.Steps
	for len(ticks) > 0 {
		at := ticks[0]
		if len(steps) > 0 {
			at = min(at, steps[0].At)
		}
		if err := d.advance(ctx, at); err != nil {
			return err
		}
		if ticks[0] == at {
			ticks = ticks[1:]
			if err := d.sample(at); err != nil {
				return err
			}
			if err := d.check(at, false); err != nil {
				return err
			}
		}
		for len(steps) > 0 && steps[0].At == at {
			if err := d.apply(ctx, steps[0]); err != nil {
				return err
			}
			steps = steps[1:]
		}
	}
	return nil
}

// ticks are the times at which to sample: at the interval, and where the window of
// an expectation begins or ends.
func (d *driver) ticks() []time.Duration {
	ticks := []time.Duration{0, d.plan.Duration}
	for at := d.plan.Record.Every; at < d.plan.Duration; at += d.plan.Record.Every {
		ticks = append(ticks, at)
	}
	ticks = append(ticks, d.plan.Moments...)
	for i := range d.plan.Expect {
		ticks = append(ticks, d.plan.Expect[i].Edges()...)
	}
	ticks = append(ticks, d.checkTimes()...)
	// A run that is shorter than its file says has no use for windows that end later.
	ticks = slices.DeleteFunc(ticks, func(at time.Duration) bool { return at > d.plan.Duration })
	slices.Sort(ticks)
	return slices.Compact(ticks)
}

// advance lets the world run, in pieces if somebody wants to see how far it is.
func (d *driver) advance(ctx context.Context, until time.Duration) error {
	const piece = 250 * time.Millisecond
	for now := d.w.Now(); d.o.Progress != nil && until-now > piece; now = d.w.Now() {
		if err := d.w.Advance(ctx, now+piece); err != nil {
			return err
		}
		d.o.Progress(now, d.plan.Duration)
	}
	err := d.w.Advance(ctx, until)
	d.late.Timers = max(d.late.Timers, d.w.Now()-until)
	return err
}
