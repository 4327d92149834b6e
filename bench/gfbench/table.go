package gfbench

import (
	"cmp"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/coding/gf"
)

const giga = 1e9

// WriteTable shows a report to people: a line for each row and level, with its target and whether it was reached.
func WriteTable(w io.Writer, r Report) error {
	if _, err := fmt.Fprintf(w, "%s\n\n%s\n", linesTable(r), caption(r)); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

func linesTable(r Report) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	header := table.Row{"operation", "bytes", "level", "GB/s", "LowLevel GB/s", "x LowLevel", "at least", "", "allocs", "of its product"}
	for _, name := range r.Plan.Against {
		header = append(header, peerTitles[name])
	}
	w.AppendHeader(header)
	var columns []table.ColumnConfig
	for _, n := range []int{2, 4, 5, 6, 7, 9, 10, 11, 12} {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(columns)
	operation := ""
	for _, l := range r.Summary.Lines {
		if l.Ratio == nil {
			continue
		}
		if operation != "" && operation != l.Operation {
			w.AppendSeparator()
		}
		operation = l.Operation
		w.AppendRow(append(lineRow(l), peerCells(l, r.Plan.Against)...))
	}
	return w.Render()
}

func lineRow(l Line) table.Row {
	target, verdict := "", ""
	if l.Target > 0 {
		target, verdict = fmt.Sprintf("%.1f", l.Target), "missed"
		if l.TargetReached {
			verdict = "reached"
		}
	}
	return table.Row{
		l.title, l.Size, l.Level, ranged(l.BytesPerS, giga, 1), fmt.Sprintf("%.1f", l.LibraryBPerS.Median/giga),
		ranged(l.Ratio, 1, 2), target, verdict, fmt.Sprintf("%.0f", l.Allocs),
	}
}

var peerTitles = map[string]string{PeerC: "of C", PeerISAL: "x ISA-L"}

// peerCells are the columns of peers; what a line is not held against is empty.
func peerCells(l Line, against []string) (cells []any) {
	for _, name := range append([]string{PeerProduct}, against...) {
		cell := ""
		if l.Of[name] != nil {
			cell = ranged(l.Of[name], 1, 2)
		}
		cells = append(cells, cell)
	}
	return cells
}

func ranged(s *bench.Spread, unit float64, decimals int) string {
	return fmt.Sprintf("%.*f [%.*f .. %.*f]", decimals, s.Median/unit, decimals, s.Min/unit, decimals, s.Max/unit)
}

func caption(r Report) string {
	s, state := r.Summary, ""
	if r.Interrupted {
		state = "Interrupted: only what was measured until then.\n"
	}
	return fmt.Sprintf("%sTargets reached: %d of %d. Lines that allocate: %d of %d.\n"+
		"One thread, %s; medians of up to %d rounds [smallest .. largest]; ratios within a round. Packets begin %d bytes past\n"+
		"multiples of 64. GB/s: sources times results, 1 GB = 10^9 bytes; decoding: bytes of the generation, and LowLevel is\n"+
		"Gauss-Jordan on coefficients and payloads. LowLevel runs at its best, at levels generic and ssse3 held to them.\n"+
		"%s, %s.%s",
		state, s.Reached, s.Targets, s.Allocating, len(s.Lines), s.Clock, r.Plan.Rounds, r.Plan.Offset, r.processor(), r.Env.GoVersion, tuning())
}

// tuning says which way the kernels chose when the program began, where there is a choice.
func tuning() string {
	if s := gf.At(gf.Best()).Tuning(); s != "" {
		return " Chosen at the start: " + s + "."
	}
	return ""
}

// processor is its name, which not every build can read.
func (r Report) processor() string { return cmp.Or(r.Env.CPUModel, "Unknown processor") }
