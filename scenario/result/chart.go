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

// curves are the throughputs of all nodes or links, the largest first. A node that only
// sends has none.
func (r *Run) curves(kind string) []curve {
	silent := make(map[string]bool)
	for _, a := range r.Plan.Apps {
		if r.Total(a.Node, all).Msgs == 0 {
			silent[r.Plan.Nodes[a.Node].Name] = true
		}
	}
	byName := make(map[string]int)
	var cs []curve
	// The function that collects rows never fails.
	_ = r.Rows(func(row Row) error {
		if row.Kind != kind || row.App != "" || row.AtS > r.Ended.Seconds() || kind == "node" && silent[row.Name] {
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
	if err := addCurves(p, kind, cs); err != nil {
		return nil, err
	}
	p.Y.Max = max(p.Y.Max*1.15, 1) // room for the legend
	p.X.Max = max(p.X.Max*1.12, 1)
	marks := eventLines{r.Events, r.Ended}
	if n := marks.inside(); len(n) > labelledEvents {
		p.Title.Text += fmt.Sprintf("\n%d events, marked below", len(n))
	}
	p.Add(marks)
	return p, nil
}

// addCurves draws each curve, or, if they are too many, what families they are.
func addCurves(p *plot.Plot, kind string, cs []curve) error {
	if len(cs) <= drawnLines {
		for i, c := range cs {
			if err := addLine(p, c.name, c.points, draw.LineStyle{Color: lineColors[i], Width: 1.8}); err != nil {
				return err
			}
		}
		return nil
	}
	fs := families(cs)
	p.Title.Text += fmt.Sprintf("\n%d %ss: median, 10%% to 90%%, and the worst of each group", len(cs), kind)
	for i, f := range fs {
		if err := addFamily(p, f, lineColors[i]); err != nil {
			return err
		}
	}
	return nil
}

func addFamily(p *plot.Plot, f family, c color.RGBA) error {
	if len(f.of) > 1 {
		band, err := plotter.NewPolygon(f.band(0.1, 0.9))
		if err != nil {
			return err
		}
		pale := c
		pale.A = 0x38 // the color is not premultiplied below
		band.Color, band.LineStyle.Width = color.NRGBA(pale), 0
		p.Add(band)
	}
	if err := addLine(p, f.title(), f.quantile(0.5), draw.LineStyle{Color: c, Width: 1.8}); err != nil || len(f.of) == 1 {
		return err
	}
	w := f.worst()
	return addLine(p, "worst: "+w.name, w.points, draw.LineStyle{Color: c, Width: 1, Dashes: []vg.Length{4, 2}})
}

func addLine(p *plot.Plot, name string, points plotter.XYs, style draw.LineStyle) error {
	l, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	l.LineStyle = style
	p.Add(l)
	p.Legend.Add(name, l)
	return nil
}

// eventLines marks what happened in the timeline.
type eventLines struct {
	events []Event
	end    time.Duration
}

// labelledEvents bounds the marks with words: with more, as in churn, they would hide the
// lines. More are marked without, and the title says how many they are.
const labelledEvents = 12

// inside are the events between the beginning and the end.
func (e eventLines) inside() []Event {
	return slices.DeleteFunc(slices.Clone(e.events), func(ev Event) bool { return ev.At <= 0 || ev.At >= e.end })
}

// Plot implements plot.Plotter.
func (e eventLines) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	style := p.X.Tick.Label
	style.Rotation, style.Font.Size, style.Color = 1.5707963, 7, eventColor
	style.XAlign, style.YAlign = draw.XLeft, draw.YBottom
	events := e.inside()
	if len(events) > labelledEvents {
		e.ticks(c, toX, events)
		return
	}
	for _, ev := range events {
		x := toX(ev.At.Seconds())
		c.StrokeLine2(draw.LineStyle{Color: eventColor, Width: 0.7, Dashes: []vg.Length{3, 3}}, x, c.Min.Y, x, c.Max.Y)
		c.FillText(style, vg.Point{X: x - 1, Y: c.Min.Y + 4}, ev.What)
	}
}

// ticks marks many events on the axis, each place once.
func (e eventLines) ticks(c draw.Canvas, toX func(float64) vg.Length, events []Event) {
	const height, apart = 6, 0.5
	last := vg.Length(-1)
	for _, ev := range events { // in order of time
		if x := toX(ev.At.Seconds()); x-last >= apart {
			c.StrokeLine2(draw.LineStyle{Color: eventColor, Width: 0.7}, x, c.Min.Y, x, c.Min.Y+height)
			last = x
		}
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
