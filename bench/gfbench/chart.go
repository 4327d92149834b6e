package gfbench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// ChartName is the chart that WriteChart makes.
const ChartName = "gf.svg"

// charted are the operations in the chart; dashed lines decode. The matrix work by itself is left out.
var charted = []struct {
	operation, label string
	stroke           figure.Stroke
}{
	{"mul-add", "multiply and add", figure.Solid},
	{"code-1", "one of 32", figure.Solid},
	{"code-4", "four of 32", figure.Solid},
	{"decode-dense", "decode 32 coded", figure.Dashed},
	{"decode-systematic", "decode 28+4", figure.Dashed},
}

// WriteChart draws how many times as fast as the library each operation is, over the size of packets, as an SVG file in a
// directory, and returns its name: at the highest level that was measured. It returns "" if nothing was.
func WriteChart(r Report, dir string) (string, error) {
	c := newChart(r)
	if len(c.Lines) == 0 {
		return "", nil // interrupted before the first point
	}
	picture, err := c.SVG()
	if err != nil {
		return "", fmt.Errorf("draw %s: %w", ChartName, err)
	}
	path := filepath.Join(dir, ChartName)
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}

func newChart(r Report) figure.Chart {
	level := r.Plan.Levels[len(r.Plan.Levels)-1].String()
	c := figure.Chart{
		Title: "GF(2^8) on packets", Unit: "times LowLevel", Decimals: 1, XLabel: "bytes of a packet",
		Subtitle: fmt.Sprintf("Level %s, one thread; medians of %d rounds, bars from smallest to largest", level, r.Plan.Rounds),
		Caption: []string{
			"LowLevel: what klauspost/reedsolomon offers for coefficients that come at random; for decoding (dashed), Gauss-Jordan with it.",
			fmt.Sprintf("Packets begin %d bytes past multiples of 64. %s, %s.", r.Plan.Offset, r.processor(), r.Env.GoVersion),
		},
	}
	for _, size := range r.Plan.Sizes {
		c.X = append(c.X, figure.Tick{At: float64(size), Label: strconv.Itoa(size)})
	}
	for _, one := range charted {
		l := figure.Line{Name: one.label, Stroke: one.stroke}
		for _, s := range r.Summary.Lines {
			if s.Operation == one.operation && s.Level == level && s.Ratio != nil {
				l.Points = append(l.Points, figure.Point{X: float64(s.Size), Median: s.Ratio.Median, Min: s.Ratio.Min, Max: s.Ratio.Max})
			}
		}
		if len(l.Points) > 0 {
			c.Lines = append(c.Lines, l)
		}
	}
	return c
}
