package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/federation"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

const reproFig8Help = `Federate a complex service in overlays like the paper's of section 3.3: 16 nodes, ten of them with services, and
links whose bandwidth and latency a seed decides. Prints the instances that the protocol (algos/sflow) chooses in the first
overlay (Fig. 8), what that costs and carries by node (Fig. 9), and over all overlays the throughput against random choices
and against the best choice, which is found by looking at all.

The paper's 16 PlanetLab nodes and their bandwidths are not known; how the population is made is in bench/federation/overlay.go.

Exit codes: 0 measured, 1 a federation failed, 2 wrong usage, 3 it could not be run, 130 interrupted; what was measured until
then is reported.`

type federationFlags struct {
	nodes int
	seeds int
	seed  uint64
	outputs
}

func (a *app) reproFig8() *cobra.Command {
	f := &federationFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use:     "fig8",
		Aliases: []string{"fig9"},
		Short:   "Service federation on 16 nodes (section 3.3, Figs. 8 and 9)",
		Long:    reproFig8Help,
		Example: "  ioverlay repro fig8\n  ioverlay repro fig8 --seeds 1 --seed 7\n  ioverlay repro fig8 --nodes 64 --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runFig8(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.nodes, "nodes", 16, "nodes of an overlay")
	fl.IntVar(&f.seeds, "seeds", 20, "overlays, of the seeds from --seed on")
	fl.Uint64Var(&f.seed, "seed", 1, "the first seed")
	f.outputs.define(fl, "results.jsonl and the chart")
	return cmd
}

func (a *app) runFig8(ctx context.Context, f *federationFlags) error {
	const mostNodes, mostSeeds = 200, 10_000 // a link between each two is emulated
	switch {
	case f.nodes < federation.Least || f.nodes > mostNodes:
		return console.Between("nodes", f.nodes, federation.Least, mostNodes)
	case f.seeds < 1 || f.seeds > mostSeeds:
		return console.Between("seeds", f.seeds, 1, mostSeeds)
	}
	if err := f.check(); err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	if err := m.record(m.env); err != nil {
		return m.finish(err, func() error { return nil })
	}
	all, err := a.measureFig8(m, f)
	return m.finish(err, func() error {
		if len(all) == 0 {
			return nil
		}
		sums := federation.Summarize(all)
		for _, s := range sums {
			if err := m.record(s); err != nil {
				return err
			}
		}
		first := federation.NewOverlay(f.nodes, all[0].Seed)
		err := m.table(func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s\n\n%s\n\n%s\n", federation.Fig8Table(&first, all[0]), federation.Fig9Table(&first, all[0]), federation.SummaryTable(sums))
			return err
		})
		if err != nil {
			return err
		}
		chart, err := federation.WriteChart(all, m.outputs.out)
		m.wrote(chart)
		return err
	})
}

// measureFig8 federates overlay by overlay, and keeps those that all policies had.
func (a *app) measureFig8(m *measurement, f *federationFlags) (all []*federation.Outcome, err error) {
	bar := a.Steps(f.seeds*len(federation.Policies), "")
	defer bar.Stop()
	for i := range f.seeds {
		o := federation.NewOverlay(f.nodes, f.seed+uint64(i))
		var whole []*federation.Outcome
		for _, p := range federation.Policies {
			bar.Say(fmt.Sprintf("seed %d: %s", o.Seed, p))
			out, err := o.Run(m.ctx, p, scenario.Options{World: "sim"})
			switch {
			case errors.Is(err, federation.ErrNotFederated):
				return all, fmt.Errorf("%w: %w", console.ErrMissed, err)
			case err != nil:
				return all, err
			}
			whole = append(whole, out)
			bar.Add(1)
		}
		for _, out := range whole {
			if err := m.record(out); err != nil {
				return all, err
			}
		}
		all = append(all, whole...)
	}
	return all, nil
}
