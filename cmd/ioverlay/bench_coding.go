package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/codingbench"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/coding"
)

const benchCodingHelp = `Measure coding inside the switch: a chain of source, relay and receiver whose relay makes
m recoded packets out of every n that come, beside the same chain with a relay that
forwards, and beside the sums alone in a loop (coding/gf). All in one run, in rounds with
an order that rotates; each chain lives on one event loop.

The receiver decodes one generation of 256 and compares it with what was coded.

The directory --out gets results.jsonl and coding.svg.

Exit codes: 0 measured, 1 packets were wrong, 2 wrong usage, 3 it could not be measured,
130 interrupted. Whatever was measured is reported.`

type codingFlags struct {
	relay    string
	k, size  int
	links    string
	rounds   int
	warmup   time.Duration
	duration time.Duration
	outputs
}

func (a *app) benchCoding() *cobra.Command {
	f := &codingFlags{outputs: outputs{always: "coding"}}
	cmd := &cobra.Command{
		Use:   "coding",
		Short: "Measure relays that recode, beside forwarding and the kernel alone",
		Long:  benchCodingHelp,
		Example: `  # the target: 4 to 4, k = 32, 5 KB (about 20 seconds)
  ioverlay bench coding

  # redundancy for lossy links, over TCP only
  ioverlay bench coding --relay 4,5 --links tcp`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchCoding(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.relay, "relay", "4,4", "packets in and packets out of the relay")
	fl.IntVar(&f.k, "k", 32, "packets of a generation")
	fl.IntVar(&f.size, "size", 5120, "bytes of a packet")
	fl.StringVar(&f.links, "links", "mem,tcp", "kinds of links: mem, tcp")
	fl.IntVar(&f.rounds, "rounds", 7, "how often everything is measured")
	fl.DurationVar(&f.warmup, "warmup", 100*time.Millisecond, "time before each window")
	fl.DurationVar(&f.duration, "duration", 400*time.Millisecond, "length of each window")
	f.define(fl, "results and the chart")
	return cmd
}

// plan checks the flags and returns what they ask for.
func (f *codingFlags) plan() (p codingbench.Plan, err error) {
	if err := f.check(); err != nil {
		return p, err
	}
	in, out, two := strings.Cut(f.relay, ",")
	n, errN := strconv.Atoi(in)
	m, errM := strconv.Atoi(out)
	switch {
	case !two || errN != nil || errM != nil || n < 1 || m < 1 || n > f.k || m > coding.MaxK:
		return p, console.Usage("relay", f.relay, fmt.Sprintf("two numbers such as 4,4: from 1 to k, and from 1 to %d", coding.MaxK))
	case f.k < coding.MinK || f.k > coding.MaxK:
		return p, console.Between("k", f.k, coding.MinK, coding.MaxK)
	case f.size < 1 || f.size > coding.MaxSize:
		return p, console.Between("size", f.size, 1, coding.MaxSize)
	case f.rounds < 1 || f.rounds > bench.MaxRounds:
		return p, console.Between("rounds", f.rounds, 1, bench.MaxRounds)
	case f.warmup < 0:
		return p, console.Between("warmup", f.warmup, 0, bench.MaxDuration)
	case f.duration < bench.MinDuration || f.duration > bench.MaxDuration:
		return p, console.Between("duration", f.duration, bench.MinDuration, bench.MaxDuration)
	}
	links := console.SplitList(f.links)
	for _, l := range links {
		if l != "mem" && l != "tcp" {
			return p, console.Usage("links", f.links, "mem, tcp or both")
		}
	}
	return codingbench.Plan{N: n, M: m, K: f.k, Size: f.size, Links: links, Rounds: f.rounds, Warmup: f.warmup, Duration: f.duration}, nil
}

// runBenchCoding measures, reports and judges.
func (a *app) runBenchCoding(ctx context.Context, f *codingFlags) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	report, err := a.measureCoding(m, plan)
	err = m.finish(err, func() error {
		if len(report.Points) == 0 {
			return nil
		}
		if err := m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, codingbench.Table(report.Summary))
			return err
		}); err != nil {
			return err
		}
		chart, err := codingbench.WriteChart(report.Summary, m.outputs.out)
		m.wrote(chart)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case report.Wrong() > 0:
		return fmt.Errorf("%w: %d of them", console.ErrViolation, report.Wrong())
	case report.Interrupted:
		return fmt.Errorf("%w after %d points", console.ErrInterrupted, len(report.Points))
	}
	return nil
}

func (a *app) measureCoding(m *measurement, plan codingbench.Plan) (codingbench.Report, error) {
	if err := m.record(m.env); err != nil {
		return codingbench.Report{}, err
	}
	bar := a.Steps(plan.Rounds*len(plan.Contestants()), "")
	defer bar.Stop()
	return codingbench.Run(m.ctx, plan, func(what string) { bar.Say(what); bar.Add(1) }, m.record)
}
