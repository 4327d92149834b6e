package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
)

// version is the command "version".
func version(a *console.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print which version this is",
		Example: "  ioverlay version\n  ioverlay version --format json",
		Args:    cobra.NoArgs,
	}
	format := console.FormatFlag(cmd, console.FormatText, console.FormatJSON)
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := console.CheckFormat(*format, console.FormatText, console.FormatJSON); err != nil {
			return err
		}
		return printVersion(a, *format)
	}
	return cmd
}

func printVersion(a *console.App, format string) error {
	var err error
	if format == console.FormatJSON {
		err = json.NewEncoder(a.Out).Encode(console.ReadVersion())
	} else {
		_, err = fmt.Fprintln(a.Out, console.ReadVersion().Line(a.Name))
	}
	if err != nil {
		return fmt.Errorf("print the version: %w", err)
	}
	return nil
}
