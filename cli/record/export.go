package record

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record/export"
)

func (a *app) export() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Write a recording as a SQLite database, as CSV files or as JSON lines",
		Long: `Write a recording as tables: nodes, node_apps, metrics, links, link_apps, events, states, transfers, and what it
says of itself in meta and expectations. With --format sqlite, --out is a file that is not there yet; with csv and jsonl it is
a directory, in which each table is a file.

A row of nodes or links is how one stands after each change, so that rows can be used without those before.`,
		Example: `  ioverlay record export run.rec --format sqlite --out run.sqlite
  ioverlay record export run.rec --format csv --out run-csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := console.CheckFormat(format, export.Formats...); err != nil {
				return err
			}
			if out == "" {
				return console.Usage("out", out, "where to write to")
			}
			r, closing, err := open(args[0])
			if err != nil {
				return err
			}
			defer closing()
			err = export.To(cmd.Context(), r, format, out)
			if err != nil && cmd.Context().Err() != nil {
				return console.ErrInterrupted
			}
			if err == nil {
				_, err = fmt.Fprintln(a.Out, out)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "sqlite", "what to write: "+console.Either(export.Formats))
	cmd.Flags().StringVar(&out, "out", "", "the database, or the directory of the files")
	return cmd
}
