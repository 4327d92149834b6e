// Package fluid computes what a network of relays carries in the long run, as if
// messages were a fluid: the slow and obvious oracle beside the worlds.
//
// A relay sends everything it receives on to every downstream, loses nothing, and
// makes its upstreams wait when a downstream is slow. So in a steady state every link
// out of a node carries what enters the node, which is, for a source that sends at
// rate x, the number of ways from the source to the node times x.
//
// What limits x are the rates of links and nodes. A link shares its rate among the
// sessions on it, and a node shares its bandwidth among its links, and each link's part
// among the sessions on it: max-min fair each time, so that nobody could have more
// without somebody who has less, or as much, having less. Shares are of what a session
// has on the link, so one that comes there in three ways gets no more for it.
//
//	fluid.go    the rate of each link of a plan
//	limit.go    one limit, and what it grants
//	solve.go    the rates of sources that all limits grant
package fluid

import (
	"fmt"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Steady is the rate of each link of a plan in the long run, in bytes a second with
// headers. It fails for plans that it says nothing about: other algorithms than
// relay, sources with a rate of their own, nodes that come later, links that lose,
// cycles, and sources that nothing limits.
func Steady(p *spec.Plan) ([]float64, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	order, err := topological(p)
	if err != nil {
		return nil, err
	}
	ways := make([][]float64, len(p.Apps)) // by application and node
	for a := range p.Apps {
		ways[a] = waysFrom(p, order, p.Apps[a].Node)
	}
	x, err := solve(limits(p, ways), len(p.Apps))
	if err != nil {
		return nil, err
	}
	rates := make([]float64, len(p.Links))
	for l, link := range p.Links {
		for a := range x {
			rates[l] += ways[a][link.From] * x[a]
		}
	}
	return rates, nil
}

func check(p *spec.Plan) error {
	for _, n := range p.Nodes {
		if n.Algorithm != "relay" || n.Late {
			return fmt.Errorf("fluid: node %s is no relay that runs from the beginning", n.Name)
		}
	}
	for _, a := range p.Apps {
		if a.Source != spec.BackToBack {
			return fmt.Errorf("fluid: the source of %s is not back-to-back", a.Name)
		}
	}
	for _, l := range p.Links {
		if l.Loss > 0 {
			return fmt.Errorf("fluid: the link %s -> %s loses messages", p.Nodes[l.From].Name, p.Nodes[l.To].Name)
		}
	}
	return nil
}

// topological orders nodes so that links go forward.
func topological(p *spec.Plan) ([]int, error) {
	into := make([]int, len(p.Nodes))
	down := p.Downstreams()
	for _, l := range p.Links {
		into[l.To]++
	}
	var order []int
	for i, n := range into {
		if n == 0 {
			order = append(order, i)
		}
	}
	for k := 0; k < len(order); k++ {
		for _, to := range down[order[k]] {
			if into[to]--; into[to] == 0 {
				order = append(order, to)
			}
		}
	}
	if len(order) < len(p.Nodes) {
		return nil, fmt.Errorf("fluid: the links have a cycle")
	}
	return order, nil
}

// waysFrom counts the ways from a source to every node; 1 for the source's own.
func waysFrom(p *spec.Plan, order []int, source int) []float64 {
	down := p.Downstreams()
	ways := make([]float64, len(p.Nodes))
	ways[source] = 1
	for _, n := range order {
		for _, to := range down[n] {
			ways[to] += ways[n]
		}
	}
	return ways
}
