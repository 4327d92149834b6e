package trace

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace"
)

func (a *app) traceDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Find where two runs part",
		Long: `Compare two traces record by record and print the first difference, with the records
before it that both have and those after it in each. The exit code is 0 if the runs are the
same, and 1 if they are not. One of the files may be - for the standard input.`,
		Example: `  ioverlay trace diff monday.trace tuesday.trace --around 10`,
		Args:    cobra.ExactArgs(2),
	}
	around := cmd.Flags().Int("around", 5, "records to print on each side of the difference")
	format := console.FormatFlag(cmd, console.FormatTable, console.FormatJSON)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := console.CheckFormat(*format, console.FormatTable, console.FormatJSON); err != nil {
			return err
		}
		const most = 1_000_000
		if *around < 0 || *around > most {
			return console.Between("around", *around, 0, most)
		}
		d, err := a.diff(args, *around)
		if err != nil {
			return err
		}
		if *format == console.FormatJSON {
			err = json.NewEncoder(a.Out).Encode(d)
		} else {
			err = a.printDiff(args, d)
		}
		if err == nil && !d.Same {
			return console.ErrDiffer
		}
		return err
	}
	return cmd
}

func (a *app) diff(names []string, around int) (d trace.Difference, err error) {
	var readers [2]*trace.Reader
	for i, name := range names {
		r, closing, err := a.openTrace(name)
		if err != nil {
			return d, err
		}
		defer closing() //nolint:gocritic // there are two of them
		readers[i] = r
	}
	if d, err = trace.Diff(readers[0], readers[1], around); err != nil {
		return d, fmt.Errorf("compare %s and %s: %w", names[0], names[1], err)
	}
	return d, nil
}

func (a *app) printDiff(names []string, d trace.Difference) error {
	if d.Same {
		_, err := fmt.Fprintf(a.Out, "the same: %d records, sha256 %s\n", d.Common, d.HashA)
		return err
	}
	l := traceLines{out: a.Out}
	for i, about := range [][][2]string{d.AboutA, d.AboutB} {
		l.line("", []string{"- ", "+ "}[i]+names[i]+"  "+aboutText(about))
	}
	l.line("", fmt.Sprintf("the first %d records are the same", d.Common))
	l.head("  ")
	for i := range d.Before {
		l.record("  ", &d.Before[i])
	}
	side := func(mark, name string, recs []trace.Record) {
		for i := range recs {
			l.record(mark, &recs[i])
		}
		if len(recs) == 0 {
			l.line(mark, name+" ends here")
		}
	}
	side("- ", names[0], d.A)
	side("+ ", names[1], d.B)
	return l.err
}
