package codingbench

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/bench"
)

const (
	giga = 1e9
	// ChartName is the chart that WriteChart makes.
	ChartName = "coding.svg"
)

// Table shows a summary to people.
func Table(s Summary) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle(fmt.Sprintf("A relay that recodes %d to %d; k = %d, packets of %d bytes", s.Plan.N, s.Plan.M, s.Plan.K, s.Plan.Size))
	w.AppendHeader(table.Row{"", "goodput GB/s", "GB/CPU-s", "CPU ns a packet", "of kernel", "of forwarding", "innovative"})
	var columns []table.ColumnConfig
	for n := 2; n <= 7; n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	w.SetColumnConfigs(columns)
	for _, l := range s.Lines {
		w.AppendRow(table.Row{l.Contestant, ranged(l.GoodputPerS, giga, 2), ranged(l.BytesPerCPUS, giga, 2), ranged(l.CPUPerPacketNS, 1, 0),
			ranged(l.OfKernel, 1, 2), ranged(l.OfForward, 1, 2), ranged(l.Innovative, 1, 4)})
	}
	return w.Render() + fmt.Sprintf("\n\nPayload of packets that reached the receiver; 1 GB = 10^9 bytes; medians of %d rounds [smallest .. largest]. CPU: the\n"+
		"whole process, that is source, relay and receiver; the kernel alone for \"kernel\". Ratios are of GB/CPU-s, within\n"+
		"rounds. Target: mem-recode at least %.1f of kernel.", s.Plan.Rounds, Target)
}

func ranged(s *bench.Spread, unit float64, decimals int) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%.*f [%.*f .. %.*f]", decimals, s.Median/unit, decimals, s.Min/unit, decimals, s.Max/unit)
}

// WriteChart draws gigabytes a CPU-second by contestant into a directory and returns the
// file's name; "" if nothing was measured.
func WriteChart(s Summary, dir string) (string, error) {
	picture, err := bars(s)
	if picture == nil || err != nil {
		return "", err
	}
	path := filepath.Join(dir, ChartName)
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}
