package repro

import (
	"math/big"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// allTrees lists every tree of a topology by trying all sets of edges: those in which each node
// that is entered is so once, from one that is reached, and nothing leads nowhere.
func allTrees(t Topology) (trees []Tree) {
	for set := range 1 << len(t.Edges) {
		reached, leads := uint(1), uint(0)
		var tree Tree
		ok := true
		for n := 1; n < t.Nodes; n++ { // edges lead to higher numbers
			for e, edge := range t.Edges {
				if edge.To != n || set>>e&1 == 0 {
					continue
				}
				ok = ok && reached>>edge.From&1 == 1 && reached>>n&1 == 0 && edge.Capacity > 0
				reached |= 1 << n
				leads |= 1 << edge.From
				tree = append(tree, e)
			}
		}
		need := uint(1)
		for _, r := range t.Receivers {
			need |= 1 << r
			ok = ok && reached>>r&1 == 1
		}
		if ok && reached&^need&^leads == 0 {
			trees = append(trees, tree)
		}
	}
	return trees
}

// oracle covers all trees, listed one by one, with prices of edges such that none costs less than 1: what all edges
// cost then is a bound of every packing. It looks for cheap ones by multiplicative weights (Garg and Könemann, 1998),
// in floating point, and comes within some eps of the least there are.
func oracle(t Topology, trees []Tree, eps float64) float64 {
	price := make([]float64, len(t.Edges))
	const delta = 1e-9
	for e, edge := range t.Edges {
		if edge.Capacity > 0 {
			price[e] = delta / float64(edge.Capacity)
		}
	}
	least := 1e18 // cost of the best cover found
	for range 200_000 {
		cheapest, cost := -1, 1e18
		for i, tree := range trees {
			c := 0.0
			for _, e := range tree {
				c += price[e]
			}
			if c < cost {
				cheapest, cost = i, c
			}
		}
		total, narrow := 0.0, 1<<30
		for e, edge := range t.Edges {
			total += price[e] * float64(edge.Capacity)
		}
		least = min(least, total/cost)
		if total >= 1 {
			break
		}
		for _, e := range trees[cheapest] {
			narrow = min(narrow, t.Edges[e].Capacity)
		}
		for _, e := range trees[cheapest] {
			price[e] *= 1 + eps*float64(narrow)/float64(t.Edges[e].Capacity)
		}
	}
	return least
}

// checkPacking fails a test for trees that are none, or carry more than fits.
func checkPacking(t interface{ Fatalf(string, ...any) }, g Topology, p Packing) {
	used := make([]*big.Rat, len(g.Edges))
	for e := range used {
		used[e] = new(big.Rat)
	}
	total := new(big.Rat)
	for i, tree := range p.Trees {
		total.Add(total, p.Flows[i])
		reached := uint64(1)
		for n := 1; n < g.Nodes; n++ {
			for _, e := range tree {
				if g.Edges[e].To == n && reached>>g.Edges[e].From&1 == 1 {
					if reached>>n&1 == 1 {
						t.Fatalf("%s: node %d is entered twice", g.Name, n)
					}
					reached |= 1 << n
				}
			}
		}
		if bits.OnesCount64(reached) != len(tree)+1 {
			t.Fatalf("%s: a tree with edges that lead nowhere: %v", g.Name, tree)
		}
		for _, r := range g.Receivers {
			if reached>>r&1 == 0 {
				t.Fatalf("%s: receiver %d is not reached by %v", g.Name, r, tree)
			}
		}
		for _, e := range tree {
			used[e].Add(used[e], p.Flows[i])
		}
	}
	if total.Cmp(p.Rate) != 0 {
		t.Fatalf("%s: the trees carry %v, not %v", g.Name, total, p.Rate)
	}
	for e, edge := range g.Edges {
		if used[e].Cmp(big.NewRat(int64(edge.Capacity), 1)) > 0 {
			t.Fatalf("%s: edge %d carries %v of %d", g.Name, e, used[e], edge.Capacity)
		}
	}
}

// The packing fits, and is the most there is: what an exhaustive list of trees bears.
func TestPackingAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Topology{Name: "drawn", Nodes: rapid.IntRange(3, 6).Draw(t, "nodes")}
		for to := 1; to < g.Nodes; to++ {
			for from := range to {
				if c := rapid.IntRange(0, 3).Draw(t, "capacity"); c > 0 && len(g.Edges) < 11 {
					g.Edges = append(g.Edges, Edge{from, to, c})
				}
			}
			if to == g.Nodes-1 || rapid.Bool().Draw(t, "receiver") {
				g.Receivers = append(g.Receivers, to)
			}
		}
		p, err := g.Pack()
		if err != nil {
			t.Fatal(err)
		}
		checkPacking(t, g, p)
		trees := allTrees(g)
		if len(trees) == 0 {
			if p.Rate.Sign() != 0 {
				t.Fatalf("packed %v without a tree", p.Rate)
			}
			return
		}
		if want := oracle(g, trees, 0.02); p.Units() > want*(1+1e-9) || p.Units() < want*0.93 {
			t.Fatalf("packed %v, covered by %v", p.Units(), want)
		}
	})
}

// What is known of combination networks and the butterfly, exactly.
func TestCodingMustWin(t *testing.T) {
	for _, c := range []struct {
		topology Topology
		cut      int
		routed   *big.Rat
	}{
		{Butterfly(), 2, big.NewRat(3, 2)},
		{Combination(3, 2), 2, big.NewRat(3, 2)}, {Combination(4, 2), 2, big.NewRat(4, 3)}, {Combination(5, 2), 2, big.NewRat(5, 4)},
		{Combination(4, 3), 3, big.NewRat(2, 1)}, {Combination(5, 3), 3, big.NewRat(5, 3)}, {Combination(6, 3), 3, big.NewRat(3, 2)},
	} {
		p, err := c.topology.Pack()
		if err != nil {
			t.Fatal(err)
		}
		checkPacking(t, c.topology, p)
		if c.topology.MinCut() != c.cut || p.Rate.Cmp(c.routed) != 0 {
			t.Errorf("%s: min cut %d, routed %v; want %d and %v", c.topology.Name, c.topology.MinCut(), p.Rate, c.cut, c.routed)
		}
	}
	for _, g := range CodingFamily() {
		p, err := g.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if gain := float64(g.MinCut()) / p.Units(); gain < 1.2 || gain > 2 {
			t.Errorf("%s: the coding advantage is %v", g.Name, gain)
		}
	}
}

// Random topologies are packed within their min cut.
func TestPackingFits(t *testing.T) {
	for seed := range uint64(30) {
		g := RandomDAG(seed)
		p, err := g.Pack()
		if err != nil {
			t.Fatal(err)
		}
		checkPacking(t, g, p)
		if u := p.Units(); u <= 0 || u > float64(g.MinCut()) {
			t.Errorf("%s: packed %v with a min cut of %d", g.Name, u, g.MinCut())
		}
	}
}

// A topology that would take forever is refused.
func TestTooManyRelays(t *testing.T) {
	if _, err := Combination(17, 16).Pack(); err == nil {
		t.Error("17 relays are packed")
	}
}
