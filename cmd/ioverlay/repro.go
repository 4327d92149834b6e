package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/repro"
)

// reproFlags are the flags of the commands under "ioverlay repro".
type reproFlags struct {
	world    string
	seed     uint64
	warmup   time.Duration
	duration time.Duration
	count    int
	format   string
	out      string
}

func (a *app) repro() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "repro",
		Short:   "Run the paper's experiments again and print its figures beside ours",
		Example: "  ioverlay repro fig4\n  ioverlay repro fig4 --world proc\n  ioverlay repro topologies --count 12",
	}
	cmd.AddCommand(a.reproFig4(), a.reproTopologies(), a.reproNode())
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
	f := new(reproFlags)
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
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
	fl.StringVar(&f.out, "out", "", "directory for results (default out/repro-<time>)")
}

func (f *reproFlags) check(worlds ...string) error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	known := false
	for _, w := range worlds {
		known = known || w == f.world
	}
	switch {
	case !known:
		return &usageError{"world", f.world, either(worlds)}
	case f.warmup < 0:
		return &usageError{"warmup", f.warmup.String(), "0 or more"}
	case f.duration < time.Second || f.duration > time.Hour:
		return &usageError{"duration", f.duration.String(), "1s to 1h"}
	}
	if f.out == "" {
		f.out = "out/repro-" + time.Now().Format("20060102-150405")
	}
	return nil
}

func (f *reproFlags) window() repro.Window {
	return repro.Window{Warmup: f.warmup, Duration: f.duration}
}

// beginRepro opens the results and writes what machine and run they are of.
func (a *app) beginRepro(f *reproFlags) (*resultFile, error) {
	env, err := bench.NewEnv(readVersion().String(), a.args, time.Now())
	if err != nil {
		return nil, err
	}
	out, err := a.openResults(f.out, f.format)
	if err != nil {
		return nil, err
	}
	if err := out.record(env); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

func (a *app) runFig4(ctx context.Context, f *reproFlags) error {
	if err := f.check("sim", "live", "proc"); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	out, err := a.beginRepro(f)
	if err != nil {
		return err
	}
	spec := repro.Fig4Spec{World: repro.World(f.world), Seed: f.seed, Window: f.window(), Program: []string{program, "repro", "node"}}
	spin := a.spinner(2*(f.warmup+f.duration), "Fig. 4, "+f.world)
	points, err := repro.Fig4(ctx, spec, func(p repro.Fig4Point) error { return out.record(p) })
	spin.stop()
	if err := errors.Join(err, out.close()); err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}
	if f.format == formatTable {
		fmt.Fprintln(a.out, repro.Fig4Table(points))
	}
	chart, err := repro.WriteFig4Chart(points, f.out)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "wrote %s\nwrote %s\n", filepath.Join(f.out, resultsName), chart)
	for _, p := range points {
		if p.WrongMessages > 0 || !p.Within() {
			return fmt.Errorf("%w, or node %s, %s, is outside of the tolerance", errViolation, p.Node, p.Case)
		}
	}
	return nil
}

const reproTopologiesHelp = `Run multicast over the butterfly and over random acyclic topologies, by plain routing over
as many trees as a heuristic packs, and by random linear network coding, and print both
beside the min cut, which no scheme can exceed.

A unit of capacity is 50 coded packets a second; the bound is of their payload. Plain
routing has shorter headers and may exceed it by 1.6%.`

func (a *app) reproTopologies() *cobra.Command {
	f := new(reproFlags)
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
	if err := f.check("sim", "live"); err != nil {
		return err
	}
	if f.count < 0 || f.count > 100 {
		return &usageError{"count", strconv.Itoa(f.count), "0 to 100"}
	}
	out, err := a.beginRepro(f)
	if err != nil {
		return err
	}
	points, err := a.measureTopologies(ctx, f, out)
	if err := errors.Join(err, out.close()); err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return err
	}
	if f.format == formatTable {
		fmt.Fprintln(a.out, repro.TopologyTable(points))
	}
	chart, err := repro.WriteTopologyChart(points, f.out)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "wrote %s\nwrote %s\n", filepath.Join(f.out, resultsName), chart)
	for _, p := range points {
		if p.Wrong > 0 {
			return fmt.Errorf("%w: %d in %s", errViolation, p.Wrong, p.Name)
		}
	}
	return nil
}

func (a *app) measureTopologies(ctx context.Context, f *reproFlags, out *resultFile) (points []repro.TopologyPoint, err error) {
	all := []repro.Topology{repro.Butterfly()}
	for i := range f.count {
		all = append(all, repro.RandomDAG(f.seed+uint64(i)))
	}
	bar := a.steps(len(all))
	defer bar.stop()
	for _, t := range all {
		bar.say(t.Name)
		p, err := repro.RunTopology(ctx, t, repro.TopologySpec{World: repro.World(f.world), Seed: f.seed, Window: f.window()})
		if err != nil {
			return points, err
		}
		points = append(points, p)
		if err := out.record(p); err != nil {
			return points, err
		}
		bar.add()
	}
	return points, nil
}

// reproNode is a node's side of --world proc.
func (a *app) reproNode() *cobra.Command {
	return &cobra.Command{
		Use: "node CASE NODE [NAME=ADDRESS...]", Hidden: true, Args: cobra.MinimumNArgs(2),
		Short: "Run one node of Fig. 4 until standard input ends",
		RunE: func(_ *cobra.Command, args []string) error {
			return repro.ServeNode(args, a.in, a.out)
		},
	}
}
