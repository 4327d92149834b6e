package figure

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Graph is a picture of an overlay: nodes at places, and links between them as arrows.
type Graph struct {
	Title         string
	Width, Height vg.Length // 0: 360 by 300
	Small         bool      // dots with no circle around their names, for many nodes
	Vertices      []Vertex
	Edges         []Edge
}

// Vertex is a node. X and Y are in any unit: what is drawn is fitted into the picture, Y upwards.
type Vertex struct {
	X, Y  float64
	Label string // in it, or beside it if Small
	Note  string // below it, or beside it if it sends; lines separated by \n
	Faint bool   // it takes no part
	Mark  bool   // it stands out, as the source does
}

// Edge is a link from one vertex to another.
type Edge struct {
	From, To int
	Label    string
}

var (
	graphBlue   = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	graphOrange = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
	graphFaint  = color.RGBA{R: 0xbb, G: 0xbb, B: 0xbb, A: 0xff}
)

// Size implements Picture.
func (g *Graph) Size() (width, height vg.Length) {
	width, height = g.Width, g.Height
	if width == 0 {
		width = 360
	}
	if height == 0 {
		height = 300
	}
	return width, height
}

const (
	graphSide   = vg.Length(52) // around what is drawn, for notes
	graphTop    = vg.Length(44)
	graphBottom = vg.Length(46)
)

// Draw implements Picture.
func (g *Graph) Draw(page draw.Canvas) error {
	page.FillPolygon(color.White, []vg.Point{page.Min, {X: page.Max.X, Y: page.Min.Y}, page.Max, {X: page.Min.X, Y: page.Max.Y}})
	title := words(11, ink)
	title.XAlign, title.YAlign = text.XCenter, text.YTop
	page.FillText(title, vg.Point{X: (page.Min.X + page.Max.X) / 2, Y: page.Max.Y - 8}, g.Title)
	at := g.places(page)
	radius := vg.Length(12)
	if g.Small {
		radius = 2.5
	}
	for _, e := range g.Edges {
		g.arrow(page, at[e.From], at[e.To], radius, e.Label)
	}
	sends := make(map[int]bool)
	for _, e := range g.Edges {
		sends[e.From] = true
	}
	for i, v := range g.Vertices {
		g.vertex(page, at[i], radius, v, sends[i])
	}
	return nil
}

// places fits the vertices into the page.
func (g *Graph) places(page draw.Canvas) []vg.Point {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, v := range g.Vertices {
		minX, minY, maxX, maxY = min(minX, v.X), min(minY, v.Y), max(maxX, v.X), max(maxY, v.Y)
	}
	spread := func(v, low, high float64) vg.Length {
		if high <= low {
			return 0.5
		}
		return vg.Length((v - low) / (high - low))
	}
	inner := draw.Crop(page, graphSide, -graphSide, graphBottom, -graphTop)
	at := make([]vg.Point, len(g.Vertices))
	for i, v := range g.Vertices {
		at[i] = vg.Point{X: inner.Min.X + spread(v.X, minX, maxX)*(inner.Max.X-inner.Min.X),
			Y: inner.Min.Y + spread(v.Y, minY, maxY)*(inner.Max.Y-inner.Min.Y)}
	}
	return at
}

func (g *Graph) arrow(page draw.Canvas, from, to vg.Point, radius vg.Length, label string) {
	dx, dy := to.X-from.X, to.Y-from.Y
	length := vg.Length(math.Hypot(float64(dx), float64(dy)))
	if length < 2*radius {
		return // at one place
	}
	dx, dy = dx/length, dy/length
	tip := vg.Point{X: to.X - radius*dx, Y: to.Y - radius*dy}
	line := draw.LineStyle{Color: soft, Width: 1}
	head := vg.Length(6)
	if g.Small {
		line.Width, head = 0.6, 4
	}
	page.StrokeLines(line, []vg.Point{{X: from.X + radius*dx, Y: from.Y + radius*dy}, tip})
	page.FillPolygon(soft, []vg.Point{tip,
		{X: tip.X - head*dx + head/2.5*dy, Y: tip.Y - head*dy - head/2.5*dx},
		{X: tip.X - head*dx - head/2.5*dy, Y: tip.Y - head*dy + head/2.5*dx}})
	if label == "" {
		return
	}
	note := words(8.5, graphBlue)
	note.YAlign = text.YCenter
	x := (from.X+to.X)/2 + 4
	if dx*dy > 0 { // it rises to the right, or falls to the left: beside it is free on the left
		note.XAlign, x = text.XRight, x-8
	}
	page.FillText(note, vg.Point{X: x, Y: (from.Y + to.Y) / 2}, label)
}

func (g *Graph) vertex(page draw.Canvas, at vg.Point, radius vg.Length, v Vertex, sends bool) {
	c := graphBlue
	switch {
	case v.Mark:
		c = graphOrange
	case v.Faint:
		c = graphFaint
	}
	page.DrawGlyphNoClip(draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}, at)
	if g.Small {
		if v.Label != "" {
			beside := words(7, ink)
			page.FillText(beside, vg.Point{X: at.X + 4, Y: at.Y + 2}, v.Label)
		}
		return
	}
	name := words(9.5, color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff})
	name.XAlign, name.YAlign = text.XCenter, text.YCenter
	page.FillText(name, vg.Point{X: at.X, Y: at.Y}, v.Label)
	if v.Note == "" {
		return
	}
	note := words(8.5, ink)
	note.XAlign, note.YAlign = text.XCenter, text.YTop
	from := vg.Point{X: at.X, Y: at.Y - radius - 2}
	if sends { // below it are its links
		note.XAlign = text.XLeft
		from = vg.Point{X: at.X + radius + 3, Y: at.Y + 12}
	}
	for i, line := range strings.Split(v.Note, "\n") {
		page.FillText(note, vg.Point{X: from.X, Y: from.Y - vg.Length(i)*10}, line)
	}
}
