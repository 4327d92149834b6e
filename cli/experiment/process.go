package experiment

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/experiment"
)

// worked makes this program a process for runs.
const worked = "experiment-runs"

// Child is the hidden command that makes the program a process for the runs of an experiment.
func Child(a *console.App) *cobra.Command {
	return &cobra.Command{
		Use: worked, Hidden: true, Args: cobra.NoArgs,
		Short: "Do runs of an experiment, as standard input says",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := a.Out
			os.Stdout = os.Stderr // an algorithm that prints is not to be taken for an answer
			return experiment.ServeRuns(cmd.Context(), a.Registry, a.In, out)
		},
	}
}
