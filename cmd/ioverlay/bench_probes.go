package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/probes"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// probesFlags are the flags of "ioverlay bench probes".
type probesFlags struct {
	trials int
	links  string
	outputs
}

// probeRates and probeLatencies are the truths that are measured: bytes a second, and
// one way.
var (
	probeRates = []emul.Rate{100 * emul.KBps, 300 * emul.KBps, emul.MBps, 2500 * emul.KBps, 5 * emul.MBps, 10 * emul.MBps, 20 * emul.MBps}

	probeLatencies = []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond}
)

func (a *app) benchProbes() *cobra.Command {
	f := probesFlags{outputs: outputs{name: "probes.jsonl"}}
	cmd := &cobra.Command{
		Use:   "probes",
		Short: "Measure the error of measured bandwidth and latency",
		Long: `Let a node measure the bandwidth and the latency to another, as an algorithm asks
for it, over a link whose bandwidth or latency is emulated, and compare.`,
		Example: `  ioverlay bench probes --trials 10
  ioverlay bench probes --links tcp --trials 30 --out results/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchProbes(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.trials, "trials", 10, "trials of each truth")
	fl.StringVar(&f.links, "links", "tcp,mem", "kinds of links: tcp, mem")
	f.define(fl, "the results: probes.jsonl and probes.txt")
	return cmd
}

// specs are what the flags ask for, one for each kind of link.
func (f probesFlags) specs() (specs []probes.Spec, err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.trials < 1 {
		return nil, console.Usage("trials", strconv.Itoa(f.trials), "1 and up")
	}
	kinds := map[string]engine.Links{"tcp": engine.TCP, "mem": engine.Mem}
	for _, word := range console.SplitList(f.links) {
		links, known := kinds[word]
		if !known {
			return nil, console.Usage("links", word, "tcp, mem")
		}
		specs = append(specs, probes.Spec{Links: links, Rates: probeRates, Latencies: probeLatencies, Trials: f.trials})
	}
	return specs, nil
}

func (a *app) runBenchProbes(ctx context.Context, f probesFlags) error {
	specs, err := f.specs()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	trials, err := a.measureProbes(m, specs)
	return m.finish(err, func() error {
		rows := probes.Summarize(trials)
		table := func(w io.Writer) error { probes.WriteTable(w, rows); return nil }
		errs := []error{m.table(table)}
		for _, r := range rows {
			errs = append(errs, m.record(r))
		}
		return errors.Join(append(errs, m.create("probes.txt", table))...)
	})
}

func (a *app) measureProbes(m *measurement, specs []probes.Spec) (trials []probes.Trial, err error) {
	if err := m.record(m.env); err != nil {
		return nil, err
	}
	steps := 0
	for _, s := range specs {
		steps += s.Trials * (len(s.Rates) + len(s.Latencies))
	}
	bar := a.Steps(steps, "measuring")
	defer bar.Stop()
	for _, s := range specs {
		bar.Say(s.Links.String())
		err := probes.Run(m.ctx, s, func(t probes.Trial) error {
			trials = append(trials, t)
			bar.Add(1)
			return m.record(t)
		})
		if err != nil {
			return trials, err
		}
	}
	return trials, nil
}
