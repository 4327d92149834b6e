package repro

import "fmt"

// Combination is the combination network C(n, k): a source, n relays, and a receiver for each k of them, every
// link of one unit. The min cut is k. A tree that reaches all receivers has to use n-k+1
// relays, since k of the others would leave a receiver out, and the source's links carry n
// units: so routing brings n/(n-k+1), and coding k(n-k+1)/n times that. (Ngai and Yeung, 2004, call
// that ratio the network coding gain.)
func Combination(n, k int) Topology {
	t := Topology{Name: fmt.Sprintf("C(%d,%d)", n, k), Nodes: 1 + n}
	for r := 1; r <= n; r++ {
		t.Edges = append(t.Edges, Edge{0, r, 1})
	}
	for set := range 1 << n {
		var of []int
		for r := range n {
			if set>>r&1 == 1 {
				of = append(of, 1+r)
			}
		}
		if len(of) != k {
			continue
		}
		for _, r := range of {
			t.Edges = append(t.Edges, Edge{r, t.Nodes, 1})
		}
		t.Receivers = append(t.Receivers, t.Nodes)
		t.Nodes++
	}
	return t
}

// ButterflyChain is so many butterflies one after the other: the receivers of each are the
// two sides of the next, and receive all the same.
func ButterflyChain(stages int) Topology {
	t := Butterfly()
	if stages > 1 {
		t.Name = fmt.Sprint("butterflies-", stages)
	}
	left, right := 5, 6
	for range stages - 1 {
		c := t.Nodes
		d, l, r := c+1, c+2, c+3
		t.Edges = append(t.Edges, Edge{left, c, 1}, Edge{right, c, 1}, Edge{c, d, 1},
			Edge{left, l, 1}, Edge{right, r, 1}, Edge{d, l, 1}, Edge{d, r, 1})
		t.Receivers = append(t.Receivers, l, r)
		t.Nodes += 4
		left, right = l, r
	}
	return t
}

// CodingFamily is topologies on which coding must win: the min cut is 4/3 to 2 times what
// plain routing can carry at most.
func CodingFamily() []Topology {
	return []Topology{
		Butterfly(), ButterflyChain(3), Combination(3, 2), Combination(4, 2), Combination(5, 2),
		Combination(4, 3), Combination(5, 3), Combination(6, 3),
	}
}
