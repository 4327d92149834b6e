package bench

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// ChartAgreement is the file that WriteAgreementChart makes.
const ChartAgreement = "agreement.svg"

// agreementBound is what the worlds are held to, in percent.
const agreementBound = 2

// agreementColors can be told apart by readers who do not see red and green alike.
var agreementColors = []color.RGBA{{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}}

// WriteAgreementChart draws how far each link is off the oracle, over its rate, into a
// directory, and returns the file's path.
func WriteAgreementChart(rows []AgreementRow, worlds []string, dir string) (string, error) {
	p := plot.New()
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
	}
	p.Title.Text = "Steady throughput of each link against a max-min fluid oracle"
	p.Title.Padding = 8
	p.X.Label.Text, p.Y.Label.Text = "oracle, KBps with headers", "off, percent"
	p.Y.Min, p.Y.Max = -1.5*agreementBound, 1.5*agreementBound
	p.Legend.Top = true
	highest := 1.0
	for i, w := range worlds {
		var points plotter.XYs
		for _, r := range rows {
			if off := r.Off[w]; off != nil {
				points = append(points, plotter.XY{X: r.Oracle / 1e3, Y: *off})
				highest = max(highest, r.Oracle/1e3)
				p.Y.Min, p.Y.Max = min(p.Y.Min, *off), max(p.Y.Max, *off)
			}
		}
		if len(points) == 0 {
			continue // interrupted before that world
		}
		s, err := plotter.NewScatter(points)
		if err != nil {
			return "", fmt.Errorf("bench: draw %s: %w", ChartAgreement, err)
		}
		s.GlyphStyle = draw.GlyphStyle{Color: agreementColors[i%len(agreementColors)], Radius: 2.5, Shape: draw.CircleGlyph{}}
		p.Add(s)
		p.Legend.Add(w, s)
	}
	for _, y := range []float64{-agreementBound, 0, agreementBound} {
		l, err := plotter.NewLine(plotter.XYs{{X: 0, Y: y}, {X: 1.05 * highest, Y: y}})
		if err != nil {
			return "", fmt.Errorf("bench: draw %s: %w", ChartAgreement, err)
		}
		l.Color, l.Dashes = color.Gray{Y: 0x66}, []vg.Length{4, 3}
		p.Add(l)
	}
	const width, height = vg.Length(720), vg.Length(400)
	canvas := vgsvg.New(width, height)
	p.Draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", fmt.Errorf("bench: draw %s: %w", ChartAgreement, err)
	}
	path := filepath.Join(dir, ChartAgreement)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("bench: make a directory: %w", err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("bench: write a chart: %w", err)
	}
	return path, nil
}
