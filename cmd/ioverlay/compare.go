package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	results "github.com/ioverlay/ioverlay/scenario/result"
)

func (a *app) compare() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "compare DIR DIR",
		Short: "Compare two runs of a scenario",
		Long: `Compare two runs that "ioverlay run --out DIR" has written: throughput and messages of
each node and link, and which expectations held.`,
		Example: `  ioverlay run examples/bottleneck.yaml --world sim --out out/sim
  ioverlay run examples/bottleneck.yaml --world live --out out/live
  ioverlay compare out/sim out/live`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, formatTable, formatJSON); err != nil {
				return err
			}
			c, err := results.Compare(args[0], args[1])
			if err != nil {
				return err
			}
			if format == formatJSON {
				return json.NewEncoder(a.out).Encode(c)
			}
			_, err = fmt.Fprint(a.out, c.Table())
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", formatTable, "how to print: table or json")
	return cmd
}
