// Package record has the commands that look into recordings: record info, record export.
//
//	record.go   the commands, and opening a file
//	info.go     record info
//	export.go   record export
package record

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record/recording"
)

// app is the program under way.
type app struct{ *console.App }

// Command is the command "record".
func Command(c *console.App) *cobra.Command {
	a := &app{c}
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Look into recordings of runs, or export them",
		Long: `Look into what "ioverlay run --record FILE" and "ioverlay sim --record FILE" have written, or export it for
other programs. docs/recording.md describes the format, and how pandas and DuckDB read what is exported.`,
		Example: `  ioverlay record info run.rec
  ioverlay record export run.rec --format sqlite --out run.sqlite`,
	}
	cmd.AddCommand(a.info(), a.export())
	return cmd
}

// open opens a recording. What is returned last closes it.
func open(name string) (*recording.Reader, func(), error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("open the recording: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	var r *recording.Reader
	if err == nil {
		r, err = recording.Open(file, info.Size())
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the recording %s: %w", name, err), file.Close())
	}
	return r, func() { _ = file.Close() }, nil // it was only read
}
