package figure

import (
	"fmt"
	"image/color"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lengths of a chart, in points.
const (
	chartWidth    = vg.Length(720)
	chartHeight   = vg.Length(440)
	chartMargin   = vg.Length(18)
	titleHeight   = vg.Length(48)
	captionHeight = vg.Length(66)
	labelWidth    = vg.Length(118) // to the right of the lines
	labelSpacing  = vg.Length(15)  // between two labels, at least
	lineSpacing   = vg.Length(13)  // of the caption
	barCap        = vg.Length(5)
	dodge         = vg.Length(4) // between the bars of two kinds at one length
)

var (
	ink  = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	soft = color.RGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xff}
	rule = color.RGBA{R: 0xe3, G: 0xe3, B: 0xe3, A: 0xff}
)

// kindColors can be told apart by readers who do not see red and green alike. Lines of other names take
// spareColors in turn.
var (
	kindColors = map[string]color.RGBA{
		"tcp":       {R: 0x00, G: 0x72, B: 0xb2, A: 0xff},
		"mem":       {R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
		"proc":      {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
		"goroutine": {R: 0x99, G: 0x99, B: 0x99, A: 0xff},
		"raw":       {R: 0x44, G: 0x44, B: 0x44, A: 0xff},
	}
	spareColors = []color.RGBA{
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
		{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
		{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
	}
)

// Size implements Picture.
func (c Chart) Size() (width, height vg.Length) { return chartWidth, chartHeight }

// SVG draws the chart, which must have a point at least.
func (c Chart) SVG() ([]byte, error) { return SVG(c) }

// Draw implements Picture.
func (c Chart) Draw(page draw.Canvas) error {
	c.draw(page)
	return nil
}

func (c Chart) draw(page draw.Canvas) {
	page.FillPolygon(color.White, []vg.Point{
		page.Min, {X: page.Max.X, Y: page.Min.Y}, page.Max, {X: page.Min.X, Y: page.Max.Y}})
	page = draw.Crop(page, chartMargin, -chartMargin, chartMargin, -chartMargin)
	c.drawWords(page)
	p := c.axes()
	for i, l := range c.Lines {
		p.Add(&curve{
			points: l.Points,
			stroke: l.Stroke,
			color:  c.colorOf(i),
			shift:  (vg.Length(i) - vg.Length(len(c.Lines)-1)/2) * dodge,
		})
	}
	area := draw.Crop(page, 0, -labelWidth, captionHeight, -titleHeight)
	p.Draw(area)
	c.drawLabels(p, area)
}

// drawWords sets the title above the lines and the caption below.
func (c Chart) drawWords(page draw.Canvas) {
	title := words(15, ink)
	title.Font.Weight = xfont.WeightBold
	title.YAlign = text.YTop
	page.FillText(title, vg.Point{X: page.Min.X, Y: page.Max.Y}, c.Title+", "+c.Unit)
	subtitle := words(9.5, soft)
	subtitle.YAlign = text.YTop
	page.FillText(subtitle, vg.Point{X: page.Min.X, Y: page.Max.Y - 21}, c.Subtitle+c.scaleNote())
	note := words(8.5, soft)
	for i, sentence := range c.Caption {
		y := page.Min.Y + vg.Length(len(c.Caption)-1-i)*lineSpacing
		page.FillText(note, vg.Point{X: page.Min.X, Y: y}, sentence)
	}
}

// axes returns an empty plot over a logarithmic axis.
func (c Chart) axes() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.X.Label.Text = c.XLabel
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.ConstantTicks(c.xTicks())
	p.X.Min, p.X.Max = c.X[0].At, c.X[len(c.X)-1].At
	if len(c.X) == 1 { // a logarithmic axis needs some width
		p.X.Min, p.X.Max = p.X.Min/2, p.X.Max*2
	}
	values := c.valueTicks()
	p.Y.Min, p.Y.Max = values[0].Value, values[len(values)-1].Value
	p.Y.Tick.Marker = plot.ConstantTicks(values)
	if c.logarithmic() {
		p.Y.Scale = plot.LogScale{}
	}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle = words(9.5, soft)
		axis.Tick.Label = alignedLike(axis.Tick.Label, words(9.5, soft))
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = rule, rule
		axis.Padding = 6
	}
	p.Y.Padding += dodge * vg.Length(len(c.Lines)) / 2 // the first bars must not cover the numbers
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = rule
	p.Add(grid)
	return p
}

func (c Chart) colorOf(i int) color.RGBA {
	if known, ok := kindColors[c.Lines[i].Name]; ok {
		return known
	}
	return spareColors[i%len(spareColors)]
}

// curve draws one kind: a line through the medians, and at each length a
// dot with a bar from the smallest to the largest value. Kinds are shifted a little to the side, so that no bar hides
// another.
type curve struct {
	points []Point
	stroke Stroke
	color  color.RGBA
	shift  vg.Length
}

// Plot implements plot.Plotter.
func (v *curve) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	bar := draw.LineStyle{Color: v.color, Width: 1}
	medians := make([]vg.Point, len(v.points))
	for i, point := range v.points {
		x := toX(point.X) + v.shift
		medians[i] = vg.Point{X: x, Y: toY(point.Median)}
		low, high := toY(point.Min), toY(point.Max)
		c.StrokeLine2(bar, x, low, x, high)
		for _, y := range []vg.Length{low, high} {
			c.StrokeLine2(bar, x-barCap/2, y, x+barCap/2, y)
		}
	}
	c.StrokeLines(v.lineStyle(), medians)
	for _, at := range medians {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: v.color, Radius: 3, Shape: draw.CircleGlyph{}}, at)
	}
}

func (v *curve) lineStyle() draw.LineStyle {
	if v.stroke == Dashed {
		return draw.LineStyle{Color: v.color, Width: 1.6, Dashes: []vg.Length{5, 3}}
	}
	return draw.LineStyle{Color: v.color, Width: 2.2}
}

// label is a kind's name and last value beside the end of its line.
type label struct {
	y     vg.Length
	text  string
	color color.RGBA
}

// drawLabels names the lines where they end, which spares the reader a legend.
func (c Chart) drawLabels(p *plot.Plot, area draw.Canvas) {
	inner := p.DataCanvas(area)
	_, toY := p.Transforms(&inner)
	var labels []label
	for i, l := range c.Lines {
		last := l.Points[len(l.Points)-1]
		labels = append(labels, label{
			y:     toY(last.Median),
			text:  fmt.Sprintf("%s  %.*f", l.Name, c.Decimals, last.Median),
			color: c.colorOf(i),
		})
	}
	for _, l := range apart(labels, inner.Max.Y) {
		style := words(10.5, l.color)
		style.YAlign = text.YCenter
		area.FillText(style, vg.Point{X: inner.Max.X + 16, Y: l.y + 1}, l.text)
	}
}

// apart moves labels down, from the top one on, until none covers another.
func apart(labels []label, top vg.Length) []label {
	slices.SortFunc(labels, func(a, b label) int {
		if a.y > b.y {
			return -1
		}
		return 1
	})
	highest := top
	for i := range labels {
		labels[i].y = min(labels[i].y, highest)
		highest = labels[i].y - labelSpacing
	}
	return labels
}

func words(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.From(font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"}, size),
		Handler: plot.DefaultTextHandler,
	}
}

// alignedLike returns b with the alignment of a.
func alignedLike(a, b text.Style) text.Style {
	b.XAlign, b.YAlign, b.Rotation = a.XAlign, a.YAlign, a.Rotation
	return b
}
