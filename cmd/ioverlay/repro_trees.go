package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/trees"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/run"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/world"
)

const reproTable3Help = `Build the trees of the paper's section 3.2 on its five nodes (Fig. 5), and print degree, stress
and throughput of every node beside the paper's (Table 3). The trees come out of the protocol
(algos/tree), run as a scenario: other bandwidths and other orders of joins give other trees.

Under "ns-aware, refined" stands what the paper leaves to research: parents hand children over.
The paper's randomized tree is one of many, and so is ours.

Exit codes: 0 the trees stand and ns-aware agrees with the paper where it is asked the paper's question, 1 they do not, 2 wrong
usage, 3 it could not be run, 130 interrupted.`

const reproFig7Help = `Build trees in the populations of the paper's Fig. 7: 81 nodes of 50 to 200 KBps, uniformly, the source with 100 KBps,
joined in any order; every policy on the same populations. Prints stress and throughput, the ideal stress (the sum of degrees by
that of bandwidth), and throughput as a share of what no tree of these nodes can exceed; draws the distributions. The paper's "20" for
the ideal stress is in a unit that it does not give: in that of its Table 3 the ideal is about 1.6.

Exit codes: 0 measured, 2 wrong usage, 3 it could not be run, 130 interrupted; what was measured until then is reported.`

// treeFlags are the flags of both.
type treeFlags struct {
	world      string
	bandwidths []string
	order      []string
	nodes      int
	seeds      int
	seed       uint64
	outputs
}

func (a *app) reproTable3() *cobra.Command {
	f := &treeFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use:     "table3",
		Aliases: []string{"fig5"},
		Short:   "Dissemination trees on five nodes (section 3.2, Fig. 5 and Table 3)",
		Long:    reproTable3Help,
		Example: "  ioverlay repro table3\n  ioverlay repro table3 --world proc --format json\n" +
			"  ioverlay repro table3 --bandwidths S=100,A=300,B=300,C=50 --order C,A,B",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runTable3(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.world, "world", "sim", "where to run it: sim, live or proc")
	fl.StringSliceVar(&f.bandwidths, "bandwidths", nil, "name=KBps of each node, the source first (default the paper's)")
	fl.StringSliceVar(&f.order, "order", nil, "who joins, in this order (default the paper's: D,A,C,B)")
	fl.Uint64Var(&f.seed, "seed", 1, "decides all that is random")
	f.outputs.define(fl, "results.jsonl")
	return cmd
}

func (a *app) reproFig7() *cobra.Command {
	f := &treeFlags{outputs: outputs{always: "repro"}, world: "sim"}
	cmd := &cobra.Command{
		Use:     "fig7",
		Short:   "Dissemination trees in large populations (section 3.2, Fig. 7)",
		Long:    reproFig7Help,
		Example: "  ioverlay repro fig7 --seeds 20\n  ioverlay repro fig7 --nodes 1000 --seeds 3 --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runFig7(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.nodes, "nodes", 81, "nodes of a population")
	fl.IntVar(&f.seeds, "seeds", 20, "populations, of the seeds from --seed on")
	fl.Uint64Var(&f.seed, "seed", 1, "the first seed")
	f.outputs.define(fl, "results.jsonl and the charts")
	return cmd
}

// session is the paper's, or the one that was asked for.
func (f *treeFlags) session() (s trees.Session, papers bool, err error) {
	s = trees.Table3()
	s.Seed = f.seed
	if len(f.bandwidths) == 0 && len(f.order) == 0 {
		return s, true, nil
	}
	if len(f.bandwidths) > 0 {
		s.Members = nil
		for _, text := range f.bandwidths {
			name, rate, _ := strings.Cut(text, "=")
			kbps, err := strconv.ParseFloat(rate, 64)
			const most = 1e6
			if name == "" || err != nil || !(kbps >= 1 && kbps <= most) || slices.ContainsFunc(s.Members, func(m trees.Member) bool { return m.Name == name }) {
				return s, false, console.Usage("bandwidths", text, "names, each once, with 1 to 1000000 KBps: S=200,A=500")
			}
			s.Members = append(s.Members, trees.Member{Name: name, KBps: kbps})
		}
		s.Order = nil
		for _, m := range s.Members[1:] {
			s.Order = append(s.Order, m.Name)
		}
	}
	if len(f.order) > 0 {
		s.Order = f.order
	}
	for i, name := range s.Order {
		if !slices.ContainsFunc(s.Members[1:], func(m trees.Member) bool { return m.Name == name }) || slices.Contains(s.Order[:i], name) {
			return s, false, console.Usage("order", name, "nodes of --bandwidths but for the first, each once")
		}
	}
	if len(s.Order) == 0 {
		return s, false, console.Usage("bandwidths", strings.Join(f.bandwidths, ","), "a source and at least one other node")
	}
	return s, false, nil
}

func (a *app) runTable3(ctx context.Context, f *treeFlags) error {
	if !slices.Contains(world.Names, f.world) {
		return console.Usage("world", f.world, console.Either(world.Names))
	}
	if err := f.check(); err != nil {
		return err
	}
	s, papers, err := f.session()
	if err != nil {
		return err
	}
	child, err := run.Self()
	if err != nil {
		return err
	}
	m, err := a.beginTrees(ctx, f)
	if err != nil {
		return err
	}
	var all []trees.Outcome
	bar := a.Steps(len(trees.Policies), "")
	for _, p := range trees.Policies {
		bar.Say(p.Name)
		var got []trees.Outcome
		if got, err = s.Run(m.ctx, p, scenario.Options{World: f.world, Child: child}); err != nil {
			break
		}
		all = append(all, got...)
		for _, o := range got {
			if err == nil {
				err = m.record(o)
			}
		}
		bar.Add(1)
	}
	bar.Stop()
	err = m.finish(err, func() error {
		return m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, trees.Table3Table(all))
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		want, there := trees.Paper[o.Policy][o.Node]
		switch {
		case o.Parent == "" && slices.Contains(s.Order, o.Node):
			return fmt.Errorf("%w: %s: %s is not in the tree", console.ErrMissed, o.Policy, o.Node)
		case papers && there && o.Policy != "random" && o.Degree != int(want.Degree):
			return fmt.Errorf("%w: %s: %s has %d links, and %.0f in the paper", console.ErrMissed, o.Policy, o.Node, o.Degree, want.Degree)
		}
	}
	return nil
}

func (a *app) beginTrees(ctx context.Context, f *treeFlags) (*measurement, error) {
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return nil, err
	}
	if err := m.record(m.env); err != nil {
		return nil, m.finish(err, func() error { return nil })
	}
	return m, nil
}

func (a *app) runFig7(ctx context.Context, f *treeFlags) error {
	const mostNodes, mostSeeds = 20_000, 10_000
	switch {
	case f.nodes < 2 || f.nodes > mostNodes:
		return console.Between("nodes", f.nodes, 2, mostNodes)
	case f.seeds < 1 || f.seeds > mostSeeds:
		return console.Between("seeds", f.seeds, 1, mostSeeds)
	}
	if err := f.check(); err != nil {
		return err
	}
	m, err := a.beginTrees(ctx, f)
	if err != nil {
		return err
	}
	all, err := a.measureFig7(m, f)
	return m.finish(err, func() error {
		sums := trees.Summarize(f.nodes, all)
		if len(sums) == 0 {
			return nil
		}
		for _, s := range sums {
			if err := m.record(s); err != nil {
				return err
			}
		}
		err := m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, trees.SummaryTable(sums))
			return err
		})
		if err != nil {
			return err
		}
		charts, err := trees.WriteFig7Charts(all, m.outputs.out)
		for _, c := range charts {
			m.wrote(c)
		}
		return err
	})
}

// measureFig7 runs population by population, and keeps those that all policies had.
func (a *app) measureFig7(m *measurement, f *treeFlags) (all []trees.Outcome, err error) {
	bar := a.Steps(f.seeds*len(trees.Policies), "")
	defer bar.Stop()
	for i := range f.seeds {
		s := trees.Population(f.nodes, f.seed+uint64(i))
		var whole []trees.Outcome
		for _, p := range trees.Policies {
			bar.Say(fmt.Sprintf("seed %d: %s", s.Seed, p.Name))
			got, err := s.Run(m.ctx, p, scenario.Options{World: "sim"})
			if err != nil {
				return all, err
			}
			whole = append(whole, got...)
			bar.Add(1)
		}
		for _, o := range whole {
			if err := m.record(o); err != nil {
				return all, err
			}
		}
		all = append(all, whole...)
	}
	return all, nil
}
