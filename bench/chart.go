package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// The charts that WriteCharts makes.
const (
	ChartPerCPU  = "chain-per-cpu-second.svg"
	ChartPerWall = "chain-wall-clock.svg"
)

// WriteCharts draws a report as SVG files in a directory and returns their names: total bandwidth for each
// CPU-second, and by the clock, over the number of nodes.
func WriteCharts(r Report, dir string) ([]string, error) {
	charts := map[string]figure.Chart{
		ChartPerCPU: newChart(r, "Total bandwidth for each CPU-second", "GB/CPU-s", giga, 1,
			func(l LengthSummary) *Spread { return l.BytesPerCPUS }),
		ChartPerWall: newChart(r, "Total bandwidth by the clock", "MB/s", mega, 0,
			func(l LengthSummary) *Spread { return l.TotalBytesPerS }),
	}
	var written []string
	for _, name := range []string{ChartPerCPU, ChartPerWall} {
		if len(charts[name].Lines) == 0 {
			continue // interrupted before the first point
		}
		picture, err := charts[name].SVG()
		if err != nil {
			return written, fmt.Errorf("draw %s: %w", name, err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, picture, 0o644); err != nil {
			return written, fmt.Errorf("write a chart: %w", err)
		}
		written = append(written, path)
	}
	return written, nil
}

func newChart(r Report, title, unit string, scale float64, decimals int, value func(LengthSummary) *Spread) figure.Chart {
	c := figure.Chart{
		XLabel: "nodes",
		Title:  title,
		Subtitle: fmt.Sprintf("Chain of nodes, %d-byte payloads back to back; total = end to end x links; median of %d rounds, bars from smallest to largest",
			r.Plan.PayloadBytes, r.Plan.Rounds),
		Unit:     unit,
		Decimals: decimals,
		Caption: []string{
			fmt.Sprintf("Payload only; 1 MB = 10^6 bytes, 1 GB = 10^9. %s, %s, %s. Event loops: %d.",
				r.Env.CPUModel, r.Env.Kernel, r.Env.GoVersion, r.Plan.Loops),
			paperSource + ", total bandwidth:",
			paperValues() + ".",
		},
	}
	for _, k := range r.Plan.Kinds {
		l := figure.Line{Name: k.Name}
		if k.Role == RoleBaseline {
			l.Stroke = figure.Dashed
		}
		for _, s := range r.Summary.Lengths {
			if v := value(s); s.Kind == k.Name && v != nil {
				l.Points = append(l.Points, figure.Point{
					X: float64(s.Nodes), Median: v.Median / scale, Min: v.Min / scale, Max: v.Max / scale})
			}
		}
		if len(l.Points) > 0 {
			c.Lines = append(c.Lines, l)
		}
	}
	last := 0
	for _, s := range r.Summary.Lengths {
		if s.Nodes != last {
			last = s.Nodes
			c.X = append(c.X, figure.Tick{At: float64(last), Label: strconv.Itoa(last)})
		}
	}
	return c
}
