package figure

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CDF is a chart of distributions: the share of values up to each.
type CDF struct {
	Title, Axis, Share string  // Share: of what, as in "share of nodes"
	Right              float64 // the end of the axis; 0: that of the values
	Curves             []Curve
}

// Curve is one distribution.
type Curve struct {
	Name   string
	Values []float64
}

// Colors that readers who do not see red and green alike can tell apart (Okabe and Ito).
var cdfColors = []color.Color{
	color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xff},
	color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
	color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff},
	color.RGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
}

// mostSteps is how many steps a curve is drawn with: more cannot be seen.
const mostSteps = 400

// Write draws the chart into an SVG file.
func (c *CDF) Write(path string) error {
	svg, err := SVG(c)
	if err != nil {
		return fmt.Errorf("draw %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, svg, 0o644); err != nil {
		return fmt.Errorf("write a chart: %w", err)
	}
	return nil
}

// Size implements Picture.
func (c *CDF) Size() (width, height vg.Length) { return 520, 320 }

// Draw implements Picture. Curves without values are left out, and keep their colour.
func (c *CDF) Draw(page draw.Canvas) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.Axis, c.Share
	p.X.Min, p.Y.Min, p.Y.Max = 0, 0, 1
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(-8), vg.Points(4)
	p.Add(plotter.NewGrid())
	for i, curve := range c.Curves {
		if len(curve.Values) == 0 {
			continue
		}
		line, err := plotter.NewLine(steps(slices.Sorted(slices.Values(curve.Values))))
		if err != nil {
			return fmt.Errorf("curve %s: %w", curve.Name, err)
		}
		line.StepStyle, line.Color, line.Width = plotter.PreStep, cdfColors[i%len(cdfColors)], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(curve.Name, line)
	}
	if c.Right > 0 {
		p.X.Max = c.Right
	}
	p.Draw(page)
	return nil
}

// steps are the points of the share of values up to each.
func steps(sorted []float64) plotter.XYs {
	n := len(sorted)
	points := plotter.XYs{{X: sorted[0], Y: 0}}
	for k := range min(n, mostSteps) {
		i := (k+1)*n/min(n, mostSteps) - 1
		points = append(points, plotter.XY{X: sorted[i], Y: float64(i+1) / float64(n)})
	}
	return points
}
