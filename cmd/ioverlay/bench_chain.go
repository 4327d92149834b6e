package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

// benchWarmup is how long a chain runs before its window begins.
const benchWarmup = 150 * time.Millisecond

const benchChainHelp = `Measure chains of nodes as the paper's section 2.4 does: node 1 sends back to back,
the nodes between relay, the last one checks and counts. n nodes have n-1 links.

Everything in --links and --against is compared in one run: in every round each kind
is measured at each length, in an order that rotates, each in a process of its own.
Figures are medians over rounds with the smallest and the largest. Bytes are payload;
1 MB is 10^6 bytes; total bandwidth is end-to-end bandwidth times links; CPU time is
user plus system time of all processes of a chain.

A second pass, paced below saturation, measures latency from the intended send time of
each message, so that a stall counts for every message that it delayed.

The directory --out gets results.jsonl (one JSON object a line: first the environment,
then the points, last the summary) and two charts, chain-per-cpu-second.svg and
chain-wall-clock.svg.

Kinds of links and of baselines:
  tcp        the engine's nodes in one process, linked by TCP over loopback
  mem        the engine's nodes in one process, linked by queues in memory
  proc       the engine's nodes, each a process of its own, linked by TCP
  shm        the same, linked by shared memory: what "ioverlay node" does by itself (Linux)
  goroutine  thread-per-connection in Go: reader, switch and writer goroutines
  raw        blocks read and written on the engine's poller, no messages: the limit
  ...@build  the links of another build of this program, given with --build

Exit codes: 0 measured, 1 messages were lost, reordered or damaged, 2 wrong usage, 3 not
everything could be measured, 130 interrupted. Whatever was measured is reported.`

const benchChainExamples = `  # the paper's figure 3, with baselines (about 7 minutes)
  ioverlay bench chain --out out/chain

  # what one switch costs, quickly
  ioverlay bench chain --nodes 2,3 --duration 500ms --rounds 5 --latency-rounds 0

  # small messages; every object as it is measured
  ioverlay bench chain --nodes 8 --payload 64 --format json | jq .bytes_per_cpu_s

  # what a change has cost
  ioverlay bench chain --nodes 2,8,32 --links tcp --against '' --build ./ioverlay-before

  # where the time goes
  ioverlay bench chain --nodes 8 --cpuprofile cpu.pprof && go tool pprof -http :8080 cpu.pprof`

func (a *app) benchChain() *cobra.Command {
	f := new(chainFlags)
	cmd := &cobra.Command{
		Use:     "chain",
		Short:   "Measure chains of 2 to 32 nodes against baselines",
		Long:    benchChainHelp,
		Example: benchChainExamples,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runBenchChain(cmd.Context(), f) },
	}
	f.define(cmd)
	return cmd
}

// runBenchChain measures, reports and judges.
func (a *app) runBenchChain(ctx context.Context, f *chainFlags) (err error) {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	if f.cpuProfile != "" {
		if err := console.TryDirectory(filepath.Dir(f.cpuProfile), "--cpuprofile "+f.cpuProfile); err != nil {
			return err
		}
		if plan.ProfileDir, err = os.MkdirTemp("", "ioverlay-profiles-"); err != nil {
			return fmt.Errorf("make a directory for CPU profiles: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(plan.ProfileDir)) }()
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	report, err := a.measureChain(m, f, plan)
	if err := m.finish(err, func() error { return f.present(m, report) }); err != nil {
		return err
	}
	return verdict(report)
}

// measureChain runs the plan in child processes, which are this program again.
func (a *app) measureChain(m *measurement, f *chainFlags, plan bench.Plan) (bench.Report, error) {
	program, err := os.Executable()
	if err != nil {
		return bench.Report{}, fmt.Errorf("find this program: %w", err)
	}
	this := bench.Process{Path: program, Args: []string{"bench", "point"}}
	runner := bench.Builds{This: this, Other: bench.Process{Path: f.build, Args: this.Args}}
	bar := chainBar{a.Steps(len(plan.Specs()), "")}
	defer bar.Stop()
	return bench.Run(m.ctx, m.env, plan, runner, bar, m.record)
}

// chainBar is a bar as bench.Progress.
type chainBar struct{ *console.Progress }

// Begin implements bench.Progress.
func (b chainBar) Begin(s bench.Spec) {
	b.Say(fmt.Sprintf("%-10s round %d  %-9s %3d nodes", s.Pass, s.Round, s.Kind, s.Nodes))
}

// Done implements bench.Progress.
func (b chainBar) Done(bench.Spec) { b.Add(1) }

// present prints the tables, and writes charts and profile.
func (f *chainFlags) present(m *measurement, report bench.Report) error {
	if len(report.Points)+len(report.Failures) == 0 {
		return nil
	}
	if err := m.table(func(w io.Writer) error { return bench.WriteTables(w, report) }); err != nil {
		return err
	}
	written, err := bench.WriteCharts(report, m.outputs.out)
	m.wrote(written...)
	if err != nil || f.cpuProfile == "" {
		return err
	}
	if err := bench.MergeProfiles(report, f.cpuProfile); err != nil {
		return err
	}
	m.wrote(f.cpuProfile)
	return nil
}

// verdict turns what was measured into the command's outcome.
func verdict(r bench.Report) error {
	switch {
	case r.Violations() > 0:
		return fmt.Errorf("%w: %d of them", console.ErrViolation, r.Violations())
	case r.Interrupted:
		return fmt.Errorf("%w after %d of %d points", console.ErrInterrupted, len(r.Points), len(r.Plan.Specs()))
	case len(r.Failures) > 0:
		return fmt.Errorf("%d of %d points could not be measured; the first: %s",
			len(r.Failures), len(r.Plan.Specs()), r.Failures[0].Error)
	}
	return nil
}
