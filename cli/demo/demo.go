// Package demo is the command "demo": an observer and an overlay that it watches, in one process, for people who want
// to see what there is before they read how to get it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
	"github.com/ioverlay/ioverlay/cli/observer"
	"github.com/ioverlay/ioverlay/examples"
	"github.com/ioverlay/ioverlay/observer/api"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

type flags struct {
	http   observer.HTTPFlags
	poll   time.Duration
	rounds int
}

// Command is the command "demo".
func Command(a *console.App) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show an overlay of 16 nodes in a browser",
		Long: `Run an observer and, in the same process, sixteen nodes that it watches, with links over TCP:
the scenario examples/demo.yaml. They build a dissemination tree; one of them fails every half
minute, and the tree mends itself. Open the address that is printed, select a node, and set its
bandwidth. What happens can be recorded, in demo.rec. Ctrl-C ends it all.

The same by hand, so that it is yours to change:

  ioverlay observer --listen 127.0.0.1:7000
  ioverlay run examples/demo.yaml --world live --observer 127.0.0.1:7000

Exit codes: 0 interrupted, 2 wrong usage, 3 it could not go on.`,
		Example: "  ioverlay demo\n  ioverlay demo --http 127.0.0.1:9000",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return run(cmd.Context(), a, &f)
		},
	}
	cmd.Flags().DurationVar(&f.poll, "poll", 500*time.Millisecond, "how often the nodes are asked for their status")
	cmd.Flags().IntVar(&f.rounds, "rounds", 0, "run the scenario, of ten minutes, so many times; 0: until it is interrupted")
	f.http.Define(cmd.Flags())
	return cmd
}

func (f *flags) check() error {
	if f.poll < 50*time.Millisecond || f.poll > time.Minute {
		return console.Usage("poll", f.poll.String(), "50ms to 1m")
	}
	if f.rounds < 0 {
		return console.Usage("rounds", fmt.Sprint(f.rounds), "0 and up")
	}
	return f.http.Check()
}

func run(ctx context.Context, a *console.App, f *flags) (err error) {
	if err := memory.Fits(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(a.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l, err := live.Start(live.Options{Listen: "127.0.0.1:0", Title: "demo", Version: console.ReadVersion().Version, Poll: f.poll, Log: log,
		Record: live.RecordOptions{File: "demo.rec", Program: a.Name + " " + console.ReadVersion().Version}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	svc, err := api.Listen(l, f.http.Listening(api.Options{Log: log, Collect: l.Figures, Page: observer.Page()}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.Close()) }()
	observer.Tell(a.Out, svc)
	fmt.Fprintln(a.Out, "Open that address in a browser. Ctrl-C ends the demo.")

	at, err := netip.ParseAddrPort(l.ID().String())
	if err != nil {
		return fmt.Errorf("demo: the observer's own address: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- rounds(ctx, a, f.rounds, at) }()
	defer func() { // the nodes end before the observer that they report to
		stop()
		if e := <-ended; err == nil {
			err = e
		}
	}()
	select {
	case <-ctx.Done():
		return nil
	case e := <-ended:
		ended <- nil
		return e
	case err := <-svc.Done():
		return fmt.Errorf("the page is served no more: %w", err)
	case <-l.Done():
		return errors.Join(errors.New("the observer has ended"), l.Crash())
	}
}

// rounds runs the scenario until the context ends, or so many times, each with another seed.
func rounds(ctx context.Context, a *console.App, n int, observer netip.AddrPort) error {
	for seed := uint64(1); n == 0 || seed <= uint64(n); seed++ {
		plan, err := Plan(a.Registry, seed, observer)
		if err != nil {
			return err
		}
		// A demo is no test: a laptop that was closed, or a machine with no time, is no algorithm that hangs.
		o := scenario.Options{World: "live", Registry: a.Registry, Command: a.Args, HangAfter: scenario.NeverHangs}
		if _, err := scenario.Run(ctx, plan, o); err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil {
			return nil // Ctrl-C is how a demo ends
		}
	}
	return nil
}

// Plan is the demo's scenario, with an observer that the nodes report to and obey.
func Plan(r *scenario.Registry, seed uint64, observer netip.AddrPort) (*scenario.Plan, error) {
	plan, err := spec.Parse("demo.yaml", examples.Demo, spec.Options{Algorithms: r, Seed: &seed})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	plan.Observers = []netip.AddrPort{observer}
	return plan, nil
}
