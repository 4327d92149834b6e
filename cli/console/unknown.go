package console

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// unknownCommandError is a word that is no command, where one was wanted.
type unknownCommandError struct {
	word, under string
	similar     []string
}

func (e *unknownCommandError) Error() string {
	text := fmt.Sprintf("unknown command %q for %q", e.word, e.under)
	if len(e.similar) > 0 {
		text += "; did you mean " + Either(e.similar) + "?"
	}
	return text
}

// similarDistance is how many letters may be wrong in a word for a command to be suggested.
const similarDistance = 2

// group makes all commands that only hold others refuse words that name none of them: cobra alone would print their
// help and call that success.
func group(cmd *cobra.Command) {
	cmd.SuggestionsMinimumDistance = similarDistance
	for _, c := range cmd.Commands() {
		group(c)
	}
	if !cmd.HasParent() || cmd.Runnable() || !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknown(cmd, args[0])
		}
		return cmd.Help()
	}
}

func unknown(under *cobra.Command, word string) error {
	return &unknownCommandError{word, under.CommandPath(), under.SuggestionsFor(word)}
}

// help is the command "help", which tells of words that name no command too.
func help() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND...]",
		Short:   "Explain a command",
		Example: "  ioverlay help run\n  ioverlay help trace show",
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.Root()
			for _, word := range args {
				next, _, err := at.Find([]string{word})
				if err != nil || next == at || strings.HasPrefix(word, "-") {
					return unknown(at, word)
				}
				at = next
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}
