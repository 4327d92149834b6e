package hunt

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// shrinker makes a failure small. It tries smaller cases in a fixed order, as many
// at a time as there are workers, and goes on from the first that still fails: so
// the result is the same for any number of workers, unless the runs are used up, of which
// more workers waste some. What counts as a failure is the
// Runner's to say: one that reports only the way in which the original failed keeps to it.
type shrinker struct {
	ctx   context.Context
	plan  Plan
	found *Found
	left  int // runs that may still be spent
}

// shrink goes through all ways of making the case smaller until none helps.
func (s *shrinker) shrink() error {
	for again := true; again; {
		again = false
		for _, way := range []func(Case, Outcome) []Case{shorter, fewerFaults, fewerNodes} {
			for s.left > 0 {
				smaller, err := s.first(way(s.found.Smallest, s.found.Small))
				if err != nil {
					return err
				}
				if !smaller {
					break
				}
				again = true
			}
		}
	}
	return nil
}

// first runs cases in order until one fails, makes it the smallest, and reports
// whether one did.
func (s *shrinker) first(cases []Case) (bool, error) {
	for len(cases) > 0 && s.left > 0 {
		n := min(len(cases), s.plan.Workers, s.left)
		outs, err := s.run(cases[:n])
		if err != nil {
			return false, err
		}
		for i, out := range outs {
			if out.Failure != "" {
				s.found.Smallest, s.found.Small = cases[i], out
				return true, nil
			}
		}
		cases = cases[n:]
	}
	return false, nil
}

// run runs cases at the same time.
func (s *shrinker) run(cases []Case) ([]Outcome, error) {
	s.left -= len(cases)
	s.found.Shrinks += uint64(len(cases))
	outs, errs := make([]Outcome, len(cases)), make([]error, len(cases))
	var wg sync.WaitGroup
	for i, c := range cases {
		wg.Go(func() { outs[i], errs[i] = s.plan.Run(s.ctx, c) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("hunt: seed %d, made smaller: %w", cases[i].Seed, err)
		}
	}
	return outs, s.ctx.Err()
}

// shorter ends the run when it has failed, or earlier. A run that only fails at
// its end may need the time, so half and three quarters are tried.
func shorter(c Case, out Outcome) (cases []Case) {
	for _, d := range []time.Duration{out.FailedAt, c.Duration / 2, c.Duration * 3 / 4} {
		const least = time.Millisecond // below it there is nothing to win
		if d = d.Round(time.Nanosecond); d >= least && d < c.Duration {
			shorter := c
			shorter.Duration = d
			shorter.Faults = slices.Clone(c.Faults)
			cases = append(cases, shorter)
		}
	}
	return cases
}

// fewerFaults leaves faults out: all, then halves, then quarters, down to single
// ones (Zeller and Hildebrandt's delta debugging, of complements).
func fewerFaults(c Case, _ Outcome) (cases []Case) {
	n := len(c.Faults)
	for size := n; size >= 1; size = size / 2 {
		for from := 0; from < n; from += size {
			fewer := c
			fewer.Faults = slices.Delete(slices.Clone(c.Faults), from, min(from+size, n))
			cases = append(cases, fewer)
		}
	}
	return cases
}

// fewerNodes halves the number of nodes, then takes away less.
func fewerNodes(c Case, _ Outcome) (cases []Case) {
	for less := c.Nodes / 2; less >= 1; less /= 2 {
		fewer := c
		fewer.Nodes -= less
		fewer.Faults = slices.Clone(c.Faults)
		cases = append(cases, fewer)
	}
	return cases
}
