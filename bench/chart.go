package bench

import (
	"fmt"
	"os"
	"path/filepath"
)

// The charts that WriteCharts makes.
const (
	ChartPerCPU  = "chain-per-cpu-second.svg"
	ChartPerWall = "chain-wall-clock.svg"
)

// chart is one picture: a figure by length of chain, a line for each kind.
type chart struct {
	title, subtitle string
	unit            string // of the y axis and of the labels
	decimals        int    // of the labels
	nodes           []int  // ascending
	lines           []line
	caption         []string
}

// line is what one kind contributes to a chart.
type line struct {
	kind   string
	role   Role
	points []chartPoint
}

// chartPoint has its values in the chart's unit.
type chartPoint struct {
	nodes            int
	median, min, max float64
}

// WriteCharts draws a report as SVG files in a directory and returns their names: total bandwidth for each
// CPU-second, and by the clock, over the number of nodes.
func WriteCharts(r Report, dir string) ([]string, error) {
	charts := map[string]chart{
		ChartPerCPU: newChart(r, "Total bandwidth for each CPU-second", "GB/CPU-s", giga, 1,
			func(l LengthSummary) *Spread { return l.BytesPerCPUS }),
		ChartPerWall: newChart(r, "Total bandwidth by the clock", "MB/s", mega, 0,
			func(l LengthSummary) *Spread { return l.TotalBytesPerS }),
	}
	var written []string
	for _, name := range []string{ChartPerCPU, ChartPerWall} {
		if len(charts[name].lines) == 0 {
			continue // interrupted before the first point
		}
		picture, err := charts[name].svg()
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

func newChart(r Report, title, unit string, scale float64, decimals int, figure func(LengthSummary) *Spread) chart {
	c := chart{
		title: title,
		subtitle: fmt.Sprintf("Chain of nodes, %d-byte payloads back to back; total = end to end x links; median of %d rounds, bars from smallest to largest",
			r.Plan.PayloadBytes, r.Plan.Rounds),
		unit:     unit,
		decimals: decimals,
		caption: []string{
			fmt.Sprintf("Payload only; 1 MB = 10^6 bytes, 1 GB = 10^9. %s, %s, %s. Event loops: %d.",
				r.Env.CPUModel, r.Env.Kernel, r.Env.GoVersion, r.Plan.Loops),
			paperSource + ", total bandwidth:",
			paperValues() + ".",
		},
	}
	for _, k := range r.Plan.Kinds {
		l := line{kind: k.Name, role: k.Role}
		for _, s := range r.Summary.Lengths {
			if v := figure(s); s.Kind == k.Name && v != nil {
				l.points = append(l.points, chartPoint{
					nodes: s.Nodes, median: v.Median / scale, min: v.Min / scale, max: v.Max / scale})
			}
		}
		if len(l.points) > 0 {
			c.lines = append(c.lines, l)
		}
	}
	for _, s := range r.Summary.Lengths {
		if len(c.nodes) == 0 || c.nodes[len(c.nodes)-1] != s.Nodes {
			c.nodes = append(c.nodes, s.Nodes)
		}
	}
	return c
}
