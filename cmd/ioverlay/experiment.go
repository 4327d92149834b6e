package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/experiment"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// experimentFlags are the flags of "ioverlay experiment".
type experimentFlags struct {
	out, world, seeds, format             string
	workers                               int
	check, retry, anyBuild, shm, noCharts bool
}

const experimentHelp = `Run a scenario with every combination of some factors and with many seeds, and say what
came of it with confidence intervals (docs/experiments.md).

In virtual time all cores run; the other worlds have one run after another. A run that is
done is kept at once: the same command after Ctrl-C, or after more seeds or levels were
added to the file, runs what is left. FILE may be the experiment.json of a result, which
has everything to run it again.

Exit codes: 0 all runs went well, 1 some failed or had an expectation that did not hold
(they are in the results), 2 a file or a flag is wrong, 3 it could not be done, 130
interrupted; what was run until then is in the results.`

func (a *app) experiment() *cobra.Command {
	var f experimentFlags
	cmd := &cobra.Command{
		Use:   "experiment FILE",
		Short: "Run a scenario with many settings and seeds, with statistics and charts",
		Long:  experimentHelp,
		Example: `  ioverlay experiment examples/experiment/experiment.yaml --out out/gossip
  ioverlay experiment examples/experiment/experiment.yaml --check
  ioverlay experiment compare out/before out/after`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runExperiment(cmd, f, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "write results into this directory; default out/ and the file's name")
	fl.StringVar(&f.world, "world", "", "where to run it, instead of the file's world: "+either(world.Names))
	fl.StringVar(&f.seeds, "seeds", "", "use these seeds instead of the file's, such as 1..5")
	fl.IntVar(&f.workers, "workers", 0, "runs at a time in virtual time; 0 means one a processor core")
	fl.BoolVar(&f.check, "check", false, "only check the files")
	fl.BoolVar(&f.retry, "retry", false, "run what failed again")
	fl.BoolVar(&f.anyBuild, "any-build", false, "go on from runs of another build of this program")
	fl.BoolVar(&f.shm, "shm", true, "in the proc world: links go through shared memory (Linux); --shm=false: by TCP")
	fl.BoolVar(&f.noCharts, "no-charts", false, "draw no charts")
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	cmd.AddCommand(a.experimentCompare())
	return cmd
}

// loadExperiment reads an experiment, with what flags change of it.
func loadExperiment(f experimentFlags, path string) (*experiment.Experiment, error) {
	e, err := experiment.Load(path)
	if err != nil {
		return nil, wrongFile(err)
	}
	if f.world != "" {
		if !slices.Contains(world.Names, f.world) {
			return nil, &usageError{"world", f.world, either(world.Names)}
		}
		e.World = f.world
	}
	if f.seeds != "" {
		if e.Seeds, err = experiment.ParseSeeds(f.seeds); err != nil {
			return nil, &usageError{"seeds", f.seeds, err.Error()}
		}
	}
	return e, nil
}

// wrongFile makes a mistake in a file wrong usage.
func wrongFile(err error) error {
	var problems spec.Problems
	if errors.As(err, &problems) || errors.Is(err, os.ErrNotExist) {
		return &fileError{err}
	}
	return err
}

func (a *app) runExperiment(cmd *cobra.Command, f experimentFlags, path string) error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	e, err := loadExperiment(f, path)
	if err != nil {
		return err
	}
	registry := scenario.Shipped()
	runs, err := e.Check(registry)
	if err != nil {
		return wrongFile(err)
	}
	if f.check {
		_, err := fmt.Fprintf(a.out, "%s: %d factors, %d combinations, %d seeds, %d measures: %d runs\n",
			path, len(e.Factors), len(e.Cells()), len(e.Seeds), len(e.Measures), runs)
		return err
	}
	if f.out == "" {
		f.out = filepath.Join("out", strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	}
	child, err := subprocess.Self(childCommand)
	if err != nil {
		return err
	}
	var bar *progress
	earlier := 0 // what an earlier call did is no work of this one, and says nothing of the time left
	res, err := e.Run(cmd.Context(), experiment.Options{
		Dir: f.out, Registry: registry, Workers: f.workers, Child: child, TCPOnly: !f.shm, Command: a.args, Retry: f.retry, AnyBuild: f.anyBuild, NoCharts: f.noCharts,
		Progress: func(done, total int) {
			if bar == nil {
				bar, earlier = a.steps(total-done, e.Name), done
			}
			bar.set(done - earlier)
		}})
	if bar != nil {
		bar.stop()
	}
	if res == nil || res.Analysis == nil {
		return err
	}
	return errors.Join(a.printExperiment(f, res), experimentOutcome(res, err))
}

// experimentOutcome is what an experiment comes to, as an error.
func experimentOutcome(res *experiment.Results, err error) error {
	switch {
	case errors.Is(err, experiment.ErrInterrupted):
		return fmt.Errorf("%w: %w", errInterrupted, err)
	case err != nil:
		return err
	case res.Analysis.Failed+res.Analysis.Violated > 0:
		return fmt.Errorf("%w: %d of %d runs failed, and in %d an expectation did not hold", errExpectation,
			res.Analysis.Failed, res.Analysis.Runs, res.Analysis.Violated)
	}
	return nil
}

// printExperiment prints what an experiment came to.
func (a *app) printExperiment(f experimentFlags, res *experiment.Results) error {
	if f.format == formatJSON {
		return json.NewEncoder(a.out).Encode(res.Analysis)
	}
	text := res.Table()
	for _, name := range res.Written {
		if filepath.Dir(name) == filepath.Clean(f.out) {
			text += name + "\n"
		}
	}
	_, err := fmt.Fprint(a.out, text)
	return err
}

func (a *app) experimentCompare() *cobra.Command {
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
			if err := checkFormat(format, formatTable, formatJSON); err != nil {
				return err
			}
			c, err := experiment.Compare(args[0], args[1])
			if err != nil {
				return wrongFile(err)
			}
			if format == formatJSON {
				return json.NewEncoder(a.out).Encode(c)
			}
			_, err = fmt.Fprint(a.out, c.Table())
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", formatTable, "how to print: table or json")
	return cmd
}
