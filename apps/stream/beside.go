package stream

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Beside is an algorithm and a sink at one node: the sink sees each data message that comes to the node before the algorithm
// does, sorts out second copies, and is told of its timer. It fits every algorithm that passes data on as it is (relay, gossip, tree,
// plumtree); one that carries data in messages of its own types needs its own way to the sink.
func Beside(alg core.Algorithm, sink *Sink) core.Algorithm {
	return &beside{Algorithm: alg, sink: sink}
}

type beside struct {
	core.Algorithm
	sink *Sink
	node *core.Node
}

// Bind implements core.Algorithm.
func (b *beside) Bind(n *core.Node) {
	b.node = n
	b.Algorithm.Bind(n)
}

// Process implements core.Algorithm.
func (b *beside) Process(m *core.Msg) core.Verdict {
	if b.sink.See(b.node, m) {
		return core.Done
	}
	return b.Algorithm.Process(m)
}

// See takes what concerns the sink of all that comes to a node: data from others, its timer, the node's end. It reports whether the
// message is for nobody else.
func (s *Sink) See(n *core.Node, m *core.Msg) (mine bool) {
	switch m.Type() {
	case wire.TypeData:
		if !m.From().IsZero() {
			s.Consume(n, m)
		}
	case wire.TypeTimer:
		return s.Timer(n, m.TimerID())
	case wire.TypeStopping:
		s.Finish(n)
	}
	return false
}
