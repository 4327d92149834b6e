package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/attack"
	"github.com/ioverlay/ioverlay/cli/console"
)

func (a *app) benchAttack() *cobra.Command {
	s := attack.Spec{}
	o := outputs{}
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Measure a relay while strangers attack it",
		Long: `Run a source, a relay and a sink, each a process, and attack the relay: connections that say nothing, that are
reset, that bring garbage, also behind a right hello, and a sink that is stopped. What the stream carries meanwhile
is over the last third of each attack.

Exit codes: 0 measured, 1 messages of the stream arrived wrong, 2 wrong usage, 3 it could not be measured, 130 interrupted.`,
		Example: `  ioverlay bench attack
  ioverlay bench attack --silent 1000 --duration 3s --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			const most = 100_000
			if err := o.check(); err != nil {
				return err
			}
			switch {
			case s.Silent < 1 || s.Silent > most:
				return console.Between("silent", s.Silent, 1, most)
			case s.Rate < 1 || s.Rate > most:
				return console.Between("rate", s.Rate, 1, most)
			case s.Duration < time.Second || s.Duration > time.Hour:
				return console.Usage("duration", s.Duration.String(), "1s to 1h")
			case s.Payload < 64 || s.Payload > 1<<20:
				return console.Usage("payload", strconv.Itoa(s.Payload), "64 to 1048576")
			}
			return a.runBenchAttack(cmd.Context(), s, o)
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&s.Silent, "silent", 5000, "connections that say nothing, all at once")
	fl.IntVar(&s.Rate, "rate", 3000, "connections a second at most; this program makes them, on the processors that the chain needs")
	fl.IntVar(&s.Payload, "payload", 5120, "payload bytes in a message of the stream")
	fl.DurationVar(&s.Duration, "duration", 6*time.Second, "how long each attack lasts")
	fl.Uint64Var(&s.Seed, "seed", 1, "decides the garbage")
	o.define(fl, resultsName)
	return cmd
}

func (a *app) runBenchAttack(ctx context.Context, s attack.Spec, o outputs) error {
	m, err := a.begin(ctx, o)
	if err != nil {
		return err
	}
	bar := a.Steps(1, "")
	s.Progress = func(what string, done, of int) { bar.Say(fmt.Sprintf("%d of %d: %s", done+1, of, what)) }
	all, err := attack.Run(m.ctx, s, func(r attack.Result) error { return m.record(r) })
	bar.Stop()
	err = m.finish(err, func() error {
		if len(all) == 0 {
			return nil
		}
		return m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, attack.Table(all))
			return err
		})
	})
	if err != nil {
		return err
	}
	if last := all[len(all)-1]; last.Corrupt > 0 {
		return fmt.Errorf("%w: %d messages of the stream arrived wrong", console.ErrViolation, last.Corrupt)
	}
	return nil
}
