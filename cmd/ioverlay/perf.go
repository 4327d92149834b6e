package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/perf"
)

func (a *app) perf() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "perf",
		Short:   "Profile the engine",
		Example: "  ioverlay perf switch --nodes 8",
	}
	cmd.AddCommand(a.perfSwitch())
	return cmd
}

// switchFlags are the flags of "ioverlay perf switch".
type switchFlags struct {
	nodes    int
	payload  int
	links    string
	loops    int
	duration time.Duration
	format   string
	out      string
	pprof    string
}

func (a *app) perfSwitch() *cobra.Command {
	var f switchFlags
	cmd := &cobra.Command{
		Use:   "switch",
		Short: "Show where a switched message's time goes",
		Long: `Run a chain of nodes with back-to-back traffic under the CPU profiler and print
where the time of a message-hop (one message over one link) goes: kernel, poll,
framing, switch, algorithm and so on, in percent and nanoseconds. The raw profile
is saved in --out; open it with "go tool pprof -http=: FILE".

The engine's trips to the kernel are counted: how many there are for a message-hop, and
how many bytes one moves. Polls are counted as far as a loop can tell them apart, so at
least so many.

The profiler takes 100 samples a CPU-second, so a longer --duration narrows the
95% limits that are printed.`,
		Example: `  ioverlay perf switch --nodes 8
  ioverlay perf switch --nodes 32 --links mem --duration 20s --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runPerfSwitch(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.nodes, "nodes", 8, "nodes in the chain")
	fl.IntVar(&f.payload, "payload", 5120, "payload bytes in a message")
	fl.StringVar(&f.links, "links", "tcp", "tcp or mem; a baseline of \"bench chain\" works too")
	fl.IntVar(&f.loops, "loops", 1, "event loops")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "how long to profile")
	fl.StringVar(&f.out, "out", "out/perf", "directory for the raw profile")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	fl.StringVar(&f.pprof, "pprof", "", "serve net/http/pprof on this loopback address meanwhile, such as 127.0.0.1:6060")
	return cmd
}

func (f switchFlags) spec() (bench.Spec, error) {
	s := bench.Spec{
		Kind: f.links, Pass: bench.PassThroughput, Nodes: f.nodes, PayloadBytes: f.payload,
		Loops: f.loops, Round: 1, Warmup: benchWarmup, Duration: f.duration,
	}
	if f.links == "proc" || f.links == "shm" {
		return s, console.Usage("links", f.links, "tcp or mem; a profile is of one process, so profile a node with --pprof")
	}
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return s, err
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("%w: see --help for the defaults", err)
	}
	return s, nil
}

func (a *app) runPerfSwitch(ctx context.Context, f switchFlags) (err error) {
	s, err := f.spec()
	if err != nil {
		return err
	}
	kind, err := bench.FindKind(bench.Kinds(), s.Kind)
	if err != nil {
		return console.Usage("links", s.Kind, "tcp or mem")
	}
	if err := console.TryOut(f.out); err != nil {
		return err
	}
	if f.pprof != "" {
		stop, bound, failed := perf.ServePprof(f.pprof) // err is this function's, which the stop below adds to
		if failed != nil {
			return fmt.Errorf("--pprof: %w", failed)
		}
		defer func() { err = errors.Join(err, stop()) }()
		fmt.Fprintf(a.Err, "pprof: http://%s/debug/pprof/\n", bound)
	}
	chain, err := kind.Build(ctx, s)
	if err != nil {
		return fmt.Errorf("build a %s chain of %d nodes: %w", s.Kind, s.Nodes, err)
	}
	defer func() { err = errors.Join(err, chain.Close()) }()
	bar := a.Elapsing(s.Warmup+f.duration, "profiling")
	defer bar.Stop()
	if err := bench.WarmUp(ctx, chain, s.Warmup); err != nil {
		return err
	}
	var calls engine.Calls
	r, err := perf.Run(ctx, perf.Options{
		Title: fmt.Sprintf("%s, %d nodes, %d-byte payloads, %s", s.Kind, s.Nodes, s.PayloadBytes, loopsText(s.Loops)),
		Dir:   f.out, Name: fmt.Sprintf("switch-%s-%d", s.Kind, s.Nodes),
	}, profiled(chain, s, &calls))
	bar.Stop()
	if err != nil {
		return err
	}
	addCalls(r, calls)
	if f.format == console.FormatJSON {
		err = r.WriteJSON(a.Out)
	} else {
		err = r.WriteTable(a.Out)
	}
	if err == nil && ctx.Err() != nil {
		err = console.ErrInterrupted
	}
	return err
}

func loopsText(n int) string {
	if n == 1 {
		return "1 loop"
	}
	return strconv.Itoa(n) + " loops"
}

// profiled is the measured window as perf wants it. It ends early when ctx does. The trips to the
// kernel in it are stored in calls, if the chain counts them.
func profiled(chain bench.Chain, s bench.Spec, calls *engine.Calls) perf.Workload {
	count := func() (engine.Calls, error) { return engine.Calls{}, nil }
	if c, ok := chain.(bench.CallCounter); ok {
		count = c.Calls
	}
	return func(ctx context.Context) (hops uint64, cpu, wall time.Duration, err error) {
		before, err := count()
		if err != nil {
			return 0, 0, 0, err
		}
		begin, err := chain.Snapshot()
		if err != nil {
			return 0, 0, 0, err
		}
		started := time.Now()
		select {
		case <-ctx.Done():
		case <-time.After(s.Duration):
		}
		end, err := chain.Snapshot()
		if err != nil {
			return 0, 0, 0, err
		}
		after, err := count()
		*calls = after.Minus(before)
		return (end.Messages - begin.Messages) * uint64(s.Links()), end.CPU - begin.CPU, time.Since(started), err
	}
}

// addCalls adds what the engine counted to a report; nothing if it counted nothing, as baselines do.
func addCalls(r *perf.Report, c engine.Calls) {
	if c == (engine.Calls{}) {
		return
	}
	r.AddCall("read", c.Reads, c.ReadBytes)
	r.AddCall("read that found nothing", c.EmptyReads, 0)
	r.AddCall("write, writev", c.Writes+c.Writevs, c.WriteBytes)
	r.AddCall("of it writev", c.Writevs, 0)
	r.AddCall("write that found no room", c.FullWrites, 0)
	r.AddCallAtLeast("poll", c.Polls)
	r.AddCall("descriptor reported by a poll", c.Events, 0)
	r.AddCall("change of what is polled (epoll_ctl)", c.Watches, 0)
	r.AddCall("wake-up taken note of (two calls)", c.Wakes, 0)
}
