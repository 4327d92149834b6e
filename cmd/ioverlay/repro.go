package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// reproFlags are the flags of the commands under "ioverlay repro".
type reproFlags struct {
	world    string
	seed     uint64
	warmup   time.Duration
	duration time.Duration
	count    int
	outputs
}

func (a *app) repro() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "repro",
		Short:   "Run the experiments of papers again and print their figures beside ours",
		Example: "  ioverlay repro fig4\n  ioverlay repro fig4 --world proc\n  ioverlay repro topologies --count 12\n  ioverlay repro table3",
	}
	cmd.AddCommand(a.reproFig4(), a.reproTopologies(), a.reproTable3(), a.reproFig7(), a.reproFig8(), a.reproLibrary(), a.reproNode())
	return cmd
}

const reproFig4Help = `Run the network-coding case study of the paper's section 3.1 (Fig. 4), both cases: seven
nodes, A with 400 KBps uplink, D with 200. Uncoded, D passes on as much of streams a and
b as its uplink takes; coded, it sends a+b, and F and G solve for what they lack. Every
message that is received or decoded is compared with what the source sent.

Worlds:
  sim   virtual time: a minute takes a fraction of a second, and each run is the same
  live  the engine in this process, TCP, emulated bandwidth
  proc  a process a node, TCP, emulated bandwidth

KBps are of payload, 1 KB = 1000 bytes; limits count headers too, which costs 0.5% and,
where packets are coded, 0.8%. Figures within 2% of the paper's agree in sim, within 5%
in live and proc.

Exit codes: 0 it agrees, 1 bytes were wrong or a figure is outside of the tolerance, 2
wrong usage, 3 it could not be run, 130 interrupted.`

func (a *app) reproFig4() *cobra.Command {
	f := &reproFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use:     "fig4",
		Short:   "Network coding on seven nodes (section 3.1, Fig. 4)",
		Long:    reproFig4Help,
		Example: "  ioverlay repro fig4 --out out/fig4\n  ioverlay repro fig4 --world live --duration 10s --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runFig4(cmd.Context(), f) },
	}
	f.define(cmd, "sim", "sim, live or proc")
	cmd.Flags().DurationVar(&f.warmup, "warmup", 5*time.Second, "time before the window, of the world's clock")
	cmd.Flags().DurationVar(&f.duration, "duration", 20*time.Second, "length of the window, of the world's clock")
	return cmd
}

func (f *reproFlags) define(cmd *cobra.Command, world, worlds string) {
	fl := cmd.Flags()
	fl.StringVar(&f.world, "world", world, "where to run it: "+worlds)
	fl.Uint64Var(&f.seed, "seed", 1, "decides all that is random")
	f.outputs.define(fl, "results and the chart")
}

func (f *reproFlags) read(worlds ...string) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(worlds, f.world):
		return console.Usage("world", f.world, console.Either(worlds))
	case f.warmup < 0:
		return console.Usage("warmup", f.warmup.String(), "0 or more")
	case f.duration < time.Second || f.duration > time.Hour:
		return console.Usage("duration", f.duration.String(), "1s to 1h")
	}
	return nil
}

func (f *reproFlags) window() repro.Window {
	return repro.Window{Warmup: f.warmup, Duration: f.duration}
}

// beginRepro opens the results and writes what machine and run they are of.
func (a *app) beginRepro(ctx context.Context, f *reproFlags) (*measurement, error) {
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return nil, err
	}
	if err := m.record(m.env); err != nil {
		return nil, m.finish(err, func() error { return nil })
	}
	return m, nil
}

func (a *app) runFig4(ctx context.Context, f *reproFlags) error {
	if err := f.read("sim", "live", "proc"); err != nil {
		return err
	}
	program, err := subprocess.Self("repro", "node")
	if err != nil {
		return err
	}
	m, err := a.beginRepro(ctx, f)
	if err != nil {
		return err
	}
	spec := repro.Fig4Spec{World: repro.World(f.world), Seed: f.seed, Window: f.window(), Program: program}
	bar := a.Elapsing(2*(f.warmup+f.duration), "Fig. 4, "+f.world)
	points, err := repro.Fig4(ctx, spec, func(p repro.Fig4Point) error { return m.record(p) })
	bar.Stop()
	err = m.finish(err, func() error {
		if len(points) == 0 {
			return nil
		}
		return presentRepro(m, repro.Fig4Table(points), func() (string, error) { return repro.WriteFig4Chart(points, m.outputs.out) })
	})
	if err != nil {
		return err
	}
	for _, p := range points {
		if p.WrongMessages > 0 || !p.Within() {
			return fmt.Errorf("%w, or node %s, %s, is outside of the tolerance", console.ErrViolation, p.Node, p.Case)
		}
	}
	return nil
}

// presentRepro prints a table and writes a chart.
func presentRepro(m *measurement, table string, draw func() (string, error)) error {
	err := m.table(func(w io.Writer) error {
		_, err := fmt.Fprintln(w, table)
		return err
	})
	if err != nil {
		return err
	}
	chart, err := draw()
	m.wrote(chart)
	return err
}

const reproTopologiesHelp = `Run multicast over the butterfly and over random acyclic topologies, by plain routing over
as many trees as a heuristic packs, and by random linear network coding, and print both
beside the min cut, which no scheme can exceed.

In virtual time it prints delay, from when the source made a packet to when the receiver
that is worst off had it, and the longest time without one, of the coded run.

A unit of capacity is 50 coded packets a second; the bound is of their payload. Plain
routing has shorter headers and may exceed it by 1.6%.`

func (a *app) reproTopologies() *cobra.Command {
	f := &reproFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use:     "topologies",
		Short:   "Multicast, routed and coded, beside the min cut",
		Long:    reproTopologiesHelp,
		Example: "  ioverlay repro topologies --count 12 --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runTopologies(cmd.Context(), f) },
	}
	f.define(cmd, "sim", "sim or live")
	cmd.Flags().IntVar(&f.count, "count", 12, "how many random topologies, 0 to 100")
	cmd.Flags().DurationVar(&f.warmup, "warmup", time.Minute, "time before the window, of the world's clock")
	cmd.Flags().DurationVar(&f.duration, "duration", time.Minute, "length of the window, of the world's clock")
	return cmd
}

func (a *app) runTopologies(ctx context.Context, f *reproFlags) error {
	if err := f.read("sim", "live"); err != nil {
		return err
	}
	if f.count < 0 || f.count > 100 {
		return console.Usage("count", strconv.Itoa(f.count), "0 to 100")
	}
	m, err := a.beginRepro(ctx, f)
	if err != nil {
		return err
	}
	points, err := a.measureTopologies(m, f)
	err = m.finish(err, func() error {
		if len(points) == 0 {
			return nil
		}
		return presentRepro(m, repro.TopologyTable(points), func() (string, error) { return repro.WriteTopologyChart(points, m.outputs.out) })
	})
	if err != nil {
		return err
	}
	for _, p := range points {
		if p.Wrong > 0 {
			return fmt.Errorf("%w: %d in %s", console.ErrViolation, p.Wrong, p.Name)
		}
	}
	return nil
}

func (a *app) measureTopologies(m *measurement, f *reproFlags) (points []repro.TopologyPoint, err error) {
	all := []repro.Topology{repro.Butterfly()}
	for i := range f.count {
		all = append(all, repro.RandomDAG(f.seed+uint64(i)))
	}
	bar := a.Steps(len(all), "")
	defer bar.Stop()
	for _, t := range all {
		bar.Say(t.Name)
		p, err := repro.RunTopology(m.ctx, t, repro.TopologySpec{World: repro.World(f.world), Seed: f.seed, Window: f.window()})
		if err != nil {
			return points, err
		}
		points = append(points, p)
		if err := m.record(p); err != nil {
			return points, err
		}
		bar.Add(1)
	}
	return points, nil
}

// reproNode is a node's side of --world proc.
func (a *app) reproNode() *cobra.Command {
	return &cobra.Command{
		Use: "node CASE NODE [NAME=ADDRESS...]", Hidden: true, Args: cobra.MinimumNArgs(2),
		Short: "Run one node of Fig. 4 until standard input ends",
		RunE: func(_ *cobra.Command, args []string) error {
			return repro.ServeNode(args, a.In, a.Out)
		},
	}
}
