package topology

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/layout"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"gonum.org/v1/gonum/spatial/r2"
)

// Where nodes are drawn: each part of the overlay that hangs together by the springs of
// Eades' heuristic, which gonum has, and the parts beside each other. Springs alone would
// drive parts without a link between them ever farther apart.

func sqrt(x float64) float64 { return math.Sqrt(max(x, 0)) }

// drawn is a graph without directions whose nodes come in a fixed order, so that the same
// trace gives the same picture; those of gonum/graph/simple come in that of a map.
type drawn struct {
	nodes []graph.Node
	near  map[int64][]graph.Node
}

func (d *drawn) Node(id int64) graph.Node       { return simple.Node(id) }
func (d *drawn) Nodes() graph.Nodes             { return iterator.NewOrderedNodes(d.nodes) }
func (d *drawn) From(id int64) graph.Nodes      { return iterator.NewOrderedNodes(d.near[id]) }
func (d *drawn) Edge(u, v int64) graph.Edge     { return d.EdgeBetween(u, v) }
func (d *drawn) HasEdgeBetween(u, v int64) bool { return slices.Contains(d.near[u], d.Node(v)) }

// EdgeBetween implements graph.Undirected.
func (d *drawn) EdgeBetween(u, v int64) graph.Edge {
	if !d.HasEdgeBetween(u, v) {
		return nil
	}
	return simple.Edge{F: d.Node(u), T: d.Node(v)}
}

// undirected is the graph without directions.
func (g *Graph) undirected() *drawn {
	d := &drawn{near: make(map[int64][]graph.Node, len(g.Nodes))}
	for i := range g.Nodes {
		d.nodes = append(d.nodes, simple.Node(i))
	}
	seen := make(map[[2]int]bool, len(g.Links))
	for _, l := range g.Links {
		ends := [2]int{min(l.From, l.To), max(l.From, l.To)}
		if l.From == l.To || seen[ends] {
			continue
		}
		seen[ends] = true
		d.near[int64(l.From)] = append(d.near[int64(l.From)], simple.Node(l.To))
		d.near[int64(l.To)] = append(d.near[int64(l.To)], simple.Node(l.From))
	}
	return d
}

// spacing is how far apart nodes should be, in units of the picture.
const spacing = 90.0

// place computes where each node is drawn, and how large the picture is. Everything is
// at least half a spacing within it.
func (g *Graph) place() (at []r2.Vec, size r2.Vec) {
	whole := g.undirected()
	at = make([]r2.Vec, len(g.Nodes))
	parts := topo.ConnectedComponents(whole)
	for _, p := range parts {
		slices.SortFunc(p, func(a, b graph.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	}
	slices.SortFunc(parts, func(a, b []graph.Node) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0].ID(), b[0].ID()))
	})
	// Parts go into rows, the large ones first; rows are about as wide as all is high.
	var area float64
	boxes := make([]r2.Vec, len(parts))
	for i, p := range parts {
		boxes[i] = placePart(whole, p, at)
		area += boxes[i].X * boxes[i].Y
	}
	wide, row := sqrt(area), r2.Vec{}
	height := 0.0
	for i, p := range parts {
		if row.X > 0 && row.X+boxes[i].X > max(wide, size.X) {
			row = r2.Vec{X: 0, Y: row.Y + height}
			height = 0
		}
		for _, n := range p {
			at[n.ID()] = r2.Add(at[n.ID()], row)
		}
		row.X += boxes[i].X
		height = max(height, boxes[i].Y)
		size = r2.Vec{X: max(size.X, row.X), Y: max(size.Y, row.Y+height)}
	}
	return at, size
}

// placePart places one part in a box of its own and returns the box.
func placePart(whole *drawn, part []graph.Node, at []r2.Vec) r2.Vec {
	if len(part) == 1 {
		at[part[0].ID()] = r2.Vec{X: spacing / 2, Y: spacing / 2}
		return r2.Vec{X: spacing, Y: spacing}
	}
	one := &drawn{nodes: part, near: whole.near}
	eades := layout.EadesR2{Updates: updates(len(part)), Repulsion: 1, Rate: 0.05, Theta: 0.2, Src: rand.NewPCG(1, 1)}
	o := layout.NewOptimizerR2(one, eades.Update)
	for o.Update() {
	}
	low, high := r2.Vec{X: math.Inf(1), Y: math.Inf(1)}, r2.Vec{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, n := range part {
		c := o.Coord2(n.ID())
		low, high = r2.Vec{X: min(low.X, c.X), Y: min(low.Y, c.Y)}, r2.Vec{X: max(high.X, c.X), Y: max(high.Y, c.Y)}
	}
	span := r2.Sub(high, low)
	scale := spacing * sqrt(float64(len(part))) / max(span.X, span.Y, 1e-9)
	for _, n := range part {
		at[n.ID()] = r2.Add(r2.Scale(scale, r2.Sub(o.Coord2(n.ID()), low)), r2.Vec{X: spacing / 2, Y: spacing / 2})
	}
	return r2.Add(r2.Scale(scale, span), r2.Vec{X: spacing, Y: spacing})
}

// updates is how often springs pull: large graphs get fewer pulls, so that a picture takes
// seconds at most.
func updates(nodes int) int { return min(max(1_000_000/nodes, 30), 1000) }
