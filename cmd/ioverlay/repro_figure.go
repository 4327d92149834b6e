package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/federation"
	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/bench/paper"
	"github.com/ioverlay/ioverlay/cli/console"
)

const reproFigureHelp = `%s

The paper (section %s). %s

There. %s

Here. %s

Prints the paper's numbers beside what was measured, with the difference and a verdict by a
stated tolerance, and says of what cannot be compared why. The directory --out gets
results.jsonl (all that was measured, one JSON object a line) and the charts as SVG and PNG.

Exit codes: 0 all that can be compared agrees, 1 something differs or was damaged, 2 wrong
usage, 3 it could not be measured, 130 interrupted; what was measured until then is reported.`

// reproFigure is the command of one figure.
func (a *app) reproFigure(f *paper.Figure) *cobra.Command {
	fl := &figureFlags{outputs: outputs{always: "repro"}}
	cmd := &cobra.Command{
		Use: f.Name, Short: f.Title + " (section " + f.Section + ")", Args: cobra.NoArgs,
		Long:    fmt.Sprintf(reproFigureHelp, f.Title, f.Section, f.Claim, f.There, f.Here),
		Example: "  ioverlay repro " + f.Name + "\n  ioverlay repro " + f.Name + " --world " + f.By.Worlds[len(f.By.Worlds)-1] + " --format json" + figureExamples[f.Name],
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runFigure(cmd.Context(), f, fl) },
	}
	fl.define(cmd, f.By)
	return cmd
}

var figureExamples = map[string]string{
	"fig5":   "\n  ioverlay repro fig5 --bandwidths S=100,A=300,B=300,C=50 --order C,A,B",
	"table3": "\n  ioverlay repro table3 --bandwidths S=100,A=300,B=300,C=50 --order C,A,B",
	"fig6":   "\n  ioverlay repro fig6 --out out/fig6 && ioverlay view out/fig6/" + paper.MapRecording,
	"fig7":   "\n  ioverlay repro fig7 --nodes 1000 --seeds 3",
	"fig8":   "\n  ioverlay repro fig8 --nodes 64 --seeds 5",
}

func (a *app) runFigure(ctx context.Context, f *paper.Figure, fl *figureFlags) error {
	o, own, err := fl.options(f.By)
	if err != nil {
		return err
	}
	_, rows, err := a.measureFigures(ctx, f.By, []*paper.Figure{f}, o, own, fl)
	return errors.Join(err, differ(rows))
}

// differ is the error of rows that do, or nil.
func differ(rows []paper.Row) error {
	var names []string
	for _, r := range rows {
		if r.Verdict == paper.Differs {
			names = append(names, fmt.Sprintf("%s in %s: %s", r.Figure, r.World, r.Quantity))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d of %d quantities differ: %s", console.ErrMissed, len(names), len(rows), strings.Join(names, "; "))
}

// measureFigures runs a measurement, records it, and presents the figures that are made of it.
func (a *app) measureFigures(ctx context.Context, by *paper.Measurement, figures []*paper.Figure, o *paper.Options, own bool, fl *figureFlags) (*paper.Data, []paper.Row, error) {
	m, err := a.begin(ctx, fl.outputs)
	if err != nil {
		return nil, nil, err
	}
	bar := a.Steps(by.Steps(o), "")
	o.Dir, o.Say, o.Did = m.outputs.out, bar.Say, func() { bar.Add(1) }
	d := &paper.Data{Env: m.env, Dir: o.Dir, Run: paper.Run{Kind: paper.ObjectRun, Measurement: by.Name, World: o.World, Seed: o.Seed, Own: own, Note: fl.note}}
	err = errors.Join(m.record(m.env), m.record(d.Run))
	if err == nil {
		err = by.Run(ctx, o, func(v any) error { return errors.Join(d.Record(v), m.record(v)) })
	}
	bar.Stop()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		d.Interrupted = true
	default:
		d.Failed = err.Error()
		if errors.Is(err, federation.ErrNotFederated) {
			err = fmt.Errorf("%w: %w", console.ErrMissed, err)
		}
	}
	var rows []paper.Row
	err = m.finish(err, func() error {
		if d.Interrupted || d.Failed != "" {
			if err := m.record(d.Run); err != nil { // how it ended
				return err
			}
		}
		for _, f := range figures {
			more, err := a.presentFigure(m, f, d)
			if err != nil {
				return err
			}
			rows = append(rows, more...)
		}
		return nil
	})
	return d, rows, err
}

// presentFigure prints a figure's tables, records its rows, and draws its charts.
func (a *app) presentFigure(m *measurement, f *paper.Figure, d *paper.Data) ([]paper.Row, error) {
	c, err := f.Compare(d)
	switch {
	case errors.Is(err, paper.ErrNothing):
		return nil, nil // why is told by what ended it
	case err != nil:
		return nil, err
	}
	for _, r := range c.Rows {
		if err := m.record(r); err != nil {
			return nil, err
		}
	}
	for _, chart := range c.Charts {
		files, err := figure.Write(chart.Picture, m.outputs.out, chart.Name)
		m.wrote(files...)
		if err != nil {
			return nil, err
		}
	}
	return c.Rows, m.table(func(w io.Writer) error {
		if len(c.Rows) > 0 {
			if _, err := fmt.Fprintln(w, rowsTable(fmt.Sprintf("%s, world %s: %s", f.Title, d.World, paper.Counts(c.Rows)), c.Rows)); err != nil {
				return err
			}
		}
		for _, t := range c.Tables {
			if _, err := fmt.Fprintln(w, detailsTable(t)); err != nil {
				return err
			}
		}
		return nil
	})
}

func rowsTable(title string, rows []paper.Row) string {
	t := paper.Table{Title: title, Head: paper.RowHeads}
	for _, r := range rows {
		t.Rows = append(t.Rows, r.Cells())
	}
	return detailsTable(t)
}

func detailsTable(t paper.Table) string {
	const widest = 60
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("%s", t.Title)
	row := func(cells []string) (r table.Row) {
		for _, c := range cells {
			r = append(r, c)
		}
		return r
	}
	w.AppendHeader(row(t.Head))
	var columns []table.ColumnConfig
	for i := range t.Head {
		columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: widest})
	}
	w.SetColumnConfigs(columns)
	for _, r := range t.Rows {
		w.AppendRow(row(r))
	}
	return w.Render()
}

const reproAllHelp = `Measure every figure of the paper, print the paper's numbers beside ours, and write one page.

Without --world each figure is measured in its own: Fig. 3 live, since virtual time has no raw
performance, and the others in virtual time. With --world all are measured in that one, and what
it cannot do is said. The directory --out gets a folder for each measurement and world with its
results and charts, and report.html, a page that asks for nothing from outside and is of all
results that are in the directory: measure in another world into the same one to have both.

Ctrl-C ends it; what was measured until then is kept, and is in the page.

Exit codes: 0 all that can be compared agrees, 1 something differs or was damaged, 2 wrong usage,
3 something could not be measured, 130 interrupted.`

func (a *app) reproAll() *cobra.Command {
	fl := &figureFlags{outputs: outputs{out: "", always: ""}}
	var only []string
	cmd := &cobra.Command{
		Use: "all", Short: "Every figure, and one page that a reader can judge", Long: reproAllHelp, Args: cobra.NoArgs,
		Example: "  ioverlay repro all --out out/repro\n  ioverlay repro all --world proc --out out/repro\n  ioverlay repro all --figures fig4,table3 --world live",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runAll(cmd.Context(), fl, only) },
	}
	f := cmd.Flags()
	f.StringVar(&fl.world, "world", "", "where to measure: sim, live or proc (default each figure's own)")
	f.Uint64Var(&fl.seed, "seed", 1, "decides all that is random")
	f.IntVar(&fl.seeds, "seeds", 0, "populations and overlays of figs. 7 to 9 (default 20 in sim, 1 elsewhere)")
	f.StringSliceVar(&only, "figures", nil, "measure only these, separated by commas (default all)")
	f.StringVar(&fl.note, "note", "", "what readers of the page must know, such as what else ran on the machine")
	fl.outputs.define(f, "results, charts and the page (default out/repro-<time>)")
	return cmd
}

func (a *app) runAll(ctx context.Context, fl *figureFlags, only []string) error {
	var names []string
	for _, f := range paper.Figures() {
		names = append(names, f.Name)
	}
	for _, name := range only {
		if !slices.Contains(names, name) {
			return console.Usage("figures", name, console.Either(names))
		}
	}
	if fl.world != "" && !slices.Contains(paper.Worlds, fl.world) {
		return console.Usage("world", fl.world, console.Either(paper.Worlds))
	}
	if err := fl.check(); err != nil {
		return err
	}
	if fl.out == "" {
		fl.out = "out/repro-" + time.Now().Format("20060102-150405")
	}
	if err := console.MakeOut(fl.out); err != nil {
		return err
	}
	parts, err := a.parts(fl, only)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.refused == "" }) { // of those that are asked for, none can be measured there
		return console.Usage("world", fl.world, "another world for these figures: "+parts[0].refused)
	}
	var rows []paper.Row
	var failed []error
	for _, p := range parts {
		if p.refused != "" {
			fmt.Fprintf(a.Err, "%s is not measured in world %s: %s\n", p.by.Name, p.options.World, p.refused)
			continue
		}
		_, more, err := a.measureFigures(ctx, p.by, p.figures, p.options, false, p.flags)
		rows = append(rows, more...)
		if err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if fl.format == console.FormatTable && len(rows) > 0 {
		fmt.Fprintf(a.Out, "All figures: %s\n", paper.Counts(rows))
	}
	return errors.Join(errors.Join(failed...), a.writePages(fl.out, pages{html: fl.out + "/report.html"}), differ(rows))
}

// part is one measurement of "all".
type part struct {
	by      *paper.Measurement
	figures []*paper.Figure
	options *paper.Options
	flags   *figureFlags
	refused string // why it cannot be measured
}

// parts are the measurements of the figures that are asked for, each with a folder of its own.
func (a *app) parts(fl *figureFlags, only []string) (parts []part, err error) {
	for _, by := range paper.Measurements() {
		p := part{by: by}
		for _, f := range paper.Figures() {
			if f.By == by && (len(only) == 0 || slices.Contains(only, f.Name)) {
				p.figures = append(p.figures, f)
			}
		}
		if len(p.figures) == 0 {
			continue
		}
		one := *fl
		if one.world == "" {
			one.world = by.Worlds[0]
		}
		if why, refused := by.Refuses[one.world]; refused {
			p.refused, p.options = why, &paper.Options{World: one.world}
		} else {
			one.out = fl.out + "/" + by.Folder(one.world)
			if p.options, _, err = one.options(by); err != nil {
				return nil, err
			}
		}
		p.flags = &one
		parts = append(parts, p)
	}
	return parts, nil
}
