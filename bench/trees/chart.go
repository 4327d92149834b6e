package trees

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The charts' names.
const (
	StressChart     = "fig7-stress.svg"
	ThroughputChart = "fig7-throughput.svg"
)

// Colors that readers who do not see red and green alike can tell apart, by policy.
var colors = []color.Color{
	color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xff},
	color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
	color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
}

// mostSteps is how many steps a curve is drawn with: more cannot be seen.
const mostSteps = 400

// WriteFig7Charts draws both parts of figure 7 into a directory: how many nodes have at most so much stress, and at most so much
// throughput. It returns the files.
func WriteFig7Charts(all []Outcome, dir string) ([]string, error) {
	stress := func(o Outcome) (float64, bool) { return o.Stress, true }
	data := func(o Outcome) (float64, bool) { return o.DataKBps, o.Depth > 0 }
	for _, c := range []struct {
		file, title, axis string
		figure            func(Outcome) (float64, bool)
	}{
		{StressChart, "Node stress", "degree by 100 KBps", stress},
		{ThroughputChart, "End-to-end throughput", "KBps", data},
	} {
		if err := writeCDF(filepath.Join(dir, c.file), c.title, c.axis, all, c.figure); err != nil {
			return nil, err
		}
	}
	return []string{filepath.Join(dir, StressChart), filepath.Join(dir, ThroughputChart)}, nil
}

func writeCDF(path, title, axis string, all []Outcome, figure func(Outcome) (float64, bool)) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, axis, "share of nodes"
	p.X.Min, p.Y.Min, p.Y.Max = 0, 0, 1
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(-8), vg.Points(4)
	p.Add(plotter.NewGrid())
	right := 0.0
	for i, policy := range Policies {
		xs := of(all, policy.Name, figure)
		if len(xs) == 0 {
			continue
		}
		line, err := plotter.NewLine(steps(xs))
		if err != nil {
			return fmt.Errorf("draw %s: %w", filepath.Base(path), err)
		}
		line.StepStyle, line.Color, line.Width = plotter.PreStep, colors[i%len(colors)], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(policy.Name, line)
		if policy.Name != "unicast" { // whose source is alone far to the right
			right = max(right, xs[len(xs)-1])
		}
	}
	if right > 0 {
		p.X.Max = 1.05 * right
	}
	canvas := vgsvg.New(520, 320)
	p.Draw(draw.New(canvas))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return fmt.Errorf("draw %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, svg.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write a chart: %w", err)
	}
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
