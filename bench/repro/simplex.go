package repro

import (
	"math/big"
	"slices"
)

// program is the packing of trees as the simplex method holds it, a row for each edge.
// Columns leave by the lexicographic rule (Dantzig, Orden and Wolfe, 1955), so it ends.
type program struct {
	basis   []column
	inverse [][]*big.Rat // of the basis: by row and edge
	values  []*big.Rat   // of the columns of the basis
}

// column is a variable: what is left of an edge, or what flows over a tree.
type column struct {
	slack int // the edge; below 0: a tree
	tree  Tree
}

// newProgram begins with nothing on any tree.
func newProgram(t Topology) *program {
	p := &program{}
	for i, e := range t.Edges {
		row := make([]*big.Rat, len(t.Edges))
		for k := range row {
			row[k] = new(big.Rat)
		}
		row[i].SetInt64(1)
		p.basis = append(p.basis, column{slack: i})
		p.inverse = append(p.inverse, row)
		p.values = append(p.values, big.NewRat(int64(e.Capacity), 1))
	}
	return p
}

// prices are the dual variables: what a unit more of each edge would be worth.
func (p *program) prices() []*big.Rat {
	y := make([]*big.Rat, len(p.basis))
	for e := range y {
		y[e] = new(big.Rat)
		for r, c := range p.basis {
			if c.slack < 0 {
				y[e].Add(y[e], p.inverse[r][e])
			}
		}
	}
	return y
}

// enter brings a column into the basis, in place of one that becomes 0 first.
func (p *program) enter(c column) {
	d := make([]*big.Rat, len(p.basis)) // by how much each value falls with a unit of it
	for r := range d {
		d[r] = new(big.Rat)
		if c.slack >= 0 {
			d[r].Set(p.inverse[r][c.slack])
			continue
		}
		for _, e := range c.tree {
			d[r].Add(d[r], p.inverse[r][e])
		}
	}
	leaves := -1
	for r := range d {
		if d[r].Sign() > 0 && (leaves < 0 || p.before(r, leaves, d)) {
			leaves = r
		}
	}
	if leaves < 0 {
		panic("repro: a packing without a bound: a tree without edges")
	}
	p.pivot(leaves, d)
	p.basis[leaves] = c
}

// before reports whether row a over d[a] comes before row b over d[b], values first.
func (p *program) before(a, b int, d []*big.Rat) bool {
	compare := func(x, y *big.Rat) int {
		return new(big.Rat).Mul(x, d[b]).Cmp(new(big.Rat).Mul(y, d[a]))
	}
	if c := compare(p.values[a], p.values[b]); c != 0 {
		return c < 0
	}
	for e := range p.inverse[a] {
		if c := compare(p.inverse[a][e], p.inverse[b][e]); c != 0 {
			return c < 0
		}
	}
	return false
}

func (p *program) pivot(at int, d []*big.Rat) {
	scale := new(big.Rat).Inv(d[at])
	row := func(r int) []*big.Rat { return append(slices.Clone(p.inverse[r]), p.values[r]) }
	for _, x := range row(at) {
		x.Mul(x, scale)
	}
	pivot := row(at)
	for r := range p.basis {
		if r == at || d[r].Sign() == 0 {
			continue
		}
		for i, x := range row(r) {
			if pivot[i].Sign() != 0 {
				x.Sub(x, new(big.Rat).Mul(d[r], pivot[i]))
			}
		}
	}
}

// packing is what the basis says.
func (p *program) packing() Packing {
	out := Packing{Rate: new(big.Rat)}
	for r, c := range p.basis {
		if c.slack < 0 && p.values[r].Sign() > 0 {
			out.Rate.Add(out.Rate, p.values[r])
			out.Trees = append(out.Trees, c.tree)
			out.Flows = append(out.Flows, p.values[r])
		}
	}
	return out
}
