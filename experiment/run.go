package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
)

// Options of running an experiment.
type Options struct {
	Dir      string             // for results
	Registry *scenario.Registry // nil means Shipped
	Workers  int                // runs at a time in virtual time; 0: one a processor core. Other worlds have one
	// Child and TCPOnly are for the proc world, as in scenario.Options.
	Child   []string
	TCPOnly bool
	// Worker is the command line that makes a process for runs in virtual time or live: a program that calls ServeRuns.
	// nil: they are done in this process, and one whose algorithm does not return stops the experiment with an error
	// that wraps scenario.ErrHung.
	Worker    []string
	HangAfter time.Duration // as in scenario.Options
	Command   []string      // that results carry; nil means os.Args
	// Retry runs those that failed again.
	Retry bool
	// AnyBuild goes on from runs of another build of the program.
	AnyBuild bool
	// NoCharts leaves the charts out, which take longer than small runs.
	NoCharts bool
	// Progress, if set, is told how many runs there are, with those of earlier calls, and
	// after each how many are done. It is called by one goroutine at a time.
	Progress func(done, total int)
}

// Results are the rows of an experiment, with what was made of them.
type Results struct {
	Experiment *Experiment
	Rows       []Row // that are done, in the order of the experiment: by seed, then by cell
	Total      int   // runs that the experiment has
	Earlier    int   // of Rows: done by an earlier call
	Foreign    int   // rows of the folder that are of another form of this experiment
	Torn       bool  // the last row of an earlier call was not whole, and was run again
	Origin     result.Origin
	Analysis   *Analysis
	Written    []string // paths of files
}

// ErrInterrupted means that an experiment has runs left. The same call again goes on.
var ErrInterrupted = errors.New("experiment: interrupted")

// ErrOtherBuild means that a folder has runs of another build of the program.
var ErrOtherBuild = errors.New("experiment: runs of another build of this program")

// Run runs what has not been run yet, and writes the results. If ctx is done it stops, and
// returns the results so far with ErrInterrupted. Runs that fail are in the results and
// are no error.
func (e *Experiment) Run(ctx context.Context, o Options) (*Results, error) {
	if o.Registry == nil {
		o.Registry = scenario.Shipped()
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if e.World != "sim" {
		o.Workers = 1 // they would slow each other down
	}
	if _, err := e.Check(o.Registry); err != nil {
		return nil, err
	}
	if err := result.Prepare(o.Dir); err != nil {
		return nil, err
	}
	s, err := openStore(o.Dir)
	if err != nil {
		return nil, err
	}
	res, err := e.run(ctx, o, s)
	if closeErr := s.close(); err == nil {
		err = closeErr
	}
	return res, err
}

func (e *Experiment) run(ctx context.Context, o Options, s *store) (*Results, error) {
	all := e.tasks()
	res := &Results{Experiment: e, Total: len(all), Torn: s.torn, Origin: result.Here(), Foreign: len(s.rows)}
	res.Origin.File = e.files.where
	if o.Command != nil {
		res.Origin.Command = o.Command
	}
	var left []task
	others := 0
	for _, t := range all {
		row, done := s.rows[t.key]
		if done {
			res.Foreign--
		}
		switch {
		case !done, o.Retry && row.Status == Failed:
			left = append(left, t)
		case row.Build != build():
			others++
		}
	}
	if others > 0 && !o.AnyBuild {
		return nil, fmt.Errorf("%w: %d of the %d runs in %s; write into another folder, or keep them with --any-build if what has changed since makes no difference",
			ErrOtherBuild, others, len(all)-len(left), o.Dir)
	}
	res.Earlier = len(all) - len(left)
	if err := writeBundle(o.Dir, e, res); err != nil {
		return nil, err
	}
	r, err := e.newRunner(o, filepath.Join(o.Dir, BundleName))
	if err != nil {
		return nil, err
	}
	err = work(ctx, r, s, left, res.Earlier, len(all))
	if closeErr := r.close(); err == nil {
		err = closeErr
	}
	for _, t := range all {
		if row, done := s.rows[t.key]; done {
			res.Rows = append(res.Rows, row)
		}
	}
	if err != nil && !errors.Is(err, ErrInterrupted) && !errors.Is(err, scenario.ErrHung) {
		return res, err
	}
	res.Analysis = e.Analyse(res.Rows)
	written, writeErr := res.write(o.Dir, !o.NoCharts)
	res.Written = written
	return res, errors.Join(err, writeErr)
}

// work runs tasks side by side, and appends their rows as they come.
func work(ctx context.Context, r *runner, s *store, left []task, done, total int) error {
	if r.o.Progress != nil {
		r.o.Progress(done, total)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var spoilt atomic.Pointer[error] // why nothing more can be run
	tasks, rows := make(chan task), make(chan Row, 4*r.o.Workers)
	var workers sync.WaitGroup
	for range min(r.o.Workers, len(left)) {
		workers.Go(func() {
			for t := range tasks {
				row, ok, err := r.do(ctx, t)
				if ok {
					rows <- row
				}
				if err != nil {
					spoilt.CompareAndSwap(nil, &err)
					cancel(err)
				}
			}
		})
	}
	workers.Go(func() {
		defer close(tasks)
		for _, t := range left {
			select {
			case tasks <- t:
			case <-ctx.Done():
				return
			}
		}
	})
	go func() { workers.Wait(); close(rows) }()
	got := 0
	var failed error
	for row := range rows {
		batch := []Row{row} // and what else waits: the disk is asked once
		for more := true; more; {
			select {
			case row, open := <-rows:
				if more = open; open {
					batch = append(batch, row)
				}
			default:
				more = false
			}
		}
		if failed == nil {
			if failed = s.add(batch...); failed != nil {
				cancel(failed) // what cannot be kept need not be run
			}
		}
		got += len(batch)
		if r.o.Progress != nil {
			r.o.Progress(done+got, total)
		}
	}
	why := spoilt.Load()
	switch {
	case failed != nil:
		return failed
	case got == len(left):
		return nil
	case why != nil:
		return fmt.Errorf("stopped after %d of %d runs: %w", done+got, total, *why)
	default:
		return fmt.Errorf("%w after %d of %d runs; the same command goes on", ErrInterrupted, done+got, total)
	}
}

// Count is how many runs ended in a way.
func (r *Results) Count(s Status) (n int) {
	for i := range r.Rows {
		if r.Rows[i].Status == s {
			n++
		}
	}
	return n
}
