package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/failures"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// failuresFlags are the flags of "ioverlay bench failures".
type failuresFlags struct {
	kinds string
	spec  failures.Spec
	outputs
}

func (a *app) benchFailures() *cobra.Command {
	f := failuresFlags{outputs: outputs{name: "failures.jsonl"}}
	cmd := &cobra.Command{
		Use:   "failures",
		Short: "Measure how fast failures are detected",
		Long: `Start real node processes, kill them, stop them, and cut and disturb the links
between them, and read from the log of the node that has to notice when it did. What
needs network namespaces needs root on Linux, and ip and tc of iproute2; what cannot be
measured here says why.`,
		Example: `  ioverlay bench failures --trials 30
  ioverlay bench failures --kinds cut,stop --fail-timeout 2s --out results/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchFailures(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.kinds, "kinds", strings.Join(failures.Kinds(), ","), "kinds of failure")
	fl.IntVar(&f.spec.Trials, "trials", 30, "trials of each kind")
	fl.DurationVar(&f.spec.StallTimeout, "stall-timeout", time.Second, "of the nodes")
	fl.DurationVar(&f.spec.FailTimeout, "fail-timeout", time.Second, "of the nodes")
	f.define(fl, "the results: failures.jsonl, failures.txt and failures.svg")
	return cmd
}

// read checks the flags and completes the spec.
func (f *failuresFlags) read() (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if f.spec.Trials < 1 {
		return console.Usage("trials", strconv.Itoa(f.spec.Trials), "1 and up")
	}
	if f.spec.StallTimeout <= 0 || f.spec.FailTimeout <= 0 {
		return console.Usage("stall-timeout or --fail-timeout", "0 or less", "above 0")
	}
	for _, k := range console.SplitList(f.kinds) {
		if !slices.Contains(failures.Kinds(), k) {
			return console.Usage("kinds", k, strings.Join(failures.Kinds(), ", "))
		}
		f.spec.Kinds = append(f.spec.Kinds, k)
	}
	f.spec.Program, err = subprocess.Self()
	return err
}

func (a *app) runBenchFailures(ctx context.Context, f failuresFlags) error {
	if err := f.read(); err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	records, err := a.measureFailures(m, f.spec)
	return m.finish(err, func() error {
		sums := failures.Summarize(f.spec, records)
		table := func(w io.Writer) error { failures.WriteTable(w, sums); return nil }
		errs := []error{m.table(table)}
		for _, s := range sums {
			errs = append(errs, m.record(s))
		}
		errs = append(errs, m.create("failures.txt", table),
			m.create("failures.svg", func(w io.Writer) error { return failures.WriteChart(w, sums) }))
		return errors.Join(errs...)
	})
}

// measureFailures measures, and returns what was recorded.
func (a *app) measureFailures(m *measurement, s failures.Spec) (records []any, err error) {
	if err := m.record(m.env); err != nil {
		return nil, err
	}
	bar := a.Steps(s.Trials*len(s.Kinds), "measuring")
	defer bar.Stop()
	err = failures.Run(m.ctx, s, func(r any) error {
		records = append(records, r)
		switch r := r.(type) {
		case failures.Trial:
			bar.Say(r.Kind)
			bar.Add(1)
		case failures.Skipped:
			bar.Add(s.Trials)
		}
		return m.record(r)
	})
	return records, err
}
