package codingbench

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// bars draws a bar a contestant, of the medians.
func bars(s Summary) ([]byte, error) {
	var names []string
	var values plotter.Values
	for _, l := range s.Lines {
		if l.BytesPerCPUS != nil {
			names = append(names, l.Contestant)
			values = append(values, l.BytesPerCPUS.Median/giga)
		}
	}
	if len(values) == 0 {
		return nil, nil // interrupted before the first point
	}
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Recoding %d to %d inside the switch, k = %d, %d bytes", s.Plan.N, s.Plan.M, s.Plan.K, s.Plan.Size)
	p.Y.Label.Text, p.Y.Min = "GB of payload a CPU-second", 0
	b, err := plotter.NewBarChart(values, 36)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", ChartName, err)
	}
	b.Color, b.LineStyle.Width = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, 0
	p.Add(b)
	p.NominalX(names...)
	canvas := vgsvg.New(vg.Length(560), 320)
	p.Draw(draw.New(canvas))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return nil, fmt.Errorf("draw %s: %w", ChartName, err)
	}
	return svg.Bytes(), nil
}
