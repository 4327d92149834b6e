package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The formats in which commands print.
const (
	FormatTable = "table"
	FormatJSON  = "json"
	FormatText  = "text"
)

// FormatFlag defines --format; the first allowed value is the default.
func FormatFlag(cmd *cobra.Command, allowed ...string) *string {
	return cmd.Flags().String("format", allowed[0], "how to print: "+Either(allowed))
}

// CheckFormat is the error of a value of --format that is not allowed; nil if it is.
func CheckFormat(value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return Usage("format", value, Either(allowed))
}

// Either joins alternatives for people: "a, b or c".
func Either(all []string) string {
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

// Between is the error of a value outside its range.
func Between[T any](flag string, value, least, most T) error {
	return Usage(flag, fmt.Sprint(value), fmt.Sprintf("%v to %v", least, most))
}

// SplitList splits at commas; spaces around words and empty words do not count.
func SplitList(list string) []string {
	var words []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
