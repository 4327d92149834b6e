package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	benchcodes "github.com/ioverlay/ioverlay/bench/codes"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/coding/codes"
)

const benchCodesHelp = `Compare codes for blocks of k packets: how many packets a receiver needs beyond k, how long
packets wait, and what coding and decoding cost. docs/choosing-a-code.md reads the figures.

Overhead and delay are of blocks over a channel that loses packets, one sent at each tick. A
systematic code sends a packet as it is when it is there, another when the whole block is; losses
are made good until the receiver has the block, and packets are delivered in order.

CPU time is the thread's, in rounds in which every code has its turn. Every block that is
decoded is compared with what was coded.

The directory --out gets results.jsonl and codes.svg.

Exit codes: 0 measured, 1 packets were wrong, 2 wrong usage, 3 it could not be measured,
130 interrupted.`

type codesFlags struct {
	codes, ks string
	size      int
	loss      float64
	trials    int
	rounds    int
	seed      uint64
	outputs
}

func (a *app) benchCodes() *cobra.Command {
	f := &codesFlags{outputs: outputs{always: "codes"}}
	cmd := &cobra.Command{
		Use:     "codes",
		Short:   "Compare codes: overhead, delay and CPU time",
		Long:    benchCodesHelp,
		Example: "  ioverlay bench codes\n  ioverlay bench codes --codes dense,perpetual --k 1024 --loss 0.2",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runBenchCodes(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.codes, "codes", "all", "which, separated by commas")
	fl.StringVar(&f.ks, "k", "32,128,1024", "packets of a block")
	fl.IntVar(&f.size, "size", 1408, "bytes of a packet, a multiple of 64")
	fl.Float64Var(&f.loss, "loss", 0.05, "share of packets that are lost, 0 to 0.25")
	fl.IntVar(&f.trials, "trials", 200, "blocks over the channel")
	fl.IntVar(&f.rounds, "rounds", 7, "how often CPU time is measured")
	fl.Uint64Var(&f.seed, "seed", 1, "decides all that is random")
	f.define(fl, "results and the chart")
	return cmd
}

// plan checks the flags and returns what they ask for.
func (f *codesFlags) plan() (p benchcodes.Plan, err error) {
	if err := f.check(); err != nil {
		return p, err
	}
	p = benchcodes.Plan{Codes: codes.Names(), Size: f.size, Loss: f.loss, Trials: f.trials, Rounds: f.rounds, Seed: f.seed}
	if f.codes != "all" {
		p.Codes = console.SplitList(f.codes)
		for _, name := range p.Codes {
			if !slices.Contains(codes.Names(), name) {
				return p, console.Usage("codes", name, "all, or "+console.Either(codes.Names()))
			}
		}
	}
	for _, text := range console.SplitList(f.ks) {
		k, err := strconv.Atoi(text)
		if err != nil || k < 2 || k > codes.MaxK {
			return p, console.Usage("k", text, fmt.Sprintf("numbers from 2 to %d", codes.MaxK))
		}
		p.Ks = append(p.Ks, k)
	}
	const most = 1 << 16
	switch {
	case len(p.Codes) == 0 || len(p.Ks) == 0:
		return p, console.Usage("codes", f.codes, "a code and a k at least")
	case f.size < 64 || f.size > most || f.size%64 != 0:
		return p, console.Usage("size", strconv.Itoa(f.size), fmt.Sprintf("a multiple of 64, up to %d", most))
	case !(f.loss >= 0 && f.loss <= 0.25):
		return p, console.Usage("loss", fmt.Sprint(f.loss), "0 to 0.25")
	case f.trials < 1 || f.trials > most:
		return p, console.Between("trials", f.trials, 1, most)
	case f.rounds < 1 || f.rounds > 1000:
		return p, console.Between("rounds", f.rounds, 1, 1000)
	}
	return p, nil
}

func (a *app) runBenchCodes(ctx context.Context, f *codesFlags) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	points, err := a.measureCodes(m, plan)
	err = m.finish(err, func() error {
		if len(points) == 0 {
			return nil
		}
		if err := m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, benchcodes.Table(points))
			return err
		}); err != nil {
			return err
		}
		chart, err := benchcodes.WriteChart(points, m.outputs.out)
		m.wrote(chart)
		return err
	})
	if errors.Is(err, benchcodes.ErrWrong) {
		return fmt.Errorf("%w: %w", console.ErrViolation, err)
	}
	return err
}

func (a *app) measureCodes(m *measurement, plan benchcodes.Plan) ([]benchcodes.Point, error) {
	if err := m.record(m.env); err != nil {
		return nil, err
	}
	bar := a.Steps(plan.Steps(), "")
	defer bar.Stop()
	points, err := benchcodes.Run(m.ctx, plan, func(what string) { bar.Say(what); bar.Add(1) })
	if err != nil {
		return nil, err
	}
	for _, p := range points {
		if err := m.record(p); err != nil {
			return points, err
		}
	}
	return points, nil
}
