// Package gossip spreads messages by word of mouth: a node that sees a message for
// the first time passes it on to each neighbour with a probability (paper, section
// 2.2, disseminate). With probability 1 it is flooding.
package gossip

import (
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Gossip is the algorithm. Make it with New.
type Gossip struct {
	algos.Base
	p          float64
	neighbours []core.NodeID
	duplicates uint64
}

// New makes a gossip node that passes messages on to each of the neighbours with
// probability p, from 0 to 1.
func New(p float64, neighbours ...core.NodeID) *Gossip {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("gossip: a probability of %v, which is not from 0 to 1", p))
	}
	return &Gossip{p: p, neighbours: neighbours}
}

// Duplicates is how many messages came again and went no further.
func (g *Gossip) Duplicates() uint64 { return g.duplicates }

// Process implements core.Algorithm. What this node's own sources make goes to
// every neighbour: nobody else has it yet.
func (g *Gossip) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return g.Base.Process(m)
	}
	if !g.Fresh(m) {
		g.duplicates++
		return core.Done
	}
	p := g.p
	if m.From().IsZero() {
		p = 1
	}
	g.Disseminate(m, p, g.neighbours...)
	return g.Base.Process(m)
}
