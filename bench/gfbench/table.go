package gfbench

import (
	"cmp"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
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
	w.AppendHeader(table.Row{"operation", "bytes", "level", "GB/s", "LowLevel GB/s", "x LowLevel", "at least", "", "allocs"})
	var columns []table.ColumnConfig
	for _, n := range []int{2, 4, 5, 6, 7, 9} {
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
		w.AppendRow(lineRow(l))
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
		"%s, %s.",
		state, s.Reached, s.Targets, s.Allocating, len(s.Lines), s.Clock, r.Plan.Rounds, r.Plan.Offset, r.processor(), r.Env.GoVersion)
}

// processor is its name, which not every build can read.
func (r Report) processor() string { return cmp.Or(r.Env.CPUModel, "Unknown processor") }
