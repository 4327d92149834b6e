package repro

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/figure"
)

// DelayChart is the name of the delays' chart.
const DelayChart = "delay.svg"

// DelayTable shows delays to people.
func DelayTable(points []DelayPoint) string {
	w := table.NewWriter()
	w.SetStyle(bench.TableStyle())
	w.SetTitle("Delay of each message, from the source to delivery in order, in milliseconds of virtual time")
	w.AppendHeader(table.Row{"case", "way", "offered, KBps", "goodput", "delivered", "p50", "p95", "p99", "longest", "silence", "wrong"})
	right(w, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	ms := func(s float64) string { return fmt.Sprintf("%.0f", 1000*s) }
	last := ""
	for _, p := range points {
		if last != "" && p.Case != last {
			w.AppendSeparator()
		}
		last = p.Case
		w.AppendRow(table.Row{p.Case, p.Way, fmt.Sprintf("%.0f", p.Offered/kilo), fmt.Sprintf("%.0f", p.Goodput/kilo), fmt.Sprintf("%.2f%%", 100*p.Delivered),
			ms(p.P50), ms(p.P95), ms(p.P99), ms(p.Longest), ms(p.Silence), p.Wrong})
	}
	return w.Render()
}

// WriteDelayChart draws the distributions into a directory, a picture for each case side by side, and returns the file's name.
func WriteDelayChart(points []DelayPoint, dir string) (string, error) {
	var side figure.Side
	for _, c := range DelayCases() {
		title := fmt.Sprintf("%s, %v and %.0f%% lost a link", c.Name, c.Latency, 100*c.Loss)
		cdf := &figure.CDF{Title: title, Axis: "seconds from the source to delivery", Share: "share of messages delivered", Right: 2}
		some := false
		for _, p := range points {
			if p.Case == c.Name {
				cdf.Curves = append(cdf.Curves, figure.Curve{Name: fmt.Sprintf("%s (%.1f%%)", p.Way, 100*p.Delivered), Values: p.Quantiles})
				some = some || len(p.Quantiles) > 0
			}
		}
		if some {
			side = append(side, cdf)
		}
	}
	path := filepath.Join(dir, DelayChart)
	svg, err := figure.SVG(side)
	if err != nil {
		return "", fmt.Errorf("draw %s: %w", DelayChart, err)
	}
	if err := os.WriteFile(path, svg, 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}
