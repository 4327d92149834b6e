package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/emulation"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
)

// emulationFlags are the flags of "ioverlay bench emulation".
type emulationFlags struct {
	over     string
	scopes   string
	rates    string
	links    string
	warmup   time.Duration
	window   time.Duration
	pressure bool
	outputs
}

func (a *app) benchEmulation() *cobra.Command {
	f := emulationFlags{outputs: outputs{out: "out/emulation"}}
	cmd := &cobra.Command{
		Use:   "emulation",
		Short: "Measure emulated bandwidth against what was asked for",
		Long: `Limit links and nodes, send back to back, and measure what passes in a window: the
error of the rate, and how evenly links share it. Then slow down the middle of a chain
of seven nodes, lift that again, and measure how soon each upstream link follows.

Settings that add up to more than 1 GB/s are left out. The exit code is 1 if a rate is
further off than 1% (2% above 50 MB/s).`,
		Example: `  ioverlay bench emulation
  ioverlay bench emulation --over tcp --limit up,down --rates 100KBps,10MBps --links 1,64 --window 2s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchEmulation(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.over, "over", "tcp,mem", "kinds of links: tcp, mem")
	fl.StringVar(&f.scopes, "limit", "link,up,down,total", "what is limited: each link, a node's uplink, downlink, total")
	fl.StringVar(&f.rates, "rates", "10KBps,100KBps,1MBps,10MBps,100MBps", "rates to ask for")
	fl.StringVar(&f.links, "links", "1,8,64", "links of the node in the middle")
	fl.DurationVar(&f.warmup, "warmup", time.Second, "time before each window")
	fl.DurationVar(&f.window, "window", 5*time.Second, "time over which a rate is measured")
	fl.BoolVar(&f.pressure, "pressure", true, "measure back-pressure up a chain too")
	f.define(fl, "results and chart")
	return cmd
}

// plan reads the flags.
func (f emulationFlags) plan() (p emulation.Plan, err error) {
	p = emulation.Plan{Warmup: f.warmup, Window: f.window, Pressure: f.pressure}
	for _, k := range console.SplitList(f.over) {
		switch k {
		case "tcp":
			p.Over = append(p.Over, engine.TCP)
		case "mem":
			p.Over = append(p.Over, engine.Mem)
		default:
			return p, console.Usage("over", f.over, "tcp, mem or both")
		}
	}
	for _, s := range console.SplitList(f.scopes) {
		if !slices.Contains(emulation.Scopes, emulation.Scope(s)) {
			return p, console.Usage("limit", f.scopes, "a list of link, up, down and total")
		}
		p.Scopes = append(p.Scopes, emulation.Scope(s))
	}
	for _, s := range console.SplitList(f.rates) {
		r, err := emul.ParseRate(s)
		if err != nil || r == emul.Unlimited {
			return p, console.Usage("rates", f.rates, "a list such as 10KBps,1.5MBps")
		}
		p.Rates = append(p.Rates, r)
	}
	for _, s := range console.SplitList(f.links) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1000 {
			return p, console.Usage("links", f.links, "a list of numbers from 1 to 1000")
		}
		p.Links = append(p.Links, n)
	}
	if f.window <= 0 || f.warmup < 0 {
		return p, console.Usage("window", f.window.String(), "a time above 0, and --warmup from 0")
	}
	return p, nil
}

func (a *app) runBenchEmulation(ctx context.Context, f emulationFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	plan, err := f.plan()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	report, err := a.measureEmulation(m, plan)
	err = m.finish(err, func() error {
		if err := m.table(func(w io.Writer) error { return emulation.WriteTables(w, report) }); err != nil {
			return err
		}
		machine := fmt.Sprintf("%s, %s, %s.", m.env.CPUModel, m.env.Kernel, m.env.GoVersion)
		chart, err := emulation.WriteChart(report, m.outputs.out, machine)
		m.wrote(chart)
		return err
	})
	if err == nil && report.Missed() > 0 {
		err = fmt.Errorf("%w: %d of %d rates are further off than allowed", console.ErrMissed, report.Missed(), len(report.Accuracy))
	}
	return err
}

func (a *app) measureEmulation(m *measurement, plan emulation.Plan) (emulation.Report, error) {
	if err := m.record(m.env); err != nil {
		return emulation.Report{}, err
	}
	bar := a.Steps(plan.Steps(), "measuring emulation")
	defer bar.Stop()
	return emulation.Run(m.ctx, plan, m.record, func() { bar.Add(1) })
}
