package protocoltest

import (
	"math/rand/v2"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Plan is one run: who there is, who knows whom, and what they do.
type Plan struct {
	Nodes []core.NodeID
	Knows [][]int   // by node, the neighbours that it asks and floods to
	Trees [][][]int // by root and node, the children in the tree of the root's session

	Payload int           // bytes in every message: of one length, so that what a dead peer took can be told to the message
	Burst   int           // most questions at once
	Tick    time.Duration // longest pause between two things that a node does
	Until   time.Duration // when it stops to do things of its own accord
	Does    []Act         // what it does; drawn evenly
}

// Act is something that a node does of its own accord.
type Act uint8

// The acts.
const (
	Ask    Act = iota // questions to a neighbour, each of which it answers
	Query             // a question that is passed on at random some times before it is answered
	Flood             // control that everybody passes on to all neighbours, once
	Stream            // data from a source, down a tree; relays pass it on, or make new of it
	Push              // data made on a timer, down a tree
	Close             // the link to a neighbour, or from one
	Quit              // the source ends
	Weigh             // an upstream gets another weight
	acts
)

// Acts are all of them.
func Acts() []Act {
	all := make([]Act, acts)
	for i := range all {
		all[i] = Act(i)
	}
	return all
}

// Draw makes a plan: a random connected graph, and a random tree for each root.
func Draw(rng *rand.Rand, nodes []core.NodeID) *Plan {
	p := &Plan{Nodes: nodes, Knows: make([][]int, len(nodes)), Trees: make([][][]int, len(nodes))}
	join := func(a, b int) {
		p.Knows[a] = append(p.Knows[a], b)
		p.Knows[b] = append(p.Knows[b], a)
	}
	for i := 1; i < len(nodes); i++ {
		join(i, rng.IntN(i))
		if j := rng.IntN(i); rng.IntN(2) == 0 && j != p.Knows[i][0] {
			join(i, j)
		}
	}
	for root := range p.Trees {
		p.Trees[root] = drawTree(rng, root, len(nodes))
	}
	p.Payload = []int{0, 100, 1000}[rng.IntN(3)]
	p.Burst = []int{1, 5, 40}[rng.IntN(3)]
	p.Does = Acts()
	return p
}

func drawTree(rng *rand.Rand, root, nodes int) [][]int {
	children := make([][]int, nodes)
	in := []int{root}
	for _, i := range rng.Perm(nodes) {
		if i != root {
			up := in[rng.IntN(len(in))]
			children[up] = append(children[up], i)
			in = append(in, i)
		}
	}
	return children
}
