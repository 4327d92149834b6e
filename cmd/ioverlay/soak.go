package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/soak"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/memory"
)

// soakFlags are the flags of "ioverlay soak".
type soakFlags struct {
	minutes float64
	spec    soak.Spec
	outputs outputs
}

func (a *app) soak() *cobra.Command {
	f := soakFlags{}
	cmd := &cobra.Command{
		Use:   "soak",
		Short: "Keep an engine under attack and see whether anything grows or is lost",
		Long: `Keep hundreds of nodes of one process, on real sockets, under what networks and strangers
bring: nodes are stopped, crashed and started again, links are cut, bandwidth changes,
strangers say garbage, nothing, or the beginning of what they never finish, and control
messages come in storms, while sessions flow along paths of several nodes.

Each round of loads ends with a calm, at whose end memory, descriptors, goroutines and slabs
are read. A quantity is level if, after a third of the rounds as warm-up, the line of Theil
and Sen through what was read rises, over all of the rest, by no more than a tenth of the
median or than what two rounds differ by chance (64 MiB, 200 descriptors, 8 goroutines, 100
slabs). In the end, what was sent must be what was received and what was counted as lost, to
the message. If a check does not hold, the exit code is 1 and the report says which.
Ctrl-C ends the run early: what was measured until then is reported, once what is under way has
come to rest, within a minute.`,
		Example: `  ioverlay soak --minutes 30 --seed 7
  ioverlay soak --minutes 0.5 --round 2s --nodes 50 --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			if err := memory.Fits(); err != nil {
				return err
			}
			return a.runSoak(cmd.Context(), f)
		},
	}
	fl := cmd.Flags()
	fl.Float64Var(&f.minutes, "minutes", 5, "how long, in minutes; a round is finished")
	fl.Uint64Var(&f.spec.Seed, "seed", 1, "which loads come when, and the paths of sessions; what real sockets make of them differs")
	fl.IntVar(&f.spec.Nodes, "nodes", 200, "nodes, 8 and up")
	fl.IntVar(&f.spec.Sessions, "sessions", 40, "sessions, each along five nodes")
	fl.Float64Var(&f.spec.Rate, "rate", 100, "messages a second of each session")
	fl.IntVar(&f.spec.Strangers, "strangers", 200, "strangers at a time")
	fl.DurationVar(&f.spec.Round, "round", 10*time.Second, "how long a round of loads is, its calm included")
	f.outputs.define(fl, resultsName)
	return cmd
}

func (f *soakFlags) check() error {
	switch {
	case !(f.minutes > 0 && f.minutes <= 60*24*30):
		return console.Usage("minutes", strconv.FormatFloat(f.minutes, 'g', -1, 64), "above 0, and up to 43200 (30 days)")
	case f.spec.Nodes < 8 || f.spec.Nodes > 10_000:
		return console.Usage("nodes", strconv.Itoa(f.spec.Nodes), "8 to 10000")
	case f.spec.Sessions < 1:
		return console.Usage("sessions", strconv.Itoa(f.spec.Sessions), "1 and up")
	case !(f.spec.Rate > 0 && f.spec.Rate <= 1e6):
		return console.Usage("rate", strconv.FormatFloat(f.spec.Rate, 'g', -1, 64), "above 0, and up to 1e6")
	case f.spec.Strangers < 0:
		return console.Usage("strangers", strconv.Itoa(f.spec.Strangers), "0 and up")
	case f.spec.Round < 100*time.Millisecond:
		return console.Usage("round", f.spec.Round.String(), "100ms and up")
	}
	f.spec.Duration = time.Duration(f.minutes * float64(time.Minute))
	if most := f.spec.Duration / soak.MinRounds; f.spec.Round > most {
		return console.Usage("round", f.spec.Round.String(), fmt.Sprintf("%v and less, so that %d rounds fit into --minutes and can be judged", most, soak.MinRounds))
	}
	return f.outputs.check()
}

func (a *app) runSoak(ctx context.Context, f soakFlags) error {
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	bar := a.Elapsing(f.spec.Duration, "soaking")
	f.spec.Progress = func(s soak.Sample) {
		bar.Say(fmt.Sprintf("%.0f MiB, %d descriptors, %d slabs", float64(s.RSS)/(1<<20), s.Descriptors, s.Slabs))
	}
	r, err := soak.Run(ctx, f.spec)
	bar.Stop()
	ran := r.Books.Sent > 0
	err = m.finish(err, func() error {
		if !ran {
			return nil
		}
		if err := m.record(struct {
			Env any `json:"env"`
			soak.Result
		}{m.env, r}); err != nil {
			return err
		}
		return m.table(func(w io.Writer) error { return soakTable(w, r) })
	})
	switch {
	case err != nil:
		return err
	case r.Interrupted:
		return console.ErrInterrupted
	case len(r.Failed) > 0:
		return fmt.Errorf("%w: %s", console.ErrMissed, r.Failed[0])
	}
	return nil
}

func soakTable(w io.Writer, r soak.Result) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"quantity", "median", "rise", "may rise", "rounds", "level"})
	for _, l := range r.Levels {
		unit, verdict := 1.0, "yes"
		name := l.What
		if name == "memory" {
			unit, name = 1<<20, "memory, MiB"
		}
		switch {
		case l.Judged == 0:
			verdict = "too few rounds"
		case !l.Holds():
			verdict = "NO"
		}
		t.AppendRow(table.Row{name, fmt.Sprintf("%.0f", l.Median/unit), fmt.Sprintf("%.1f", l.Rise/unit), fmt.Sprintf("%.0f", l.May/unit), l.Judged, verdict})
	}
	_, err := fmt.Fprintf(w, "%s\n%d nodes, %d sessions, seed %d, %.0f s: %d restarts, %d strangers\n%d messages sent, %d received (%d at the end of a session's path), %d counted as lost, %d unaccounted for\n",
		t.Render(), r.Nodes, r.Sessions, r.Seed, r.Seconds, r.Restarts, r.Strangers, r.Books.Sent, r.Books.Received, r.Books.Delivered, r.Books.Lost, r.Books.Balance())
	for _, f := range r.Failed {
		if err == nil {
			_, err = fmt.Fprintln(w, "does not hold:", f)
		}
	}
	return err
}
