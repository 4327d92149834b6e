package codes

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// ChartName is the chart's.
const ChartName = "codes.svg"

// Colors that readers who do not see red and green alike can tell apart, one for each size of blocks.
var colors = []color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, {R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, {R: 0x99, G: 0x99, B: 0x99, A: 0xff},
}

// WriteChart draws overhead, delay and CPU time of all codes, one above the other, into a directory, and
// returns the file's name.
func WriteChart(points []Point, dir string) (string, error) {
	panels := []struct {
		label string
		of    func(Point) float64
	}{
		{"packets beyond k, %", func(p Point) float64 { return 100 * p.ExtraMean / float64(p.K) }},
		{"delay, % of a block's time", func(p Point) float64 { return 100 * p.DelayMean / float64(p.K) }},
		{"encoding, GB a CPU-second", func(p Point) float64 { return p.Encode() / 1e3 }},
		{"decoding, GB a CPU-second", func(p Point) float64 { return p.Decode() / 1e3 }},
	}
	canvas := vgsvg.New(vg.Length(760), vg.Length(230*len(panels)))
	tiles := draw.Tiles{Cols: 1, Rows: len(panels), PadY: 12}
	all := draw.New(canvas)
	for row, panel := range panels {
		p, err := bars(points, panel.label, panel.of)
		if err != nil {
			return "", err
		}
		if row == 0 {
			p.Title.Text = fmt.Sprintf("Codes for blocks of k packets of %d bytes, %g%% lost", points[0].Size, 100*points[0].Loss)
		}
		p.Draw(tiles.At(all, 0, row))
	}
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return "", fmt.Errorf("draw %s: %w", ChartName, err)
	}
	path := filepath.Join(dir, ChartName)
	if err := os.WriteFile(path, svg.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}

// bars is one panel: for each code a bar for each size of blocks.
func bars(points []Point, label string, of func(Point) float64) (*plot.Plot, error) {
	var names []string
	var ks []int
	for _, p := range points {
		if !slices.Contains(names, p.Code) {
			names = append(names, p.Code)
		}
		if !slices.Contains(ks, p.K) {
			ks = append(ks, p.K)
		}
	}
	p := plot.New()
	p.Y.Label.Text, p.Y.Min = label, 0
	p.Legend.Top, p.Legend.Left = true, true
	const width = vg.Length(20)
	most := 0.0
	for i, k := range ks {
		values := make(plotter.Values, len(names))
		for _, point := range points {
			if point.K == k {
				v := of(point)
				values[slices.Index(names, point.Code)] = v
				most = max(most, v)
			}
		}
		b, err := plotter.NewBarChart(values, width)
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", ChartName, err)
		}
		b.Color, b.LineStyle.Width = colors[i%len(colors)], 0
		b.Offset = width * (vg.Length(i) - vg.Length(len(ks)-1)/2)
		p.Add(b)
		p.Legend.Add(fmt.Sprint("k = ", k), b)
	}
	p.Y.Max = 1.3*most + 1e-9 // room for the legend
	p.NominalX(names...)
	return p, nil
}
