package repro

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

const kilo = 1e3

// remark says what a node is to the case. Helpers, as the paper calls them, receive for others
// only.
func (p Fig4Point) remark() string {
	switch {
	case p.Node == "A":
		return "source"
	case p.Node == "B", p.Node == "C", p.Case == Coded && p.Node == "E":
		return "helper"
	case p.Deviation == nil:
		return ""
	case !p.Within():
		return "outside of tolerance"
	}
	return "agrees"
}

// Fig4Table shows points to people.
func Fig4Table(points []Fig4Point) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Fig. 4: what nodes receive, KBps of the source's data")
	w.AppendHeader(table.Row{"case", "node", "paper", "measured", "deviation", "received in all", "delay, s", "silence, s", "wrong", ""})
	right(w, 3, 4, 5, 6, 7, 8, 9)
	last := Case("")
	for _, p := range points {
		if last != "" && p.Case != last {
			w.AppendSeparator()
		}
		last = p.Case
		paper, deviation := "", ""
		if p.PaperPerS != nil {
			paper = fmt.Sprintf("%.0f", *p.PaperPerS/kilo)
		}
		if p.Deviation != nil {
			deviation = fmt.Sprintf("%+.1f%%", 100**p.Deviation)
		}
		silence := ""
		if p.UsefulPerS > 0 {
			silence = seconds(p.Silence)
		}
		w.AppendRow(table.Row{p.Case, p.Node, paper, fmt.Sprintf("%.1f", p.UsefulPerS/kilo), deviation,
			fmt.Sprintf("%.1f", p.ReceivedPerS/kilo), seconds(p.DelayMean), silence, p.WrongMessages, p.remark()})
	}
	return w.Render()
}

// conditions are what was done to the topology, in short.
func (p TopologyPoint) conditions() string {
	switch {
	case p.Loss > 0:
		return fmt.Sprintf("%.3g%% lost", 100*p.Loss)
	case p.CrashEvery > 0:
		return fmt.Sprintf("crashes, %gs of %gs", p.DownFor, p.CrashEvery)
	}
	return ""
}

// TopologyTable shows topologies to people.
func TopologyTable(points []TopologyPoint) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Multicast beside its bounds, KBps at the receiver that gets least")
	w.AppendHeader(table.Row{"topology", "nodes", "links", "", "min cut", "routable", "gain",
		"routed", "of routable", "delay, s", "longest", "silence", "coded", "of min cut", "delay, s", "longest", "silence", "wrong"})
	right(w, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
	for _, p := range points {
		w.AppendRow(table.Row{p.Name, p.Nodes, p.Links, p.conditions(),
			fmt.Sprintf("%.0f", p.BoundPerS/kilo), fmt.Sprintf("%.0f", p.RoutablePerS/kilo), fmt.Sprintf("%.3f", p.Gain),
			fmt.Sprintf("%.0f", p.Routed/kilo), fmt.Sprintf("%.3f", p.RoutedShare()),
			seconds(p.RoutedDelayMean), seconds(p.RoutedDelayLongest), seconds(p.RoutedSilence),
			fmt.Sprintf("%.0f", p.Coded/kilo), fmt.Sprintf("%.3f", p.Share()),
			seconds(p.DelayMean), seconds(p.DelayLongest), seconds(p.Silence), p.Wrong})
	}
	return w.Render()
}

// seconds is a time, or nothing where none was measured.
func seconds(s float64) string {
	if s == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", s)
}

func right(w table.Writer, columns ...int) {
	var cs []table.ColumnConfig
	for _, n := range columns {
		cs = append(cs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(cs)
}
