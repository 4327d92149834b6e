package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// agreementFlags are the flags of "ioverlay bench agreement".
type agreementFlags struct {
	seed   uint64
	dags   int
	worlds string
	links  string
	window time.Duration
	outputs
}

// errDisagree means that a world and the oracle are further apart than they may be.
var errDisagree = fmt.Errorf("%w: throughput off by more than %d%% in sim or %d%% live", console.ErrMissed, agreementPercent["sim"], agreementPercent["live"])

// agreementPercent is what the worlds are held to: a real machine has more to do.
var agreementPercent = map[string]int{"sim": 2, "live": 5}

func (a *app) benchAgreement() *cobra.Command {
	f := agreementFlags{outputs: outputs{name: "agreement.jsonl"}}
	cmd := &cobra.Command{
		Use:   "agreement",
		Short: "Compare virtual time and live emulation with a fluid oracle",
		Long: `Run chains, trees, diamonds and random DAGs with capped links and nodes in virtual time
and live, and compare the steady throughput of every link with what a max-min fluid
oracle says. The live world takes its time: the window and 4 seconds for each topology.

Exit codes: 0 every link is within 2% in sim and 5% live, 1 one is not, 2 wrong usage, 3 not everything
could be run, 130 interrupted.`,
		Example: `  ioverlay bench agreement
  ioverlay bench agreement --worlds sim --dags 100 --window 20s
  ioverlay bench agreement --out out/agreement --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAgreement(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.Uint64Var(&f.seed, "seed", 1, "of topologies and caps")
	fl.IntVar(&f.dags, "dags", 4, "random DAGs, beside the other topologies")
	fl.StringVar(&f.worlds, "worlds", "sim,live", "worlds to compare with the oracle: sim, live")
	fl.StringVar(&f.links, "links", "mem", "links of the live world: mem or tcp")
	fl.DurationVar(&f.window, "window", 5*time.Second, "over which throughput is measured, after 3s")
	f.define(fl, "agreement.jsonl and agreement.svg")
	return cmd
}

func (f agreementFlags) read() error {
	if err := f.check(); err != nil {
		return err
	}
	worlds := console.SplitList(f.worlds)
	switch {
	case len(worlds) == 0 || slices.ContainsFunc(worlds, func(w string) bool { return w != "sim" && w != "live" }):
		return console.Usage("worlds", f.worlds, "sim, live or both")
	case f.links != "mem" && f.links != "tcp":
		return console.Usage("links", f.links, "mem or tcp")
	case f.dags < 0:
		return console.Usage("dags", strconv.Itoa(f.dags), "0 and up")
	case f.window < time.Second:
		return console.Usage("window", f.window.String(), "1s and up")
	}
	return nil
}

func (a *app) runAgreement(ctx context.Context, f agreementFlags) error {
	if err := f.read(); err != nil {
		return err
	}
	worlds := console.SplitList(f.worlds)
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	s := bench.AgreementSpec{Seed: f.seed, DAGs: f.dags, Worlds: worlds, Links: spec.Transport(f.links), Window: f.window}
	bar := a.Steps(s.Steps(), "")
	s.Record = func(r bench.AgreementRow) error { return m.record(r) }
	s.Progress = func(done int, what string) { bar.Set(done); bar.Say(what) }
	rows, err := bench.Agreement(ctx, s)
	bar.Stop()
	if err := m.finish(err, func() error { return presentAgreement(m, rows, worlds) }); err != nil {
		return err
	}
	for _, w := range worlds {
		if percent, _ := bench.AgreementWorst(rows, w); math.Abs(percent) > float64(agreementPercent[w]) {
			return errDisagree
		}
	}
	return nil
}

func presentAgreement(m *measurement, rows []bench.AgreementRow, worlds []string) error {
	if len(rows) == 0 {
		return nil
	}
	err := m.table(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, bench.AgreementTable(rows, worlds))
		return err
	})
	if err != nil || m.outputs.out == "" {
		return err
	}
	chart, err := bench.WriteAgreementChart(rows, worlds, m.outputs.out)
	m.wrote(chart)
	return err
}
