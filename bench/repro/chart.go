package repro

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
	Fig4Chart     = "fig4.svg"
	TopologyChart = "topologies.svg"
)

// group is one bar of every place on the axis.
type group struct {
	name   string
	values plotter.Values
	color  color.Color
}

// Colors that readers who do not see red and green alike can tell apart.
var (
	grey   = color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xff}
	light  = color.RGBA{R: 0xcc, G: 0xcc, B: 0xcc, A: 0xff}
	blue   = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	orange = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
)

// WriteFig4Chart draws the paper's figures beside ours into a directory and returns the
// file's name.
func WriteFig4Chart(points []Fig4Point, dir string) (string, error) {
	var places []string
	paper, ours := group{name: "paper, 2004", color: grey}, group{name: "measured", color: blue}
	world := World("")
	for _, p := range points {
		if p.PaperPerS == nil {
			continue
		}
		places = append(places, fmt.Sprintf("%s\n%s", p.Node, p.Case))
		paper.values = append(paper.values, *p.PaperPerS/kilo)
		ours.values = append(ours.values, p.UsefulPerS/kilo)
		world = p.World
	}
	return writeBars(filepath.Join(dir, Fig4Chart), fmt.Sprintf("Fig. 4: data received, %s", world), places, paper, ours)
}

// WriteTopologyChart draws the bounds of coding and routing and what was measured into a directory, and
// returns the file's name.
func WriteTopologyChart(points []TopologyPoint, dir string) (string, error) {
	var places []string
	bound, routable := group{name: "min cut", color: grey}, group{name: "most that trees carry", color: light}
	routed, coded := group{name: "routed", color: orange}, group{name: "coded", color: blue}
	for _, p := range points {
		places = append(places, p.Name+"\n"+p.conditions())
		bound.values = append(bound.values, p.BoundPerS/kilo)
		routable.values = append(routable.values, p.RoutablePerS/kilo)
		routed.values = append(routed.values, p.Routed/kilo)
		coded.values = append(coded.values, p.Coded/kilo)
	}
	return writeBars(filepath.Join(dir, TopologyChart), "Multicast throughput beside its bounds", places, bound, coded, routable, routed)
}

func writeBars(path, title string, places []string, groups ...group) (string, error) {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, "KBps"
	p.Y.Min = 0
	p.Legend.Top = true
	const width = vg.Length(14)
	for i, g := range groups {
		bars, err := plotter.NewBarChart(g.values, width)
		if err != nil {
			return "", fmt.Errorf("draw %s: %w", filepath.Base(path), err)
		}
		bars.Color, bars.LineStyle.Width = g.color, 0
		bars.Offset = width * (vg.Length(i) - vg.Length(len(groups)-1)/2)
		p.Add(bars)
		p.Legend.Add(g.name, bars)
	}
	p.NominalX(places...)
	most := 0.0
	for _, g := range groups {
		for _, v := range g.values {
			most = max(most, v)
		}
	}
	p.Y.Max = 1.25 * most // room for the legend
	canvas := vgsvg.New(vg.Length(max(480, (20+14*len(groups))*len(places))), 320)
	p.Draw(draw.New(canvas))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return "", fmt.Errorf("draw %s: %w", filepath.Base(path), err)
	}
	if err := os.WriteFile(path, svg.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write a chart: %w", err)
	}
	return path, nil
}
