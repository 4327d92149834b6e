package repro

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

// Tree is a way of routing from the source to every receiver: indices of edges.
type Tree []int

// Packing is how plain routing carries most: trees, and what flows over each, in units. Packets are copied where
// a tree branches, and each packet goes over one tree.
type Packing struct {
	Rate  *big.Rat // of all trees together
	Trees []Tree
	Flows []*big.Rat // of each tree, above 0
}

// Units is the rate of a packing.
func (p Packing) Units() float64 { return float(p.Rate) }

// maxRelays bounds the search for the cheapest tree, which tries all sets of them.
const maxRelays = 16

// Pack finds the most that plain routing can bring to every receiver: the optimum of the fractional packing of
// directed Steiner trees, a linear program with a variable for each tree,
//
//	max Σ x(T)  such that  Σ x(T) over the trees with edge e  ≤  capacity(e),  x ≥ 0,
//
// by the simplex method with columns made as they are needed (Gilmore and Gomory, 1961). The
// column to enter is the tree that is cheapest by the program's dual prices, found by trying
// all sets of relays. In rational numbers, so the optimum is exact and proves itself: the
// prices are a cover of all trees that costs as much as the packing carries.
func (t Topology) Pack() (Packing, error) {
	if n := len(t.relays()); n > maxRelays {
		return Packing{}, fmt.Errorf("%s has %d relays: trees are packed with %d at most", t.Name, n, maxRelays)
	}
	p := newProgram(t)
	for {
		if e := slices.IndexFunc(p.prices(), func(y *big.Rat) bool { return y.Sign() < 0 }); e >= 0 {
			p.enter(column{slack: e})
			continue
		}
		scaled, one, err := integers(p.prices())
		if err != nil {
			return Packing{}, fmt.Errorf("%s: %w", t.Name, err)
		}
		tree, price := t.cheapest(scaled)
		if tree == nil || price >= one {
			return p.packing(), nil
		}
		p.enter(column{slack: -1, tree: tree})
	}
}

// relays are the nodes that need not be reached.
func (t Topology) relays() (relays []int) {
	for n := 1; n < t.Nodes; n++ {
		if !slices.Contains(t.Receivers, n) {
			relays = append(relays, n)
		}
	}
	return relays
}

// cheapest is the cheapest tree by prices of edges, and its price; nil if receivers cannot
// be reached. For a set of relays that a tree uses it is easily found: edges lead to higher
// numbers, so whatever edge each node is entered by, they make a tree.
func (t Topology) cheapest(price []int64) (best Tree, least int64) {
	relays := t.relays()
	least = math.MaxInt64
	into := make([]int, t.Nodes) // the edge by which a node is entered
	for set := range 1 << len(relays) {
		used := make([]bool, t.Nodes)
		used[0] = true
		for _, r := range t.Receivers {
			used[r] = true
		}
		for i, r := range relays {
			used[r] = used[r] || set>>i&1 == 1
		}
		if total, ok := t.spanned(used, price, into); ok && total < least {
			least, best = total, t.prune(used, into)
		}
	}
	return best, least
}

// spanned enters each node that is used by the cheapest edge from another.
func (t Topology) spanned(used []bool, price []int64, into []int) (total int64, ok bool) {
	for n := range into {
		into[n] = -1
	}
	for e, edge := range t.Edges {
		if used[edge.From] && used[edge.To] && edge.Capacity > 0 && (into[edge.To] < 0 || price[e] < price[into[edge.To]]) {
			into[edge.To] = e
		}
	}
	for n := 1; n < t.Nodes; n++ {
		if !used[n] {
			continue
		}
		if into[n] < 0 {
			return 0, false
		}
		total += price[into[n]]
	}
	return total, true
}

// prune is the tree without relays that lead nowhere, which cost nothing and carry nothing.
func (t Topology) prune(used []bool, into []int) (tree Tree) {
	needed := make([]bool, t.Nodes)
	for _, r := range t.Receivers {
		needed[r] = true
	}
	for n := t.Nodes - 1; n > 0; n-- {
		if used[n] && needed[n] {
			needed[t.Edges[into[n]].From] = true
			tree = append(tree, into[n])
		}
	}
	slices.Sort(tree)
	return tree
}

// integers are numbers times their least common denominator, and that denominator.
func integers(xs []*big.Rat) (scaled []int64, one int64, err error) {
	common := big.NewInt(1)
	for _, x := range xs {
		g := new(big.Int).GCD(nil, nil, common, x.Denom())
		common.Mul(common, new(big.Int).Div(x.Denom(), g))
	}
	const most = 1 << 50 // sums of a tree's prices stay in range
	for _, x := range xs {
		v := new(big.Int).Mul(x.Num(), new(big.Int).Div(common, x.Denom()))
		if !v.IsInt64() || v.Int64() > most || !common.IsInt64() || common.Int64() > most {
			return nil, 0, fmt.Errorf("the prices of the packing are fractions too fine to compare")
		}
		scaled = append(scaled, v.Int64())
	}
	return scaled, common.Int64(), nil
}

func float(x *big.Rat) float64 {
	f, _ := x.Float64()
	return f
}
