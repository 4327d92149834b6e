package topology

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	"gonum.org/v1/gonum/spatial/r2"
)

const (
	nodeRadius = 14.0
	margin     = 40.0 // below, for the title
	mostNames  = 300  // with more nodes their names would cover everything; they stay as tooltips
	mostRates  = 40   // and the same of the rates of links
)

// SVG writes the graph as a picture that needs nothing else to be drawn: nodes that are
// down dashed and grey, those that have crashed red, and links the wider the more they
// carry. The rates of links are written where there are few, and are tooltips always.
func (g *Graph) SVG(w io.Writer) error {
	at, size := g.place()
	small := 1.0
	if len(g.Nodes) > mostNames {
		small = 0.4
	}
	width0 := max(size.X, 420)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif" font-size="11">`+"\n",
		width0, size.Y+margin, width0, size.Y+margin)
	b.WriteString(`<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0L8,4L0,8z" fill="#4477aa"/></marker></defs>` + "\n")
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	most := g.most()
	for _, l := range g.Links {
		g.svgLink(&b, l, at, most, small)
	}
	for i, n := range g.Nodes {
		svgNode(&b, n, at[i], nodeRadius*small, len(g.Nodes) <= mostNames)
	}
	fmt.Fprintf(&b, `<text x="8" y="%.0f" fill="#333333">%s</text>`+"\n</svg>\n", size.Y+margin-14, html.EscapeString(g.title()))
	_, err := io.WriteString(w, b.String())
	return err
}

// svgLink draws a link, a little to its right, so that those of both ways are seen.
func (g *Graph) svgLink(b *strings.Builder, l Link, at []r2.Vec, most, small float64) {
	about := fmt.Sprintf("%v -> %v: %s, %d messages", g.Nodes[l.From], g.Nodes[l.To], rateText(l.Rate), l.Msgs)
	thick := width(l.Rate, most, 0.6, 6*small)
	from, to := at[l.From], at[l.To]
	way := r2.Sub(to, from)
	long := math.Hypot(way.X, way.Y)
	if long < 1e-9 { // to itself, or two nodes in one place
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="none" stroke="#4477aa" stroke-width="%.2f"><title>%s</title></circle>`+"\n",
			from.X+nodeRadius, from.Y-nodeRadius, nodeRadius*small, thick, html.EscapeString(about))
		return
	}
	unit := r2.Scale(1/long, way)
	aside := r2.Scale(4*small, r2.Vec{X: -unit.Y, Y: unit.X})
	edge := r2.Scale(min(nodeRadius*small+1, long/3), unit)
	from, to = r2.Add(r2.Add(from, aside), edge), r2.Sub(r2.Add(to, aside), edge)
	fmt.Fprintf(b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#4477aa" stroke-opacity="0.7" stroke-width="%.2f" marker-end="url(#arrow)"><title>%s</title></line>`+"\n",
		from.X, from.Y, to.X, to.Y, thick, html.EscapeString(about))
	if len(g.Links) <= mostRates {
		text := r2.Add(r2.Add(from, r2.Scale(0.6, r2.Sub(to, from))), r2.Scale(1.5, aside))
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" font-size="8" fill="#444444" text-anchor="middle" paint-order="stroke" stroke="white" stroke-width="2">%s</text>`+"\n", text.X, text.Y, rateText(l.Rate))
	}
}

func svgNode(b *strings.Builder, n Node, at r2.Vec, radius float64, named bool) {
	fill, stroke, dash, about := "#ddeeff", "#224466", "", n.String()
	switch n.State {
	case Down:
		fill, stroke, dash, about = "#f4f4f4", "#999999", ` stroke-dasharray="3 2"`, fmt.Sprintf("%v, ended at %v", n, n.Ended)
	case Crashed:
		fill, stroke, dash, about = "#fbe9e5", "#cc3311", ` stroke-dasharray="3 2"`, fmt.Sprintf("%v, crashed at %v", n, n.Ended)
	case Foreign:
		fill, dash = "#ffffff", ` stroke-dasharray="1 2"`
	}
	fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="%s"%s><title>%s</title></circle>`+"\n",
		at.X, at.Y, radius, fill, stroke, dash, html.EscapeString(about))
	if named {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle" fill="%s">%s</text>`+"\n", at.X, at.Y+4, stroke, html.EscapeString(n.String()))
	}
}
