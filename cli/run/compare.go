package run

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	results "github.com/ioverlay/ioverlay/scenario/result"
)

// Compare is the command "compare".
func Compare(a *console.App) *cobra.Command {
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
			if err := console.CheckFormat(format, console.FormatTable, console.FormatJSON); err != nil {
				return err
			}
			c, err := results.Compare(args[0], args[1])
			if err != nil {
				return err
			}
			if format == console.FormatJSON {
				return json.NewEncoder(a.Out).Encode(c)
			}
			_, err = fmt.Fprint(a.Out, c.Table())
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", console.FormatTable, "how to print: table or json")
	return cmd
}
