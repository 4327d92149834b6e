package figure

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars is a chart of values at places that have no order of their own: a bar of each group at each place.
type Bars struct {
	Title, Unit string
	Places      []string
	Groups      []Group
}

// Group is one bar at each place, in the places' order.
type Group struct {
	Name   string
	Values []float64
	Color  color.Color // nil: the next of the common ones
}

const barWidth = vg.Length(14)

// Size implements Picture.
func (b *Bars) Size() (width, height vg.Length) {
	return vg.Length(max(480, (20+int(barWidth)*len(b.Groups))*len(b.Places))), 320
}

// Draw implements Picture.
func (b *Bars) Draw(page draw.Canvas) error {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = b.Title, b.Unit
	p.Y.Min = 0
	p.Legend.Top = true
	most := 0.0
	for i, g := range b.Groups {
		bars, err := plotter.NewBarChart(plotter.Values(g.Values), barWidth)
		if err != nil {
			return fmt.Errorf("bars of %s: %w", g.Name, err)
		}
		bars.Color, bars.LineStyle.Width = g.Color, 0
		if g.Color == nil {
			bars.Color = cdfColors[i%len(cdfColors)]
		}
		bars.Offset = barWidth * (vg.Length(i) - vg.Length(len(b.Groups)-1)/2)
		p.Add(bars)
		if g.Name != "" {
			p.Legend.Add(g.Name, bars)
		}
		for _, v := range g.Values {
			most = max(most, v)
		}
	}
	p.NominalX(b.Places...)
	p.X.Min, p.X.Max = -0.5, float64(len(b.Places))-0.5 // whole bars at both ends
	p.Y.Max = 1.25 * max(most, 1e-9)                    // room for the legend
	p.Draw(page)
	return nil
}
