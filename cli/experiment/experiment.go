// Package experiment has the command "experiment".
package experiment

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/cli/run"
	"github.com/ioverlay/ioverlay/experiment"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// flags are the flags of "ioverlay experiment".
type flags struct {
	out, world, seeds, format             string
	workers                               int
	check, retry, anyBuild, shm, noCharts bool
	hang                                  time.Duration
}

const help = `Run a scenario with every combination of some factors and with many seeds, and say what
came of it with confidence intervals (docs/experiments.md).

In virtual time all cores run; the other worlds have one run after another. Each core has a
process of its own, and a run whose algorithm does not return (--hang-after) fails and is ended with its
process. A run that is done is kept at once: the same command after Ctrl-C, or after more seeds or levels were
added to the file, runs what is left. FILE may be the experiment.json of a result, which
has everything to run it again.

Exit codes: 0 all runs went well, 1 some failed or had an expectation that did not hold, or a
measure that is not optional has no value in any (all is in the results), 2 a file or a flag is wrong, 3 it could not be done, 130
interrupted; what was run until then is in the results.`

// app is the program, with what this command does.
type app struct{ *console.App }

// Command is the command "experiment".
func Command(program *console.App) *cobra.Command {
	a := &app{program}
	var f flags
	cmd := &cobra.Command{
		Use:   "experiment FILE",
		Short: "Run a scenario with many settings and seeds, with statistics and charts",
		Long:  help,
		Example: `  ioverlay experiment examples/experiment/experiment.yaml --out out/gossip
  ioverlay experiment examples/experiment/experiment.yaml --check
  ioverlay experiment compare out/before out/after`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "write results into this directory; default out/ and the file's name")
	fl.StringVar(&f.world, "world", "", "where to run it, instead of the file's world: "+console.Either(world.Names))
	fl.StringVar(&f.seeds, "seeds", "", "use these seeds instead of the file's, such as 1..5")
	fl.IntVar(&f.workers, "workers", 0, "runs at a time in virtual time; 0 means one a processor core")
	fl.BoolVar(&f.check, "check", false, "only check the files")
	fl.BoolVar(&f.retry, "retry", false, "run what failed again")
	fl.BoolVar(&f.anyBuild, "any-build", false, "go on from runs of another build of this program")
	fl.BoolVar(&f.shm, "shm", true, "in the proc world: links go through shared memory (Linux); --shm=false: by TCP")
	console.HangFlag(fl, &f.hang)
	fl.BoolVar(&f.noCharts, "no-charts", false, "draw no charts")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	cmd.AddCommand(a.compare())
	return cmd
}

// load reads an experiment, with what flags change of it.
func load(f flags, path string) (*experiment.Experiment, error) {
	e, err := experiment.Load(path)
	if err != nil {
		return nil, wrongFile(err)
	}
	if f.world != "" {
		if !slices.Contains(world.Names, f.world) {
			return nil, console.Usage("world", f.world, console.Either(world.Names))
		}
		e.World = f.world
	}
	if f.seeds != "" {
		if e.Seeds, err = experiment.ParseSeeds(f.seeds); err != nil {
			return nil, console.Usage("seeds", f.seeds, err.Error())
		}
	}
	return e, nil
}

// wrongFile makes a mistake in a file wrong usage.
func wrongFile(err error) error {
	var problems spec.Problems
	if errors.As(err, &problems) || errors.Is(err, os.ErrNotExist) {
		return console.InFile(err)
	}
	return err
}

func (a *app) run(cmd *cobra.Command, f flags, path string) error {
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	e, err := load(f, path)
	if err != nil {
		return err
	}
	runs, err := e.Check(a.Registry)
	if err != nil {
		return wrongFile(err)
	}
	if f.check {
		_, err := fmt.Fprintf(a.Out, "%s: %d factors, %d combinations, %d seeds, %d measures: %d runs\n",
			path, len(e.Factors), len(e.Cells()), len(e.Seeds), len(e.Measures), runs)
		return err
	}
	if f.out == "" {
		f.out = filepath.Join("out", strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	}
	if e.World != "sim" {
		if err := memory.Fits(); err != nil {
			return err
		}
	}
	if err := console.TryOut(f.out); err != nil {
		return err
	}
	child, err := run.Self()
	if err != nil {
		return err
	}
	var worker []string
	if console.Itself() {
		if worker, err = subprocess.Self(worked); err != nil {
			return err
		}
	}
	var bar *console.Progress
	earlier := 0 // what an earlier call did is no work of this one, and says nothing of the time left
	res, err := e.Run(cmd.Context(), experiment.Options{
		Dir: f.out, Registry: a.Registry, Workers: f.workers, Child: child, TCPOnly: !f.shm, Worker: worker, HangAfter: console.HangAfter(f.hang), Command: a.Args, Retry: f.retry, AnyBuild: f.anyBuild, NoCharts: f.noCharts,
		Progress: func(done, total int) {
			if bar == nil {
				bar, earlier = a.Steps(total-done, e.Name), done
			}
			bar.Set(done - earlier)
		}})
	if bar != nil {
		bar.Stop()
	}
	if res == nil || res.Analysis == nil {
		return err
	}
	return errors.Join(a.print(f, res), outcome(res, err))
}

// outcome is what an experiment comes to, as an error.
func outcome(res *experiment.Results, err error) error {
	switch {
	case errors.Is(err, experiment.ErrInterrupted):
		return fmt.Errorf("%w: %w", console.ErrInterrupted, err)
	case err != nil:
		return err
	case res.Analysis.Failed+res.Analysis.Violated > 0:
		return fmt.Errorf("%w: %d of %d runs failed, and in %d an expectation did not hold", console.ErrExpectation,
			res.Analysis.Failed, res.Analysis.Runs, res.Analysis.Violated)
	case len(res.Analysis.Absent) > 0:
		m := res.Analysis.Absent[0]
		return fmt.Errorf("%w: the measure %s has no value in any run (%s); if that may be, write {of: ..., optional: true}",
			console.ErrExpectation, m.Measure, m.Why)
	}
	return nil
}

// print prints what an experiment came to.
func (a *app) print(f flags, res *experiment.Results) error {
	if f.format == console.FormatJSON {
		return json.NewEncoder(a.Out).Encode(res.Analysis)
	}
	text := res.Table()
	for _, name := range res.Written {
		if filepath.Dir(name) == filepath.Clean(f.out) {
			text += name + "\n"
		}
	}
	_, err := fmt.Fprint(a.Out, text)
	return err
}

func (a *app) compare() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "compare DIR DIR",
		Short: "Compare two results of an experiment",
		Long: `Compare two results of "ioverlay experiment": the same measures of the same combinations,
with the difference, its confidence interval, and a verdict. Runs with the same seed are
pairs; where the two have no seeds in common, samples are compared by Welch's test.`,
		Example: "  ioverlay experiment compare out/before out/after",
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := console.CheckFormat(format, console.FormatTable, console.FormatJSON); err != nil {
				return err
			}
			c, err := experiment.Compare(args[0], args[1])
			if err != nil {
				return wrongFile(err)
			}
			if format == console.FormatJSON {
				return json.NewEncoder(a.Out).Encode(c)
			}
			_, err = fmt.Fprint(a.Out, c.Table())
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", console.FormatTable, "how to print: table or json")
	return cmd
}
