package run

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Schema is the command "schema".
func Schema(a *console.App) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files",
		Long: `Print the JSON Schema of scenario files, for editors. With the YAML language server,
write it to a file and begin a scenario with

  # yaml-language-server: $schema=scenario.schema.json`,
		Example: "  ioverlay schema > scenario.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := spec.Schema(a.Registry)
			if err != nil {
				return fmt.Errorf("make the schema: %w", err)
			}
			_, err = fmt.Fprintf(a.Out, "%s\n", s)
			return err
		},
	}
}
