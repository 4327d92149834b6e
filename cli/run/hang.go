package run

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/ioverlay/ioverlay/scenario"
)

// hangFlag is how long an algorithm may take to return.
func hangFlag(fl *pflag.FlagSet, d *time.Duration) {
	fl.DurationVar(d, "hang-after", scenario.DefaultHangAfter, "give up if an algorithm does not return for so long, and say where it is; 0: never")
}

// hangAfter is the flag as an option.
func hangAfter(d time.Duration) time.Duration {
	if d <= 0 {
		return scenario.NeverHangs
	}
	return d
}
