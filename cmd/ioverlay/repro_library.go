package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench/library"
	"github.com/ioverlay/ioverlay/cli/console"
)

const reproLibraryHelp = `Measure what the overlays of the library claim (docs/library.md), at the sizes of their
papers and in virtual time: each is built, broken as its paper breaks it, and held to
what is said of it. With --live those that can be are measured in the engine of this
process as well, with real time and fewer nodes.

All of it takes many minutes and, at 10,000 nodes, some gigabytes; --short takes sizes
that a test has time for, and claims of large networks may not hold there.

Exit codes: 0 every claim holds, 1 one does not, 2 wrong usage, 3 it could not be run, 130 interrupted; what was
measured until then is reported.`

// libraryFlags are the flags of "ioverlay repro library".
type libraryFlags struct {
	of    []string
	with  library.Options
	seeds int // how many, from with.Seed on
	outputs
}

func (a *app) reproLibrary() *cobra.Command {
	f := &libraryFlags{outputs: outputs{always: "library"}}
	cmd := &cobra.Command{
		Use:   "library",
		Short: "What the overlays of the library claim, measured",
		Long:  reproLibraryHelp,
		Example: "  ioverlay repro library --short\n" +
			"  ioverlay repro library --overlays plumtree --nodes 1000,10000 --format json\n" +
			"  ioverlay repro library --overlays mesh --nodes 100 --seeds 5",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runLibrary(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.of, "overlays", nil, "which of them (default all): "+strings.Join(overlays(), ", "))
	fl.IntSliceVar(&f.with.Nodes, "nodes", nil, "sizes of networks (default those of the claims)")
	fl.BoolVar(&f.with.Short, "short", false, "small networks")
	fl.BoolVar(&f.with.Live, "live", false, "in the engine too, in real time")
	fl.Uint64Var(&f.with.Seed, "seed", 1, "decides all that is random")
	fl.IntVar(&f.seeds, "seeds", 1, "how many seeds, from --seed on: claims have to hold with each")
	f.outputs.define(fl, "results.jsonl")
	return cmd
}

func overlays() (names []string) {
	for _, o := range library.Overlays() {
		names = append(names, o.Name)
	}
	return names
}

func (f *libraryFlags) read() error {
	if err := f.check(); err != nil {
		return err
	}
	for _, name := range f.of {
		if !slices.Contains(overlays(), name) {
			return console.Usage("overlays", name, strings.Join(overlays(), ", "))
		}
	}
	const mostSeeds = 1000
	if f.seeds < 1 || f.seeds > mostSeeds {
		return console.Between("seeds", f.seeds, 1, mostSeeds)
	}
	const least, most = 10, 100_000
	for _, n := range f.with.Nodes {
		if n < least || n > most {
			return console.Between("nodes", n, least, most)
		}
	}
	return nil
}

func (a *app) runLibrary(ctx context.Context, f *libraryFlags) error {
	if err := f.read(); err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	var rows []library.Row
	if err = m.record(m.env); err == nil {
		rows, err = a.measureLibrary(m, f)
	}
	err = m.finish(err, func() error {
		if len(rows) == 0 {
			return nil
		}
		return m.table(func(w io.Writer) error { return library.Table(w, rows) })
	})
	if err != nil {
		return err
	}
	missed := 0
	for _, r := range rows {
		if !r.Held {
			missed++
		}
	}
	if missed > 0 {
		return fmt.Errorf("%w: %d of %d figures", console.ErrMissed, missed, len(rows))
	}
	return nil
}

// measureLibrary measures overlay by overlay, and keeps what there is if one cannot go on.
func (a *app) measureLibrary(m *measurement, f *libraryFlags) (rows []library.Row, err error) {
	chosen := slices.DeleteFunc(library.Overlays(), func(o library.Overlay) bool {
		return len(f.of) > 0 && !slices.Contains(f.of, o.Name)
	})
	bar := a.Steps(f.seeds*len(chosen), "")
	defer bar.Stop()
	for _, o := range chosen {
		for i := range f.seeds {
			with := f.with
			with.Seed += uint64(i)
			with.Progress = func(what string) { bar.Say(o.Name + ": " + what) }
			bar.Say(o.Name)
			of, err := o.Measure(m.ctx, with)
			rows = append(rows, of...)
			for _, r := range of {
				err = errors.Join(err, m.record(r))
			}
			if err != nil {
				return rows, err
			}
			bar.Add(1)
		}
	}
	return rows, nil
}
