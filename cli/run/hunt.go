package run

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/scenario"
)

// huntSeeds runs seeds until one fails.
func (a *app) huntSeeds(ctx context.Context, f simRunFlags, path string, first, last uint64) error {
	again := func(c hunt.Case) string { return simCommand(a.Command, path, f, c) }
	h := a.hunter(f, path)
	if console.Itself() {
		end, err := huntElsewhere(h, f, path)
		if err != nil {
			return err
		}
		defer end()
	}
	bar := a.Steps(int(min(last-first, 1<<31-2)+1), "")
	var runs atomic.Uint64
	found, err := h.Hunt(ctx, hunt.Plan{
		First: first, Last: last, Workers: f.workers,
		Progress: func(n uint64) { runs.Store(n); bar.Add(1) },
		Command:  again,
	})
	bar.Stop()
	stopped := ctx.Err() != nil
	if err != nil && !stopped && found == nil {
		return err
	}
	report := newHuntReport(first, last, found, again)
	report.Runs, report.Finished = runs.Load(), !stopped
	if err := a.printHunt(f, report, found); err != nil {
		return err
	}
	switch {
	case stopped:
		return console.ErrInterrupted
	case err != nil: // what was found until then has been said
		return err
	case found != nil:
		return console.ErrExpectation
	}
	return nil
}

// printHunt says what a hunt found, or that it found nothing.
func (a *app) printHunt(f simRunFlags, r huntReport, found *hunt.Found) error {
	var err error
	switch {
	case f.format == console.FormatJSON:
		return json.NewEncoder(a.Out).Encode(r)
	case found == nil && !r.Finished:
		_, err = fmt.Fprintf(a.Out, "stopped after %d of %d seeds, from %d to %d: none of them fails\n", r.Runs, r.Last-r.First+1, r.First, r.Last)
	case found == nil:
		_, err = fmt.Fprintf(a.Out, "%d seeds, from %d to %d: none fails\n", r.Last-r.First+1, r.First, r.Last)
	default:
		o := r.Failure.Original
		_, err = fmt.Fprintf(a.Out, "%sas it was found, with all %d faults in %vs:\n  %s\n  %s\n", found, len(o.Faults), o.DurationS, o.What, o.Command)
		if err == nil && !r.Finished {
			_, err = fmt.Fprintln(a.Out, "stopped before it was as small as it can be")
		}
	}
	return err
}

// huntReport is what a hunt found, for programs.
type huntReport struct {
	First    uint64       `json:"first_seed"`
	Last     uint64       `json:"last_seed"`
	Runs     uint64       `json:"runs"`     // seeds that were run
	Finished bool         `json:"finished"` // false: interrupted, so that more may fail, or this could be smaller
	Failure  *huntFailure `json:"failure"`  // null: none
}

// huntFailure is a failure, as small as it was made.
type huntFailure struct {
	Seed uint64 `json:"seed"`
	huntCase
	Runs     uint64   `json:"runs"`
	Shrinks  uint64   `json:"shrinks"`  // runs spent on making it small
	Original huntCase `json:"original"` // as it was found
}

// huntCase is one run that failed.
type huntCase struct {
	What      string   `json:"what"`
	DurationS float64  `json:"duration_s"`
	FailedAtS float64  `json:"failed_at_s"` // 0: at the end
	Faults    []string `json:"faults"`
	Command   string   `json:"command"` // that runs it again
}

func newHuntReport(first, last uint64, f *hunt.Found, command func(hunt.Case) string) huntReport {
	r := huntReport{First: first, Last: last}
	if f == nil {
		return r
	}
	of := func(c hunt.Case, out hunt.Outcome) huntCase {
		h := huntCase{What: out.Failure, DurationS: c.Duration.Seconds(), FailedAtS: out.FailedAt.Seconds(), Faults: []string{}, Command: command(c)}
		for _, fault := range c.Faults {
			h.Faults = append(h.Faults, fault.String())
		}
		return h
	}
	r.Failure = &huntFailure{Seed: f.Seed, huntCase: of(f.Smallest, f.Small), Runs: f.Runs, Shrinks: f.Shrinks, Original: of(f.Original, f.Outcome)}
	return r
}

// simCommand runs a case again.
func simCommand(program, path string, f simRunFlags, c hunt.Case) string {
	s := fmt.Sprintf("%s sim %s%s --seed %d --duration %v --no-faults", program, path, f.algorithm.Words(), c.Seed, c.Duration)
	if f.shuffle {
		s += " --shuffle"
	}
	if f.strict {
		s += " --strict"
	}
	if f.hang != scenario.DefaultHangAfter {
		s += fmt.Sprintf(" --hang-after %v", f.hang)
	}
	for _, f := range c.Faults {
		s += fmt.Sprintf(" --fault %q", f.String())
	}
	return s
}
