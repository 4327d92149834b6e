package console

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/scenario"
)

// HangFlag is the flag --hang-after: how long an algorithm may take to return.
func HangFlag(fl *pflag.FlagSet, d *time.Duration) {
	fl.DurationVar(d, "hang-after", scenario.DefaultHangAfter, "give up if an algorithm does not return for so long, and say where it is; 0: never")
}

// HangAfter is the flag as an option of a run.
func HangAfter(d time.Duration) time.Duration {
	if d <= 0 {
		return scenario.NeverHangs
	}
	return d
}
