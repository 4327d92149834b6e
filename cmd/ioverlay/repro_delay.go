package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/cli/console"
)

const reproDelayHelp = `Multicast a stream over the butterfly and over a chain of four links that lose, in virtual time, and
measure how long each message takes from the source to its delivery, in order, at each receiver:

  routed                over trees; what is lost is lost
  routed, sent again    over trees, with retransmission on each link by itself
  generations           netcode.Multicast
  window                netcode.Window, with an overhead of 10%, complete
  window, no feedback   the same with an overhead of 25% and a deadline of 300ms

It prints goodput, delays and the longest silence, and draws the distributions in one chart.

Exit codes: 0 measured, 1 messages were wrong, 2 wrong usage, 3 it could not be measured, 130 interrupted; what
was measured until then is printed and kept.`

func (a *app) reproDelay() *cobra.Command {
	f := &reproFlags{outputs: outputs{always: "delay"}}
	cmd := &cobra.Command{
		Use:     "delay",
		Short:   "Delays of messages that are routed, coded by generations and by a sliding window",
		Long:    reproDelayHelp,
		Example: "  ioverlay repro delay\n  ioverlay repro delay --duration 10m --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runDelay(cmd.Context(), f) },
	}
	f.world = "sim"
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "decides all that is random")
	f.outputs.define(cmd.Flags(), "results and the chart")
	cmd.Flags().DurationVar(&f.warmup, "warmup", time.Minute, "time before the window, of the world's clock")
	cmd.Flags().DurationVar(&f.duration, "duration", 2*time.Minute, "length of the window, of the world's clock")
	return cmd
}

func (a *app) runDelay(ctx context.Context, f *reproFlags) error {
	if err := f.read("sim"); err != nil {
		return err
	}
	m, err := a.beginRepro(ctx, f)
	if err != nil {
		return err
	}
	points, err := a.measureDelays(m, f)
	err = m.finish(err, func() error {
		if len(points) == 0 {
			return nil
		}
		return presentRepro(m, repro.DelayTable(points), func() (string, error) { return repro.WriteDelayChart(points, m.outputs.out) })
	})
	if err != nil {
		return err
	}
	for _, p := range points {
		if p.Wrong > 0 {
			return fmt.Errorf("%w: %d in %s", console.ErrViolation, p.Wrong, p)
		}
	}
	return nil
}

func (a *app) measureDelays(m *measurement, f *reproFlags) (points []repro.DelayPoint, err error) {
	cases, ways := repro.DelayCases(), repro.DelayWays()
	bar := a.Steps(len(cases)*len(ways), "")
	defer bar.Stop()
	for _, c := range cases {
		for _, w := range ways {
			bar.Say(c.Name + ", " + w.Name)
			p, err := repro.RunDelay(m.ctx, c, w, repro.DelaySpec{Seed: f.seed, Window: f.window()})
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
