package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/scenario"
)

// checkChild makes this program one run of "ioverlay check".
const checkChild = "scenario-check-run"

// checkedRun is what such a run is told.
type checkedRun struct {
	File   string `json:"file"`
	Seed   uint64 `json:"seed"`
	Trace  string `json:"trace"` // where to write
	Procs  int    `json:"procs"`
	GC     int    `json:"gc"`     // GOGC: percent
	Strict bool   `json:"strict"` // core.Config.Strict
	Litter int    `json:"litter"` // bytes that are allocated first, which moves all addresses

	HangAfter time.Duration `json:"hang_after_ns"`

	Algorithm string   `json:"algorithm,omitempty"` // of all nodes, in place of the file's
	Params    []string `json:"params,omitempty"`
}

// perturbed is how the run with an index, from 0, differs from others.
func perturbed(i int) checkedRun {
	return checkedRun{Procs: 1 + i%2*max(1, runtime.NumCPU()-1), GC: []int{100, 20, 400}[i%3], Strict: i%2 == 1, Litter: i * 12_345}
}

// String says it on a line.
func (c checkedRun) String() string {
	s := fmt.Sprintf("GOMAXPROCS=%d GOGC=%d", c.Procs, c.GC)
	if c.Strict {
		s += " strict"
	}
	return s
}

// checkedRunDone is what it answers.
type checkedRunDone struct {
	Hash    string    `json:"hash"`
	Records uint64    `json:"records"`
	End     checkedAs `json:"end,omitempty"`
	Failed  string    `json:"failed,omitempty"` // how, in words
	Error   string    `json:"error,omitempty"`  // it could not be run
}

// checkedAs is how a run ended that did not end well.
type checkedAs string

const (
	checkedMisuse checkedAs = "misuse" // an algorithm did with a message what it may not do
	checkedHang   checkedAs = "hang"   // a node did not return, so that the trace has no end
	checkedFailed checkedAs = "failed" // an algorithm panicked, time did not go on, a deadlock
)

// failed says how a run has failed.
func (d *checkedRunDone) failed(err error) {
	var crash *scenario.Crash
	switch {
	case errors.As(err, &crash) && crash.Misuse, errors.Is(err, sim.ErrSlabs):
		d.End = checkedMisuse
	case errors.Is(err, scenario.ErrHung):
		d.End = checkedHang
	default:
		d.End = checkedFailed
	}
	d.Failed = err.Error()
}

// CheckChild is the hidden command of one run.
func CheckChild(c *console.App) *cobra.Command {
	a := &app{c}
	return &cobra.Command{
		Use: checkChild, Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Be one run of a check",
		RunE: func(cmd *cobra.Command, args []string) error {
			var how checkedRun
			if err := json.Unmarshal([]byte(args[0]), &how); err != nil {
				return fmt.Errorf("what to run: %w", err)
			}
			runtime.GOMAXPROCS(how.Procs)
			debug.SetGCPercent(how.GC)
			litter := make([]byte, how.Litter)
			defer runtime.KeepAlive(litter)
			out := a.Out
			os.Stdout = os.Stderr // an algorithm that prints is not to be taken for the answer
			done, err := a.runForCheck(cmd, how)
			if err != nil {
				done.Error = err.Error()
			}
			return json.NewEncoder(out).Encode(done)
		},
	}
}

func (a *app) runForCheck(cmd *cobra.Command, how checkedRun) (done checkedRunDone, err error) {
	plan, err := a.loadSeed(how.File, &how.Seed, console.AlgorithmFlags{Name: how.Algorithm, Params: how.Params})
	if err != nil {
		return done, err
	}
	file, err := os.Create(how.Trace)
	if err != nil {
		return done, fmt.Errorf("create a trace: %w", err)
	}
	w := trace.NewWriter(file, trace.Options{Sent: true})
	res, runErr := scenario.Run(cmd.Context(), plan, scenario.Options{World: "sim", Registry: a.Registry, Strict: how.Strict, Watch: w, HangAfter: how.HangAfter})
	err = errors.Join(w.Close(), file.Close())
	done.Hash, done.Records = w.Hash(), w.Records()
	switch {
	case runErr != nil:
		done.failed(runErr)
	case res == nil || res.Stopped:
		err = errors.Join(err, console.ErrInterrupted) // a part of a run is no run
	}
	return done, err
}
