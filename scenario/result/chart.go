package result

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Lengths of a chart, in points.
const (
	chartWidth  = vg.Length(760)
	chartHeight = vg.Length(420)
)

// drawnLines bounds the lines of a chart: more cannot be told apart.
const drawnLines = 8

// lineColors can be told apart by readers who do not see red and green alike (Okabe
// and Ito's palette).
var lineColors = [drawnLines]color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, {R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
	{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, {R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	{R: 0x44, G: 0x44, B: 0x44, A: 0xff}, {R: 0x8c, G: 0x6d, B: 0x31, A: 0xff},
}

var (
	eventColor = color.RGBA{R: 0xaa, G: 0xaa, B: 0xaa, A: 0xff}
	gridColor  = color.RGBA{R: 0xe3, G: 0xe3, B: 0xe3, A: 0xff}
)

// curve is the throughput of one node or link over time.
type curve struct {
	name   string
	points plotter.XYs // seconds, KBps
	mean   float64
}

// writeCharts draws throughput over time, of nodes and of links, as SVG and PNG.
func (r *Run) writeCharts(dir string) (written []string, err error) {
	for _, kind := range []struct {
		name  string
		draw  bool
		count int
	}{{"node", r.Plan.Record.Nodes, len(r.Plan.Nodes)}, {"link", r.Plan.Record.Links, len(r.Links)}} {
		if !kind.draw || kind.count == 0 || len(r.Samples) < 2 {
			continue
		}
		p, err := r.chart(kind.name)
		if err != nil {
			return written, fmt.Errorf("draw the chart of %ss: %w", kind.name, err)
		}
		for _, form := range []struct {
			suffix string
			write  func(*plot.Plot, io.Writer) error
		}{{".svg", writeSVG}, {".png", writePNG}} {
			path := filepath.Join(dir, "throughput-"+kind.name+"s"+form.suffix)
			if err := writeFile(path, func(w io.Writer) error { return form.write(p, w) }); err != nil {
				return written, fmt.Errorf("write %s: %w", path, err)
			}
			written = append(written, path)
		}
	}
	return written, nil
}

// curves are the throughputs of all nodes or links, the largest first.
func (r *Run) curves(kind string) []curve {
	byName := make(map[string]int)
	var cs []curve
	// The function that collects rows never fails.
	_ = r.Rows(func(row Row) error {
		if row.Kind != kind || row.App != "" || row.AtS > r.Ended.Seconds() {
			return nil // what drains afterwards is no throughput
		}
		i, ok := byName[row.Name]
		if !ok {
			i = len(cs)
			byName[row.Name] = i
			cs = append(cs, curve{name: row.Name})
		}
		kbps := row.ThroughputBps / 1e3
		cs[i].points = append(cs[i].points, plotter.XY{X: row.AtS, Y: kbps})
		cs[i].mean += kbps
		return nil
	})
	slices.SortStableFunc(cs, func(a, b curve) int { return cmp.Compare(b.mean, a.mean) })
	return cs
}

func (r *Run) chart(kind string) (*plot.Plot, error) {
	cs := r.curves(kind)
	p := plot.New()
	for _, f := range []*font.Font{&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Variant = "Sans"
	}
	p.Title.Text = fmt.Sprintf("%s: throughput of %ss, world %s, seed %d", r.Plan.Name, kind, r.World, r.Plan.Seed)
	if len(cs) > drawnLines {
		p.Title.Text += fmt.Sprintf(" (the %d largest of %d)", drawnLines, len(cs))
		cs = cs[:drawnLines]
	}
	p.Title.TextStyle.Font.Size = 12
	p.Title.Padding = 8
	p.X.Label.Text, p.Y.Label.Text = "seconds", "KBps with headers"
	p.X.Min, p.Y.Min = 0, 0
	p.Legend.Top = true
	p.Legend.XOffs = -8
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = gridColor
	p.Add(grid)
	for i, c := range cs {
		l, err := plotter.NewLine(c.points)
		if err != nil {
			return nil, err
		}
		l.Color, l.Width = lineColors[i], 1.8
		p.Add(l)
		p.Legend.Add(c.name, l)
	}
	p.Y.Max = max(p.Y.Max*1.15, 1) // room for the legend
	p.X.Max = max(p.X.Max*1.12, 1)
	p.Add(eventLines{r.Events, r.Ended})
	return p, nil
}

// eventLines marks what happened in the timeline.
type eventLines struct {
	events []Event
	end    time.Duration
}

// drawnEvents bounds the marks: with more, as in churn, they would hide the lines.
const drawnEvents = 12

// Plot implements plot.Plotter.
func (e eventLines) Plot(c draw.Canvas, p *plot.Plot) {
	if len(e.events) > drawnEvents {
		return
	}
	toX, _ := p.Transforms(&c)
	style := p.X.Tick.Label
	style.Rotation, style.Font.Size, style.Color = 1.5707963, 7, eventColor
	style.XAlign, style.YAlign = draw.XLeft, draw.YBottom
	for _, ev := range e.events {
		if ev.At == 0 || ev.At >= e.end {
			continue
		}
		x := toX(ev.At.Seconds())
		c.StrokeLine2(draw.LineStyle{Color: eventColor, Width: 0.7, Dashes: []vg.Length{3, 3}}, x, c.Min.Y, x, c.Max.Y)
		c.FillText(style, vg.Point{X: x - 1, Y: c.Min.Y + 4}, ev.What)
	}
}

func writeSVG(p *plot.Plot, w io.Writer) error {
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return err
	}
	// The canvas names only the font that it measured with; the others are like it.
	_, err := w.Write(bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")))
	return err
}

func writePNG(p *plot.Plot, w io.Writer) error {
	const dotsPerInch = 144
	canvas := vgimg.NewWith(vgimg.UseWH(chartWidth, chartHeight), vgimg.UseDPI(dotsPerInch))
	p.Draw(draw.New(canvas))
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return err
}
