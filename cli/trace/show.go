package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace"
)

func (a *app) traceShow() *cobra.Command {
	var f filterFlags
	var way followFlags
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Print the records of a trace, or some of them",
		Long: `Print the records of a trace, and at its end its hash. Filters that are given must all
hold. Several kinds or types are separated by commas, and any of them will do. FILE may be -
for the standard input. With --format json each record is an object on a line of its own.

With --follow APP:SEQ the way of one message through the overlay is printed as a tree: each node below the one that it
got the message from first, with the time of each hop and since the message was made, duplicates, and which nodes of
the stream did not get it. Of several messages of that number, by several makers, each has a tree.`,
		Example: `  ioverlay trace show run.trace --node b --from a --type data,link-down
  ioverlay trace show run.trace --kind fault,ended --format json
  ioverlay trace show run.trace --app 1 --after 3s --before 3.5s --limit 100
  ioverlay trace show run.trace --follow 1:17 --maker n3`,
		Args: cobra.ExactArgs(1),
	}
	f.define(cmd)
	way.define(cmd)
	limit := cmd.Flags().Uint64("limit", 0, "most records to print; 0 for all")
	format := console.FormatFlag(cmd, console.FormatTable, console.FormatJSON)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := console.CheckFormat(*format, console.FormatTable, console.FormatJSON); err != nil {
			return err
		}
		var want trace.Filter
		var message trace.Follow
		var err error
		switch {
		case way.message != "":
			message, err = way.wanted(cmd, &f)
		case way.maker != "":
			err = console.Usage("maker", way.maker, "only together with --follow")
		default:
			want, err = f.filter()
		}
		if err != nil {
			return err
		}
		r, closing, err := a.openTrace(args[0])
		if err != nil {
			return err
		}
		defer closing()
		if way.message != "" {
			return a.follow(cmd.Context(), args[0], r, &way, &f, message, *format)
		}
		if *format == console.FormatJSON {
			out := json.NewEncoder(a.Out)
			return eachRecord(cmd.Context(), args[0], r, &want, *limit, func(rec *trace.Record) error { return out.Encode(rec) })
		}
		return a.showTable(cmd.Context(), args[0], r, &want, *limit)
	}
	return cmd
}

func (a *app) showTable(ctx context.Context, name string, r *trace.Reader, want *trace.Filter, limit uint64) error {
	lines := traceLines{out: a.Out}
	if about := aboutText(r.About()); about != "" {
		lines.line("", about)
	}
	lines.head("")
	err := eachRecord(ctx, name, r, want, limit, func(rec *trace.Record) error {
		lines.record("", rec)
		return lines.err
	})
	if err == nil && r.Hash() != "" {
		_, err = fmt.Fprintln(a.Out, "sha256", r.Hash())
	}
	return err
}

// eachRecord calls fn for the records that are wanted, at most limit of them if it
// is not 0.
func eachRecord(ctx context.Context, name string, r *trace.Reader, want *trace.Filter, limit uint64, fn func(*trace.Record) error) error {
	for shown := uint64(0); limit == 0 || shown < limit; {
		if ctx.Err() != nil {
			return console.ErrInterrupted
		}
		rec, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !want.Wants(&rec) {
			continue
		}
		shown++
		if err := fn(&rec); err != nil {
			return err
		}
	}
	return nil
}
