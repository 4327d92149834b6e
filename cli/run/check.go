package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario/check"
)

const checkHelp = `Run a scenario in virtual time several times with the same seed, each in a fresh process, and
compare what every algorithm was given and sent. A pure algorithm does the same each time.

The runs differ in what an algorithm may not depend on: the number of processors, the order of
maps and the seeds of Go's own randomness, which Go draws anew, the clock, addresses, and how
often garbage is collected. Every second run is strict: algorithms get copies of
messages, so that writing into one after Send, or into one that came from elsewhere, or using one
that should have been retained, ends the node with words, and what is kept of a payload is poison.

The first difference is printed: the event, the node whose doing it is, and what that node was
given before. See also ioverlay-vet, which finds most of it in the source.

Exit codes: 0 all runs are the same, 1 they are not, or an algorithm misused a message, 2 the file
or a flag is wrong, 3 the scenario could not be run to its end (an algorithm panicked or did not return, a
deadlock): then nothing is known of its purity. 130 interrupted.`

// checkFlags are the flags of "ioverlay check".
type checkFlags struct {
	seed      uint64
	runs      int
	around    int
	format    string
	hang      time.Duration
	algorithm console.AlgorithmFlags
}

// Check is the command "check".
func Check(c *console.App) *cobra.Command {
	a := &app{c}
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Find out whether the algorithms of a scenario are pure",
		Long:  checkHelp,
		Example: "  ioverlay check examples/churn.yaml\n  ioverlay check examples/churn.yaml --runs 10 --seed 7\n" +
			"  ioverlay check examples/churn.yaml --algorithm gossip --param probability=50%",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.Uint64Var(&f.seed, "seed", 0, "use this seed instead of the file's")
	fl.IntVar(&f.runs, "runs", 4, "how many times to run it, at least 2")
	fl.IntVar(&f.around, "around", 5, "records to print on each side of a difference")
	f.algorithm.Define(fl, "", algorithmHelp)
	console.HangFlag(fl, &f.hang)
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	return cmd
}

// checkReport is what a check found, for programs.
type checkReport struct {
	Runs    int            `json:"runs"`
	Same    bool           `json:"same"`
	Records uint64         `json:"records,omitempty"`
	Hash    string         `json:"sha256,omitempty"`
	End     checkedAs      `json:"end,omitempty"`    // how a run failed,
	Failed  string         `json:"failed,omitempty"` // and in words
	Run     int            `json:"run,omitempty"`    // that failed, or differs from the first; from 1
	How     string         `json:"how,omitempty"`    // what was different about it
	Parting *check.Parting `json:"parting,omitempty"`
}

func (a *app) check(cmd *cobra.Command, f checkFlags, path string) error {
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	const most = 1000
	if f.runs < 2 || f.runs > most {
		return console.Between("runs", f.runs, 2, most)
	}
	if f.around < 0 || f.around > most {
		return console.Between("around", f.around, 0, most)
	}
	plan, err := a.load(cmd, path, f.seed, f.algorithm)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ioverlay-check-")
	if err != nil {
		return fmt.Errorf("a place for traces: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is in the system's place for such
	report, err := a.compareRuns(cmd.Context(), f, path, plan.Seed, dir)
	if err != nil {
		if cmd.Context().Err() != nil {
			return console.ErrInterrupted
		}
		return err
	}
	if f.format == console.FormatJSON {
		err = json.NewEncoder(a.Out).Encode(report)
	} else {
		err = a.printCheck(report)
	}
	return errors.Join(err, report.outcome())
}

// outcome is what a check comes to, as an error. Where two runs part says more than that one of them failed: a run that
// fails with some seeds of Go's randomness only does so because of them.
func (r *checkReport) outcome() error {
	switch {
	case r.End == checkedMisuse:
		return fmt.Errorf("%w: run %d", console.ErrMisuse, r.Run)
	case r.End == checkedHang:
		return fmt.Errorf("run %d could not be run to its end, since a node does not return: whether algorithms are pure is not known", r.Run)
	case !r.Same:
		return fmt.Errorf("%w: run %d is another than run 1", console.ErrImpure, r.Run)
	case r.End != "":
		return fmt.Errorf("run %d failed like run 1: that is no impurity, but the scenario cannot be run to its end", r.Run)
	}
	return nil
}

// compareRuns runs the scenario again and again until a run is another than the first.
func (a *app) compareRuns(ctx context.Context, f checkFlags, path string, seed uint64, dir string) (r checkReport, err error) {
	r = checkReport{Runs: f.runs, Same: true}
	bar := a.Steps(f.runs, "runs")
	defer bar.Stop()
	first := filepath.Join(dir, "1.trace")
	var one checkedRunDone // the first, which decides nothing by itself: a strict run, the next, may say why it failed
	for i := range f.runs {
		how := perturbed(i)
		how.File, how.Seed, how.Trace, how.HangAfter = path, seed, filepath.Join(dir, strconv.Itoa(i+1)+".trace"), console.HangAfter(f.hang)
		how.Algorithm, how.Params = f.algorithm.Name, f.algorithm.Params
		did, err := runChecked(ctx, how)
		if err == nil {
			err = ctx.Err() // what was run until then says nothing
		}
		if err != nil {
			return r, err
		}
		bar.Add(1)
		if i == 0 {
			one, r.Hash, r.Records = did, did.Hash, did.Records
		}
		r.Same = did.Hash == one.Hash
		if r.Same && did.End == "" {
			if i > 0 {
				_ = os.Remove(how.Trace) // the next may need the room
			}
			continue
		}
		if i == 0 && did.End == checkedFailed {
			continue
		}
		r.Run, r.How, r.End, r.Failed = i+1, how.String(), did.End, did.Failed
		if !r.Same && r.End != checkedHang {
			p, err := check.Compare(first, how.Trace, f.around)
			if err != nil {
				return r, err
			}
			r.Parting = &p
		}
		return r, nil
	}
	return r, nil
}

// runChecked runs a scenario in a process of its own.
func runChecked(ctx context.Context, how checkedRun) (did checkedRunDone, err error) {
	asked, err := json.Marshal(how)
	if err != nil {
		return did, err
	}
	self, err := subprocess.Self(checkChild, string(asked))
	if err != nil {
		return did, err
	}
	out, err := subprocess.Output(ctx, subprocess.Command{Name: "a run of the scenario", Program: self})
	if err != nil {
		return did, err
	}
	if err := json.Unmarshal(out, &did); err != nil {
		return did, fmt.Errorf("a run of the scenario answered %.200q: %w", out, err)
	}
	if did.Error != "" {
		return did, errors.New(did.Error)
	}
	return did, nil
}

func (a *app) printCheck(r checkReport) error {
	if r.Same && r.End == "" {
		_, err := fmt.Fprintf(a.Out, "%d runs are the same: %d records, sha256 %s\n", r.Runs, r.Records, r.Hash)
		return err
	}
	if r.End != "" {
		fmt.Fprintf(a.Out, "run %d (%s) failed: %s\n", r.Run, r.How, r.Failed)
	}
	p := r.Parting
	if p == nil {
		return nil
	}
	fmt.Fprintf(a.Out, "run %d (%s) is another than run 1: the first %d records are the same\n", r.Run, r.How, p.Common)
	fmt.Fprintf(a.Out, "It is the doing of node %s, which was given before:\n", p.Culprit)
	show := func(mark string, recs []trace.Record) {
		for i := range recs {
			rec := &recs[i]
			fmt.Fprintf(a.Out, "%s%d  %v  at %s  %s  %s%s\n", mark, rec.Number, rec.At, rec.Node, rec.Subject(), way(rec), rec.Details())
		}
		if len(recs) == 0 {
			fmt.Fprintf(a.Out, "%snothing\n", mark)
		}
	}
	show("    ", p.Given)
	fmt.Fprintln(a.Out, "Then came in run 1:")
	show("  - ", p.A)
	fmt.Fprintf(a.Out, "and in run %d:\n", r.Run)
	show("  + ", p.B)
	return nil
}

// way says between whom a record is.
func way(r *trace.Record) string {
	switch {
	case r.Kind == trace.Sent:
		return "to " + r.To.String() + ": "
	case r.From != (trace.Peer{}):
		return "from " + r.From.String() + ": "
	}
	return ""
}
