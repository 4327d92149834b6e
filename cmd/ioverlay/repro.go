package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/paper"
	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/cli/console"
)

// reproFlags are the flags of the commands under "ioverlay repro".
type reproFlags struct {
	world    string
	seed     uint64
	warmup   time.Duration
	duration time.Duration
	count    int
	family   string
	loss     []string
	churn    repro.Churn
	outputs
}

// losses are the shares that links lose.
func (f *reproFlags) losses() (shares []float64, err error) {
	for _, text := range f.loss {
		number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
		x, err := strconv.ParseFloat(number, 64)
		if percent {
			x /= 100
		}
		if err != nil || !(x >= 0 && x <= 0.5) {
			return nil, console.Usage("loss", text, "shares from 0 to 50%, such as 1% or 0.01")
		}
		shares = append(shares, x)
	}
	return shares, nil
}

// topologies are those of the family.
func (f *reproFlags) topologies() ([]repro.Topology, error) {
	switch f.family {
	case "coding":
		return repro.CodingFamily(), nil
	case "random":
		all := []repro.Topology{repro.Butterfly()}
		for i := range f.count {
			all = append(all, repro.RandomDAG(f.seed+uint64(i)))
		}
		return all, nil
	}
	return nil, console.Usage("family", f.family, "random or coding")
}

func (a *app) repro() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "repro",
		Short:   "Run the experiments of papers again and print their figures beside ours",
		Example: "  ioverlay repro all --out out/repro\n  ioverlay repro fig4 --world proc\n  ioverlay repro topologies --count 12",
	}
	for _, f := range paper.Figures() {
		cmd.AddCommand(a.reproFigure(f))
	}
	cmd.AddCommand(a.reproAll(), a.reproReport(), a.reproTopologies(), a.reproDelay(), a.reproLibrary(), a.reproNode())
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

const reproTopologiesHelp = `Run multicast over topologies, by plain routing and by random linear network coding, and
print both beside what they can reach at most: coding the min cut, routing the optimal packing
of trees, which is computed exactly, each tree with a source of its own rate.

Families:
  random  the butterfly, and random acyclic topologies, on which trees come near the min cut
  coding  topologies on which coding must win, by 4/3 to 2: chains of butterflies, and
          combination networks C(n,k), of n relays and a receiver for each k of them

With --crash-every relays crash, one at a time, and come back. Bounds are then means over the
window; routing does not make new trees meanwhile.

With --loss every link loses that share of its messages. Routing then retransmits on each link by
itself, and both bounds are less by what is lost. Several shares, separated by commas, are run
one after the other.

In virtual time it prints delay, from when the source made a packet to when the receiver
that is worst off had it, the mean and the longest, and the longest time without one.

A unit of capacity is 50 coded packets a second; bounds are of their payload.`

func (a *app) reproTopologies() *cobra.Command {
	f := &reproFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use:     "topologies",
		Short:   "Multicast, routed and coded, beside the most that each can carry",
		Long:    reproTopologiesHelp,
		Example: "  ioverlay repro topologies --count 12 --format json\n  ioverlay repro topologies --family coding --loss 0,1%,10%",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runTopologies(cmd.Context(), f) },
	}
	f.define(cmd, "sim", "sim or live")
	cmd.Flags().StringVar(&f.family, "family", "random", "which topologies: random or coding")
	cmd.Flags().StringSliceVar(&f.loss, "loss", []string{"0"}, "share of messages that each link loses, 0 to 50%")
	cmd.Flags().DurationVar(&f.churn.Every, "crash-every", 0, "a relay, drawn, crashes every so often; 0: never; in sim, without loss")
	cmd.Flags().DurationVar(&f.churn.Down, "down-for", 5*time.Second, "for how long a relay that has crashed is down")
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
	topologies, err := f.topologies()
	if err != nil {
		return err
	}
	losses, err := f.losses()
	if err != nil {
		return err
	}
	switch {
	case f.churn.Every == 0:
		f.churn.Down = 0
	case f.churn.Every < 0 || f.world != "sim" || slices.Max(losses) > 0:
		return console.Usage("crash-every", f.churn.Every.String(), "a time above 0, in --world sim and without --loss")
	case f.churn.Down <= 0 || f.churn.Down >= f.churn.Every:
		return console.Usage("down-for", f.churn.Down.String(), "less than --crash-every: one relay is down at a time")
	}
	m, err := a.beginRepro(ctx, f)
	if err != nil {
		return err
	}
	points, err := a.measureTopologies(m, f, topologies, losses)
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

func (a *app) measureTopologies(m *measurement, f *reproFlags, topologies []repro.Topology, losses []float64) (points []repro.TopologyPoint, err error) {
	bar := a.Steps(len(topologies)*len(losses), "")
	defer bar.Stop()
	for _, t := range topologies {
		for _, loss := range losses {
			bar.Say(t.Name)
			p, err := repro.RunTopology(m.ctx, t, repro.TopologySpec{World: repro.World(f.world), Seed: f.seed, Loss: loss, Churn: f.churn, Window: f.window()})
			if err != nil {
				return points, err
			}
			points = append(points, p)
			if err := m.record(p); err != nil {
				return points, err
			}
			bar.Add(1)
		}
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
