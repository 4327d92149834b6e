package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// The formats in which commands print.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatText  = "text"
)

// formatFlag defines --format; the first allowed value is the default.
func formatFlag(cmd *cobra.Command, allowed ...string) *string {
	return cmd.Flags().String("format", allowed[0], "how to print: "+either(allowed))
}

func checkFormat(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return &usageError{"format", value, either(allowed)}
}

// either joins alternatives for people: "a, b or c".
func either(all []string) string {
	text := ""
	for i, one := range all {
		switch {
		case i == 0:
		case i == len(all)-1:
			text += " or "
		default:
			text += ", "
		}
		text += one
	}
	return text
}
