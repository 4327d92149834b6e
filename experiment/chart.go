package experiment

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Lengths of a chart, in points: as wide as a column and a half of a paper.
const (
	chartWidth  = vg.Length(460)
	chartHeight = vg.Length(300)
	barCap      = vg.Length(5)
	dodge       = vg.Length(4) // between the bars of two lines at one place
)

// lineColors can be told apart by readers who do not see red and green alike (Okabe and
// Ito's palette); on paper without colours the glyphs tell.
var lineColors = [maxLines]color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, {R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
	{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, {R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	{R: 0x44, G: 0x44, B: 0x44, A: 0xff}, {R: 0x8c, G: 0x6d, B: 0x31, A: 0xff},
}

var lineGlyphs = [maxLines]draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.RingGlyph{},
	draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}}

var lineDashes = [maxLines][]vg.Length{nil, {6, 3}, {2, 2}, {8, 3, 2, 3}, {4, 2}, {1, 2}, {10, 4}, {6, 2, 1, 2}}

var gridColor = color.RGBA{R: 0xe3, G: 0xe3, B: 0xe3, A: 0xff}

// dot is one value, with the ends of its interval.
type dot struct{ x, y, low, high float64 }

type line struct {
	name string
	dots []dot
}

// picture is a chart before it is drawn.
type picture struct {
	title, caption, x, y string
	names                []string // of the places 0, 1, ... on the x axis; nil: it has numbers
	lines                []line
	bars, steps          bool
	left                 int // lines that are too many
}

// add puts a dot on the line of a name.
func (p *picture) add(name string, d dot) {
	for i := range p.lines {
		if p.lines[i].name == name {
			p.lines[i].dots = append(p.lines[i].dots, d)
			return
		}
	}
	p.lines = append(p.lines, line{name, []dot{d}})
}

// draw makes the figure.
func (p *picture) draw() (Figure, error) {
	if n := len(p.lines); n > maxLines {
		p.left, p.lines = n-maxLines, p.lines[:maxLines]
		p.caption += fmt.Sprintf(" %d of %d lines are drawn; the tables have all.", maxLines, n)
	}
	f := Figure{Caption: p.caption}
	c := p.plot()
	svg := vgsvg.New(chartWidth, chartHeight)
	c.Draw(draw.New(svg))
	var b bytes.Buffer
	if _, err := svg.WriteTo(&b); err != nil {
		return f, err
	}
	// The canvas names only the font that it measured with; the others are like it.
	f.SVG = bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	const dotsPerInch = 200
	png := vgimg.NewWith(vgimg.UseWH(chartWidth, chartHeight), vgimg.UseDPI(dotsPerInch))
	c.Draw(draw.New(png))
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: png}).WriteTo(&out); err != nil {
		return f, err
	}
	f.PNG = out.Bytes()
	return f, nil
}

func (p *picture) plot() *plot.Plot {
	c := plot.New()
	for _, f := range []*font.Font{&c.Title.TextStyle.Font, &c.X.Label.TextStyle.Font, &c.Y.Label.TextStyle.Font,
		&c.X.Tick.Label.Font, &c.Y.Tick.Label.Font, &c.Legend.TextStyle.Font} {
		f.Variant, f.Size = "Sans", 9
	}
	c.Title.Text, c.X.Label.Text, c.Y.Label.Text = p.title, p.x, p.y
	c.Title.TextStyle.Font.Size, c.Title.Padding = 10, 6
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, gridColor
	c.Add(grid)
	for i := range p.lines {
		c.Add(&drawn{p: p, of: i})
		if p.lines[i].name != "" {
			c.Legend.Add(p.lines[i].name, &drawn{p: p, of: i})
		}
	}
	p.limits(c)
	if p.names != nil {
		var ticks []plot.Tick
		for i, name := range p.names {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: name})
		}
		c.X.Tick.Marker = plot.ConstantTicks(ticks)
	}
	c.Legend.Top, c.Legend.Left, c.Legend.XOffs, c.Legend.Padding = true, p.steps, -6, 2
	if p.steps {
		c.Legend.XOffs = 6
	}
	return c
}

// limits sets what the axes reach, with room for the legend above.
func (p *picture) limits(c *plot.Plot) {
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range p.lines {
		for _, d := range l.dots {
			lowX, highX = min(lowX, d.x), max(highX, d.x)
			if p.steps {
				lowY, highY = 0, 1
				continue
			}
			lowY, highY = min(lowY, d.low), max(highY, d.high)
		}
	}
	// A value axis begins at 0, unless what is drawn is far from it: then it would hide it.
	if lowY > 0 && lowY < 0.7*highY {
		lowY = 0
	}
	pad := func(low, high float64) float64 {
		if high > low {
			return 0.05 * (high - low)
		}
		return max(0.05*math.Abs(high), 1e-9)
	}
	x, y := pad(lowX, highX), pad(lowY, highY)
	c.X.Min, c.X.Max = lowX-x, highX+x
	c.Y.Min, c.Y.Max = lowY, highY+y
	if lowY != 0 {
		c.Y.Min = lowY - y
	}
	if named := len(p.lines); named > 1 && !p.steps {
		c.Y.Max += (c.Y.Max - c.Y.Min) * 0.06 * float64(named)
	}
}

// drawn is one line of a picture on a canvas.
type drawn struct {
	p  *picture
	of int
}

func (v *drawn) style() (draw.LineStyle, draw.GlyphStyle) {
	i := v.of
	return draw.LineStyle{Color: lineColors[i], Width: 1.4, Dashes: lineDashes[i]},
		draw.GlyphStyle{Color: lineColors[i], Radius: 2.8, Shape: lineGlyphs[i]}
}

// Plot implements plot.Plotter.
func (v *drawn) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	line, glyph := v.style()
	shift := vg.Length(0)
	if v.p.bars {
		shift = (vg.Length(v.of) - vg.Length(len(v.p.lines)-1)/2) * dodge
	}
	bar := draw.LineStyle{Color: line.Color, Width: 1}
	var points []vg.Point
	for _, d := range v.p.lines[v.of].dots {
		at := vg.Point{X: toX(d.x) + shift, Y: toY(d.y)}
		if v.p.steps && len(points) > 0 {
			points = append(points, vg.Point{X: at.X, Y: points[len(points)-1].Y})
		}
		points = append(points, at)
		if v.p.bars {
			low, high := toY(d.low), toY(d.high)
			c.StrokeLine2(bar, at.X, low, at.X, high)
			c.StrokeLine2(bar, at.X-barCap/2, low, at.X+barCap/2, low)
			c.StrokeLine2(bar, at.X-barCap/2, high, at.X+barCap/2, high)
		}
	}
	c.StrokeLines(line, points)
	if v.p.steps {
		return
	}
	for _, at := range points {
		c.DrawGlyph(glyph, at)
	}
}

// Thumbnail implements plot.Thumbnailer, for the legend.
func (v *drawn) Thumbnail(c *draw.Canvas) {
	line, glyph := v.style()
	y := c.Center().Y
	c.StrokeLine2(line, c.Min.X, y, c.Max.X, y)
	if !v.p.steps {
		c.DrawGlyph(glyph, c.Center())
	}
}
