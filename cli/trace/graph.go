package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace/topology"
)

const (
	formatDOT = "dot"
	formatSVG = "svg"
)

// graphFlags are the flags of "ioverlay trace graph".
type graphFlags struct {
	at, window time.Duration
	records    filterFlags // of which only app and types are flags here
	format     string
	out        string
}

func (a *app) traceGraph() *cobra.Command {
	var f graphFlags
	cmd := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw the overlay at a time",
		Long: `Draw which nodes run at a time, and what each link carried in the second before (--window): the
more, the wider. Nodes that have ended are dashed and grey, and those that crashed red. Everything that crossed a link counts, with
headers, unless --app or --type chooses. FILE may be - for the standard input.

The formats are dot, for Graphviz; svg, a picture that needs no other program; and json. Without --format the
name of --out says which.`,
		Example: `  ioverlay trace graph run.trace --at 5s --out overlay.svg
  ioverlay trace graph run.trace --at 5s --app 1 --window 200ms | dot -Tpdf > overlay.pdf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.drawTrace(cmd, &f, args[0]) },
	}
	fl := cmd.Flags()
	fl.DurationVar(&f.at, "at", 0, "the time of the picture")
	fl.DurationVar(&f.window, "window", topology.DefaultWindow, "how long before it traffic is counted")
	fl.StringVar(&f.records.app, "app", "", "only what belongs to this application")
	fl.StringVar(&f.records.types, "type", "", "only messages of these types: data, user-1024 and so on, or numbers")
	fl.StringVar(&f.format, "format", "", "dot, svg or json; default what --out is called, or dot")
	fl.StringVar(&f.out, "out", "", "write to this file instead of standard output")
	return cmd
}

// check finds what is wrong with the flags.
func (f *graphFlags) check(cmd *cobra.Command) error {
	formats := []string{formatDOT, formatSVG, console.FormatJSON}
	if f.format == "" {
		f.format = formatDOT
		if ext := strings.TrimPrefix(filepath.Ext(f.out), "."); slices.Contains(formats, ext) {
			f.format = ext
		}
	}
	if err := console.CheckFormat(f.format, formats...); err != nil {
		return err
	}
	switch {
	case !cmd.Flags().Changed("at"):
		return console.Usage("at", "", "the time of the picture, such as --at 5s")
	case f.at < 0:
		return console.Usage("at", f.at.String(), "a time from 0s")
	case f.window <= 0:
		return console.Usage("window", f.window.String(), "a time above 0s")
	}
	return nil
}

func (a *app) drawTrace(cmd *cobra.Command, f *graphFlags, name string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	want, err := f.records.filter()
	if err != nil {
		return err
	}
	r, closing, err := a.openTrace(name)
	if err != nil {
		return err
	}
	defer closing()
	g, err := topology.Build(cmd.Context(), r, topology.Options{At: f.at, Window: f.window, App: want.App, Types: want.Types})
	switch {
	case cmd.Context().Err() != nil:
		return console.ErrInterrupted
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	if f.out == "" {
		return f.write(a.Out, g)
	}
	file, err := os.Create(f.out)
	if err != nil {
		return fmt.Errorf("create the picture, --out %q: %w", f.out, err)
	}
	return errors.Join(f.write(file, g), file.Close())
}

func (f *graphFlags) write(out io.Writer, g *topology.Graph) error {
	switch f.format {
	case formatSVG:
		return g.SVG(out)
	case console.FormatJSON:
		return json.NewEncoder(out).Encode(g)
	}
	return g.DOT(out)
}
