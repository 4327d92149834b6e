package repro

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Topology is an acyclic topology with a source and receivers. Nodes are numbered so that
// every edge leads to a higher number; the source is node 0.
type Topology struct {
	Name      string `json:"name"`
	Nodes     int    `json:"nodes"`
	Edges     []Edge `json:"edges"`
	Receivers []int  `json:"receivers"`
}

// Edge is a link. Its capacity is in units, of which an experiment says what they are.
type Edge struct {
	From     int `json:"from"`
	To       int `json:"to"`
	Capacity int `json:"capacity"`
}

// Butterfly is the classical example: two units reach each receiver, but no way of
// routing brings both two.
func Butterfly() Topology {
	const s, a, b, c, d, t1, t2 = 0, 1, 2, 3, 4, 5, 6
	return Topology{Name: "butterfly", Nodes: 7, Receivers: []int{t1, t2}, Edges: []Edge{
		{s, a, 1}, {s, b, 1}, {a, c, 1}, {b, c, 1}, {c, d, 1}, {a, t1, 1}, {b, t2, 1}, {d, t1, 1}, {d, t2, 1},
	}}
}

// RandomDAG makes a topology of layers: a source, three layers of three relays, and three
// receivers. Every node has two or three links from the layer before, or from the source,
// of one to three units.
func RandomDAG(seed uint64) Topology {
	const layers, width = 4, 3
	rng := rand.New(rand.NewPCG(seed, 0x646167))
	t := Topology{Name: fmt.Sprint("dag-", seed), Nodes: 1 + layers*width}
	for layer := range layers {
		for i := range width {
			to := 1 + layer*width + i
			if layer == layers-1 {
				t.Receivers = append(t.Receivers, to)
			}
			if layer == 0 {
				t.Edges = append(t.Edges, Edge{0, to, 1 + rng.IntN(3)})
				continue
			}
			from := rng.Perm(width)[:2+rng.IntN(2)]
			slices.Sort(from)
			for _, f := range from {
				t.Edges = append(t.Edges, Edge{1 + (layer-1)*width + f, to, 1 + rng.IntN(3)})
			}
		}
	}
	return t
}

// MinCut is the most that can reach every receiver at the same time: the smallest of the
// receivers' maximal flows (Ahlswede, Cai, Li and Yeung, 2000).
func (t Topology) MinCut() int {
	least := -1
	for _, r := range t.Receivers {
		if f := t.maxFlow(r); least < 0 || f < least {
			least = f
		}
	}
	return least
}

// maxFlow is the maximal flow from the source to a node, by shortest augmenting paths
// (Edmonds and Karp, 1972).
func (t Topology) maxFlow(to int) (flow int) {
	rest := make([][]int, t.Nodes)
	for i := range rest {
		rest[i] = make([]int, t.Nodes)
	}
	for _, e := range t.Edges {
		rest[e.From][e.To] += e.Capacity
	}
	for {
		before := shortest(rest, to)
		if before == nil {
			return flow
		}
		most := 1 << 30
		for n := to; n != 0; n = before[n] {
			most = min(most, rest[before[n]][n])
		}
		for n := to; n != 0; n = before[n] {
			rest[before[n]][n] -= most
			rest[n][before[n]] += most
		}
		flow += most
	}
}

// shortest finds a shortest path from node 0 over capacity that is left: for each node on
// it the one before. Nil means that there is none.
func shortest(rest [][]int, to int) []int {
	before := make([]int, len(rest))
	for i := range before {
		before[i] = -1
	}
	queue := []int{0}
	for len(queue) > 0 && before[to] < 0 {
		at := queue[0]
		queue = queue[1:]
		for n, capacity := range rest[at] {
			if capacity > 0 && n != 0 && before[n] < 0 {
				before[n] = at
				queue = append(queue, n)
			}
		}
	}
	if before[to] < 0 {
		return nil
	}
	return before
}
