package failures

import (
	"fmt"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// WriteChart draws the detection times as SVG: for each kind that has one, median
// and maximum in milliseconds, on a logarithmic scale.
func WriteChart(w io.Writer, sums []Summary) error {
	var names []string
	var medians, most plotter.Values
	for _, s := range sums {
		if s.DetectionMedian > 0 {
			names = append(names, s.Kind)
			medians, most = append(medians, s.DetectionMedian.Seconds()*1e3), append(most, s.DetectionMax.Seconds()*1e3)
		}
	}
	p := plot.New()
	p.Title.Text = "Detection of failures, median and maximum"
	p.Y.Label.Text = "ms"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	if len(names) > 0 {
		if err := addBars(p, medians, most); err != nil {
			return err
		}
		p.NominalX(names...)
	}
	p.Y.Min, p.Y.Max = 0.1, max(p.Y.Max, 1)
	const width, height = 16 * vg.Centimeter, 9 * vg.Centimeter
	out, err := p.WriterTo(width, height, "svg")
	if err != nil {
		return fmt.Errorf("draw the chart: %w", err)
	}
	if _, err := out.WriteTo(w); err != nil {
		return fmt.Errorf("write the chart: %w", err)
	}
	return nil
}

func addBars(p *plot.Plot, medians, most plotter.Values) error {
	for i, values := range []plotter.Values{medians, most} {
		pts := make(plotter.XYs, len(values))
		for j, v := range values {
			pts[j] = plotter.XY{X: float64(j), Y: v}
		}
		s, err := plotter.NewScatter(pts)
		if err != nil {
			return fmt.Errorf("draw the chart: %w", err)
		}
		s.Radius = vg.Points(float64(5 - 2*i)) // the median is the larger
		p.Add(s)
		p.Legend.Add([]string{"median", "maximum"}[i], s)
	}
	p.Legend.Top = true
	return nil
}
