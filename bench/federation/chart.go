package federation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// ShareChart is how near federations come to the best choice.
func ShareChart(all []*Outcome) figure.Picture {
	c := &figure.CDF{Title: "Federated against the best choice", Axis: "throughput at the last hop by that of the best instances", Share: "share of overlays", Right: 1.05}
	for _, policy := range slices.Backward(Policies) {
		curve := figure.Curve{Name: policy}
		for _, o := range all {
			if o.Policy == policy {
				curve.Values = append(curve.Values, o.share())
			}
		}
		c.Curves = append(c.Curves, curve)
	}
	return c
}

// Subgraph is the selected subgraph among all nodes, as the paper's figure 8: nodes in a circle, in the order of their names, and the links that
// carried data with their KBps.
func Subgraph(o *Overlay, out *Outcome) figure.Picture {
	g := &figure.Graph{Title: fmt.Sprintf("Fig. 8: the federated service, seed %d (KBps)", out.Seed), Width: 620, Height: 480}
	index := make(map[string]int)
	for i, n := range out.Nodewise {
		angle := 2 * math.Pi * float64(i) / float64(len(out.Nodewise))
		index[n.Name] = i
		g.Vertices = append(g.Vertices, figure.Vertex{Label: n.Name, Note: n.Service, X: math.Sin(angle), Y: math.Cos(angle),
			Faint: n.InKBps+n.OutKBps == 0, Mark: n.Service == o.Need.Steps[0].Service})
	}
	for _, l := range out.Links {
		g.Edges = append(g.Edges, figure.Edge{From: index[l.From], To: index[l.To], Label: fmt.Sprintf("%.0f", l.KBps)})
	}
	return g
}

// Overhead is the control messages that came to each node, as the paper's figure 9(a).
func Overhead(out *Outcome) figure.Picture {
	b := &figure.Bars{Title: fmt.Sprintf("Fig. 9(a): control messages by node, seed %d", out.Seed), Unit: "bytes",
		Groups: []figure.Group{{Name: "sAware"}, {Name: "sFederate"}}}
	for _, n := range out.Nodewise {
		b.Places = append(b.Places, n.Name)
		b.Groups[0].Values = append(b.Groups[0].Values, float64(n.AwareBytes))
		b.Groups[1].Values = append(b.Groups[1].Values, float64(n.FederateBytes))
	}
	return b
}

// Loads is the session's bandwidth by link and by node, each in descending order, as the paper's figure 9(b).
func Loads(out *Outcome) figure.Picture {
	links := slices.Clone(out.Links)
	slices.SortStableFunc(links, func(a, b Link) int { return cmp.Compare(b.KBps, a.KBps) })
	byLink := &figure.Bars{Title: "Fig. 9(b): by link, descending", Unit: "KBps", Groups: []figure.Group{{}}}
	for _, l := range links {
		byLink.Places = append(byLink.Places, l.From+"\n"+l.To)
		byLink.Groups[0].Values = append(byLink.Groups[0].Values, l.KBps)
	}
	nodes := slices.Clone(out.Nodewise)
	slices.SortStableFunc(nodes, func(a, b Node) int { return cmp.Compare(b.InKBps+b.OutKBps, a.InKBps+a.OutKBps) })
	byNode := &figure.Bars{Title: fmt.Sprintf("by node, descending, seed %d", out.Seed), Unit: "KBps", Groups: []figure.Group{{}}}
	for _, n := range nodes {
		byNode.Places = append(byNode.Places, n.Name)
		byNode.Groups[0].Values = append(byNode.Groups[0].Values, n.InKBps+n.OutKBps)
	}
	return figure.Side{byLink, byNode}
}
