package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario"
)

// Runs in processes of their own: one whose algorithm does not return is ended with its process. In this one it would
// use a core beside all others for as long as the program lives, since nothing ends a goroutine.

// runner does tasks.
type runner struct {
	o    Options
	pool *subprocess.Pool // nil: in this process
	log  *subprocess.Forwarder
	file os.FileInfo // of the program, when the experiment began
}

// workerHello is the first line that a process for runs is told.
type workerHello struct {
	Bundle    string        `json:"bundle"` // its path
	HangAfter time.Duration `json:"hang_after_ns"`
	TCPOnly   bool          `json:"tcp_only"`
	Command   []string      `json:"command"`
}

// workerTask is what it is asked then.
type workerTask struct {
	Cell int    `json:"cell"`
	Seed uint64 `json:"seed"`
	Key  string `json:"key"`
}

// workerRow is what it answers.
type workerRow struct {
	Row         Row  `json:"row"`
	Hung        bool `json:"hung"` // an algorithm did not return, and still does not
	Interrupted bool `json:"interrupted"`
}

// newRunner makes what does tasks; the bundle has been written. The proc world has processes anyway.
func (e *Experiment) newRunner(o Options, bundle string) (*runner, error) {
	r := &runner{o: o}
	if len(o.Worker) == 0 || e.World == "proc" {
		return r, nil
	}
	var err error
	if r.file, err = os.Stat(o.Worker[0]); err != nil {
		return nil, fmt.Errorf("find the program that does runs: %w", err)
	}
	r.log = subprocess.NewForwarder(os.Stderr)
	r.pool = subprocess.NewPool(subprocess.Command{Name: "the process of a run", Program: o.Worker, Log: r.log.Log("a run")},
		workerHello{Bundle: bundle, HangAfter: o.HangAfter, TCPOnly: o.TCPOnly, Command: o.Command})
	return r, nil
}

func (r *runner) close() error {
	if r.pool == nil {
		return nil
	}
	err := r.pool.Close()
	r.log.Close()
	return err
}

// errReplaced is the end of an experiment whose program is another one now.
var errReplaced = fmt.Errorf("%w: the program was replaced while it ran; start it again", ErrOtherBuild)

// do does a task; ok is false if it was interrupted, and then it has no row. With an error nothing more can be run: by
// a process that a run has spoilt, or by another program than that which began. It may come with a row.
func (r *runner) do(ctx context.Context, t task) (row Row, ok bool, err error) {
	defer func() { row.Build = build() }() // to read the program once is enough
	if r.pool == nil {
		a := t.do(ctx, r.o)
		if a.Hung && t.cell.e.World != "proc" {
			err = fmt.Errorf("%w: the run of %v with seed %d, which is kept as failed, goes on beside all others as long as this process lives; the same command goes on with the rest",
				scenario.ErrHung, t.cell, t.seed)
		}
		return a.Row, !a.Interrupted, err
	}
	now, err := os.Stat(r.o.Worker[0])
	if err != nil || !os.SameFile(now, r.file) || now.Size() != r.file.Size() || !now.ModTime().Equal(r.file.ModTime()) {
		return row, false, errors.Join(errReplaced, err)
	}
	began := time.Now()
	var a workerRow
	err = r.pool.Do(ctx, workerTask{Cell: t.place, Seed: t.seed, Key: t.key}, &a, func() bool { return a.Hung || a.Interrupted })
	var ended *subprocess.EndedError
	switch {
	case ctx.Err() != nil && err != nil:
		return row, false, nil
	case err != nil && !errors.As(err, &ended): // it cannot be started, or answers nonsense: no fault of the run
		return row, false, err
	case err != nil: // it exits, or was killed for its memory: that is the run's
		row = t.row()
		row.fail(err)
		row.WallS = time.Since(began).Seconds()
		return row, true, nil
	}
	return a.Row, !a.Interrupted, nil
}

// ServeRuns is the life of a process for the runs of an experiment, which Options.Worker starts.
func ServeRuns(ctx context.Context, r *scenario.Registry, in io.Reader, out io.Writer) error {
	var cells []Cell
	o := Options{Registry: r}
	return subprocess.Serve(in, out, func(line []byte) error {
		var h workerHello
		if err := json.Unmarshal(line, &h); err != nil {
			return fmt.Errorf("what to run: %w", err)
		}
		e, err := Load(h.Bundle)
		if err != nil {
			return err
		}
		cells = e.Cells()
		o.HangAfter, o.TCPOnly, o.Command = h.HangAfter, h.TCPOnly, h.Command
		return nil
	}, func(line []byte) (any, error) {
		var t workerTask
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, fmt.Errorf("a run: %w", err)
		}
		if t.Cell < 0 || t.Cell >= len(cells) {
			return nil, fmt.Errorf("a run of combination %d of %d", t.Cell, len(cells))
		}
		return task{cells[t.Cell], t.Cell, t.Seed, t.Key}.do(ctx, o), nil
	})
}
