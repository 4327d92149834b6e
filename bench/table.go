package bench

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// WriteTables shows a report to people: one table of figures by length and kind, one of how each kind holds up as
// chains grow, both beside the paper's figures.
func WriteTables(w io.Writer, r Report) error {
	_, err := fmt.Fprintf(w, "%s\n\n%s\n\n%s\n", figuresTable(r), growthTable(r), caption(r))
	if err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	for _, f := range r.Failures {
		if _, err := fmt.Fprintf(w, "\nnot measured: %s\n", f.Error); err != nil {
			return fmt.Errorf("write the failures: %w", err)
		}
	}
	return nil
}

func caption(r Report) string {
	state := ""
	if r.Interrupted {
		state = "Interrupted: only what was measured until then.\n"
	}
	return fmt.Sprintf("%sPayload only, %d bytes a message; 1 MB = 10^6 bytes; medians of up to %d rounds of %v [smallest .. largest].\n"+
		"total = end to end x links; CPU = user + system time of all processes of the chain; ratios are of total per CPU-second.\n"+
		"Latency: paced at %v messages/s, from intended send time, whole chain / links.\n%s, total: %s.",
		state, r.Plan.PayloadBytes, r.Plan.Rounds, r.Plan.Duration, r.Plan.RatePerSecond, paperSource, paperValues())
}

func figuresTable(r Report) string {
	baselines := KindNames(r.Plan.Kinds, RoleBaseline)
	w := table.NewWriter()
	w.SetStyle(style())
	header := table.Row{"nodes", "kind", "total GB/CPU-s", "Mhops/CPU-s"}
	for _, b := range baselines {
		header = append(header, "vs "+b)
	}
	header = append(header, "total MB/s", "end to end MB/s", "hop p50 µs", "hop p99 µs", "hop p99.9 µs", "peak RSS MB")
	w.AppendHeader(header)
	w.SetColumnConfigs(rightAligned(len(header)))
	previous := 0
	for _, l := range r.Summary.Lengths {
		if previous != 0 && l.Nodes != previous {
			w.AppendSeparator()
		}
		if l.Nodes != previous {
			appendPaper(w, l.Nodes, len(baselines))
		}
		previous = l.Nodes
		w.AppendRow(figuresRow(r.Summary, l, baselines))
	}
	return w.Render()
}

func figuresRow(s Summary, l LengthSummary, baselines []string) table.Row {
	row := table.Row{l.Nodes, l.Kind, ranged(l.BytesPerCPUS, giga, 2), ranged(l.MessagesPerCPUS, mega, 2)}
	for _, b := range baselines {
		row = append(row, ratioTo(s, l, b))
	}
	return append(row,
		ranged(l.TotalBytesPerS, mega, 0), ranged(l.E2EBytesPerS, mega, 0),
		middle(l.HopP50NS, kilo, 1), middle(l.HopP99NS, kilo, 1), middle(l.HopP999NS, kilo, 1), middle(l.RSSPeakBytes, mega, 0))
}

func ratioTo(s Summary, l LengthSummary, baseline string) string {
	i := slices.IndexFunc(s.Ratios, func(r Ratio) bool {
		return r.Kind == l.Kind && r.Baseline == baseline && r.Nodes == l.Nodes
	})
	if i < 0 || s.Ratios[i].CPU == nil {
		return ""
	}
	return fmt.Sprintf("%.2fx", s.Ratios[i].CPU.Median)
}

// appendPaper adds the paper's figures for the lengths that it gives.
func appendPaper(w table.Writer, nodes, baselines int) {
	totals := map[int]float64{2: Paper.Total2Nodes, 3: Paper.Total3Nodes, 32: Paper.Total32Nodes}
	total, known := totals[nodes]
	if !known {
		return
	}
	row := table.Row{nodes, "paper, 2004", "", ""}
	for range baselines {
		row = append(row, "")
	}
	w.AppendRow(append(row, fmt.Sprintf("%.1f", total/mega), fmt.Sprintf("%.1f", total/float64(nodes-1)/mega), "", "", ""))
}

func growthTable(r Report) string {
	w := table.NewWriter()
	w.SetStyle(style())
	longest := fmt.Sprintf("total(%d) / total(2)", r.Summary.Longest)
	w.AppendHeader(table.Row{"kind", "one switch costs, CPU", "wall", longest + ", CPU", "wall"})
	w.SetColumnConfigs(rightAligned(5)[1:])
	for _, k := range r.Plan.Kinds {
		s := r.Summary.Kinds[k.Name]
		w.AppendRow(table.Row{k.Name,
			percent(s.SwitchOverhead.CPU), percent(s.SwitchOverhead.Wall), percent(s.Scaling.CPU), percent(s.Scaling.Wall)})
	}
	w.AppendSeparator()
	w.AppendRow(table.Row{"paper, 2004 (32 nodes)", "",
		fmt.Sprintf("%.1f%%", 100*Paper.SwitchOverhead), "", fmt.Sprintf("%.0f%%", 100*Paper.Scaling)})
	return w.Render()
}

func style() table.Style {
	s := table.StyleLight
	s.Format.Header = text.FormatDefault
	return s
}

// rightAligned aligns all of n columns but the second, which holds names.
func rightAligned(n int) []table.ColumnConfig {
	var columns []table.ColumnConfig
	for i := 1; i <= n; i++ {
		if i != 2 {
			columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	return columns
}

// middle shows a median in the given unit; nothing if there is none.
func middle(s *Spread, unit float64, decimals int) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.*f", decimals, s.Median/unit)
}

func ranged(s *Spread, unit float64, decimals int) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.*f [%.*f .. %.*f]", decimals, s.Median/unit, decimals, s.Min/unit, decimals, s.Max/unit)
}

func percent(s *Spread) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.1f%% [%.1f .. %.1f]", 100*s.Median, 100*s.Min, 100*s.Max)
}
