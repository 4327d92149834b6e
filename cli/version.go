package cli

import (
	"encoding/json"
	"fmt"
	"io"

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
		return printVersion(a.Out, *format)
	}
	return cmd
}

func printVersion(w io.Writer, format string) error {
	var err error
	if format == console.FormatJSON {
		err = json.NewEncoder(w).Encode(console.ReadVersion())
	} else {
		_, err = fmt.Fprintln(w, console.ReadVersion())
	}
	if err != nil {
		return fmt.Errorf("print the version: %w", err)
	}
	return nil
}
