package trees

import (
	"fmt"

	"github.com/ioverlay/ioverlay/bench/figure"
)

// StressChart is the first part of figure 7: how many nodes have at most so much stress, and the ideal as a line.
func StressChart(all []Outcome, ideal float64) figure.Picture {
	c := cdf(all, "Node stress", "degree by 100 KBps", func(o Outcome) (float64, bool) { return o.Stress, true })
	if ideal > 0 {
		c.Curves = append(c.Curves, figure.Curve{Name: "ideal", Values: []float64{ideal}})
	}
	return c
}

// ThroughputChart is the second part: how many receivers have at most so much throughput.
func ThroughputChart(all []Outcome) figure.Picture {
	return cdf(all, "End-to-end throughput", "KBps", func(o Outcome) (float64, bool) { return o.DataKBps, o.Depth > 0 })
}

func cdf(all []Outcome, title, axis string, of1 func(Outcome) (float64, bool)) *figure.CDF {
	chart := &figure.CDF{Title: title, Axis: axis, Share: "share of nodes"}
	for _, policy := range Policies {
		xs := of(all, policy.Name, of1)
		chart.Curves = append(chart.Curves, figure.Curve{Name: policy.Name, Values: xs})
		if policy.Name != "unicast" && len(xs) > 0 { // whose source is alone far to the right
			chart.Right = max(chart.Right, 1.05*xs[len(xs)-1])
		}
	}
	return chart
}

// Trees draws one tree for each policy, level by level, as the paper's figure 5: with the last mile of each node and what it receives.
func Trees(all []Outcome) figure.Picture {
	var side figure.Side
	for _, p := range Policies {
		g := &figure.Graph{Title: p.Name, Width: 270, Height: 300}
		index, wide := make(map[string]int), make(map[int]int) // by name; by depth
		for _, o := range all {
			if o.Policy != p.Name {
				continue
			}
			index[o.Node] = len(g.Vertices)
			note := fmt.Sprintf("last mile %.0f", o.KBps)
			if o.Parent != "" {
				note += fmt.Sprintf("\ngets %.1f", o.DataKBps)
			}
			g.Vertices = append(g.Vertices, figure.Vertex{Label: o.Node, Note: note, Mark: o.Depth == 0, Faint: o.Depth > 0 && o.Parent == "",
				X: float64(wide[o.Depth]), Y: -float64(o.Depth)})
			wide[o.Depth]++
		}
		if len(g.Vertices) == 0 {
			continue
		}
		for _, o := range all {
			if o.Policy == p.Name {
				v := &g.Vertices[index[o.Node]]
				v.X -= float64(wide[o.Depth]-1) / 2 // in the middle of its level
				if parent, there := index[o.Parent]; there {
					g.Edges = append(g.Edges, figure.Edge{From: parent, To: index[o.Node]})
				}
			}
		}
		side = append(side, g)
	}
	return side
}

// Map draws the nodes in North America that are in the tree, where they are, and who has data from whom: figure 6. Links to nodes elsewhere are not
// drawn, as in the paper.
func Map(all []Outcome, places []Place, title string) figure.Picture {
	g := &figure.Graph{Title: title, Width: 720, Height: 440, Small: true}
	index := make(map[string]int)
	named := make(map[Place]bool)
	for i, o := range all {
		p := places[i]
		if !p.NorthAmerican() || o.Parent == "" && i > 0 {
			continue
		}
		index[o.Node] = len(g.Vertices)
		v := figure.Vertex{X: p.Lon, Y: p.Lat / 0.78, Mark: i == 0} // a degree of longitude is 0.78 of one of latitude at 39° north
		if !named[p] {
			v.Label, named[p] = p.Town, true
		}
		g.Vertices = append(g.Vertices, v)
	}
	for _, o := range all {
		from, there := index[o.Parent]
		to, too := index[o.Node]
		if there && too {
			g.Edges = append(g.Edges, figure.Edge{From: from, To: to})
		}
	}
	return g
}
