// Package hunt looks for a seed at which a run in virtual time fails, and makes
// what it finds small: fewer faults, fewer nodes, a shorter time.
//
// It knows nothing of worlds: whoever hunts hands in a function that runs one
// [Case] and says how it went. Runs are many and go on at the same time, each in a
// world of its own; what is found does not depend on how many there are.
package hunt

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core/sim"
)

// Case is what a run is determined by.
type Case struct {
	Seed     uint64
	Nodes    int           // how many; 0 if that cannot be changed
	Duration time.Duration // how long it runs, in virtual time
	Faults   []sim.Fault   // what goes wrong, in order; nil if nothing does
}

// Outcome is how a run went.
type Outcome struct {
	Failure  string        // which property failed, and how; "" if none did
	FailedAt time.Duration // in virtual time; 0 if that is only known at the end
	NoShrink bool          // that it failed so costs too much for it to be run again and again and made small
}

// Runner runs a case. It is called by several goroutines at a time, and must
// return the same for the same case, always. An error means that the case could not
// be run, which ends the hunt; so it should give up with ctx's error when ctx is
// done.
type Runner func(ctx context.Context, c Case) (Outcome, error)

// Plan says what to hunt for.
type Plan struct {
	First, Last uint64                 // seeds, both included
	Make        func(seed uint64) Case // what is run for a seed
	Run         Runner
	Workers     int                 // runs at a time; 0 means one a processor core (GOMAXPROCS)
	ShrinkRuns  int                 // most runs spent on making a failure small; 0 means DefaultShrinkRuns
	Command     func(c Case) string // the command that runs a case again, for people; may be nil
	Progress    func(runs uint64)   // told after each run, by one goroutine at a time; may be nil
}

// DefaultShrinkRuns is enough to take a hundred faults apart one by one and still
// try every smaller size of the rest.
const DefaultShrinkRuns = 500

// Found is a failure.
type Found struct {
	Seed     uint64  // the smallest that fails, as far as the hunt came
	Original Case    // as Plan.Make made it
	Outcome  Outcome // of Original
	Smallest Case    // what is left of it that still fails
	Small    Outcome // of Smallest
	Runs     uint64  // of all seeds
	Shrinks  uint64  // runs spent on making it small
	Command  string  // that runs Smallest again; "" if the plan has no such function
}

// String says what was found, for people: several lines.
func (f *Found) String() string {
	how := fmt.Sprintf("made smaller in %d more", f.Shrinks)
	if f.Outcome.NoShrink {
		how = "not made smaller"
	}
	s := fmt.Sprintf("seed %d fails at %v: %s\nafter %d runs; %s:\n", f.Seed, f.Small.FailedAt, f.Small.Failure, f.Runs, how)
	if f.Original.Nodes > 0 {
		s += fmt.Sprintf("  nodes    %d, of %d\n", f.Smallest.Nodes, f.Original.Nodes)
	}
	s += fmt.Sprintf("  duration %v, of %v\n  faults   %d, of %d\n",
		f.Smallest.Duration, f.Original.Duration, len(f.Smallest.Faults), len(f.Original.Faults))
	for _, fault := range f.Smallest.Faults {
		s += "    " + fault.String() + "\n"
	}
	if f.Command != "" {
		s += "run it again with:\n  " + f.Command + "\n"
	}
	return s
}

// Hunt runs the plan's seeds until one fails, and makes that failure small. It
// returns nil if none fails. The seed is the smallest that fails, whatever the
// number of workers. If ctx is done before that is known there may be a failure with the
// error: it was found before, a smaller seed may fail as well, and it is not as small as
// it may be.
func Hunt(ctx context.Context, p Plan) (*Found, error) {
	if p.Make == nil || p.Run == nil || p.First > p.Last {
		panic(fmt.Sprintf("hunt: a plan needs Make, Run, and seeds from First to Last, not from %d to %d", p.First, p.Last))
	}
	if p.Workers <= 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if p.ShrinkRuns == 0 {
		p.ShrinkRuns = DefaultShrinkRuns
	}
	h := &hunter{plan: p, next: p.First}
	err := h.search(ctx)
	f := h.found
	if f == nil {
		return nil, err
	}
	f.Runs = h.runs
	if err == nil && !f.Outcome.NoShrink {
		s := shrinker{ctx: ctx, plan: p, found: f, left: p.ShrinkRuns}
		err = s.shrink()
	}
	if p.Command != nil {
		f.Command = p.Command(f.Smallest)
	}
	return f, err
}

// hunter hands out seeds.
type hunter struct {
	plan Plan

	mu      sync.Mutex // guards what follows
	next    uint64
	done    bool // Last has been handed out
	runs    uint64
	found   *Found // at the smallest seed so far
	err     error  // likewise
	errSeed uint64
}

// search runs seeds in order, several at a time, until one fails or cannot be run,
// and all smaller ones are through: then it is known to be the first.
func (h *hunter) search(ctx context.Context) error {
	var wg sync.WaitGroup
	for range h.plan.Workers {
		wg.Go(func() {
			for {
				seed, ok := h.take(ctx)
				if !ok {
					return
				}
				c := h.plan.Make(seed)
				out, err := h.plan.Run(ctx, c)
				h.record(seed, c, out, err)
			}
		})
	}
	wg.Wait()
	switch {
	case h.found != nil && (h.err == nil || h.found.Seed < h.errSeed):
		return nil
	case h.err != nil:
		if ctx.Err() == nil {
			h.found = nil // with one worker it would not have been looked for
		}
		return h.err
	}
	return ctx.Err()
}

// take hands out the next seed. There is none once one has failed: all that are
// handed out before are smaller, or are not needed.
func (h *hunter) take(ctx context.Context) (uint64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done || h.found != nil || h.err != nil || ctx.Err() != nil {
		return 0, false
	}
	seed := h.next
	h.next++
	h.done = seed == h.plan.Last
	return seed, true
}

// record books a run.
func (h *hunter) record(seed uint64, c Case, out Outcome, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if h.err == nil || seed < h.errSeed {
			h.err, h.errSeed = fmt.Errorf("hunt: seed %d: %w", seed, err), seed
		}
		return
	}
	h.runs++
	if h.plan.Progress != nil {
		h.plan.Progress(h.runs)
	}
	if out.Failure != "" && (h.found == nil || seed < h.found.Seed) {
		h.found = &Found{Seed: seed, Original: c, Outcome: out, Smallest: c, Small: out}
	}
}
