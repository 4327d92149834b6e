package file

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Part is a source or a sink, as its node sees it.
type Part interface {
	// See takes what concerns the part of all that comes to a node. It reports whether the message is for nobody else.
	See(n *core.Node, m *core.Msg) (mine bool)
}

// Beside is an algorithm with sources and sinks at one node: they see each message that comes to the node before the algorithm does. It fits
// every algorithm that passes data on as it is (relay, gossip, tree, plumtree). One that carries data in messages of its own types, as
// netcode.Multicast does, hands what it has decoded to [Sink.Take].
func Beside(alg core.Algorithm, parts ...Part) core.Algorithm {
	return &beside{Algorithm: alg, parts: parts}
}

type beside struct {
	core.Algorithm
	parts []Part
	node  *core.Node
}

// Bind implements core.Algorithm.
func (b *beside) Bind(n *core.Node) {
	b.node = n
	b.Algorithm.Bind(n)
}

// Process implements core.Algorithm.
func (b *beside) Process(m *core.Msg) core.Verdict {
	for _, p := range b.parts {
		if p.See(b.node, m) {
			return core.Done
		}
	}
	return b.Algorithm.Process(m)
}

// See implements Part: a source takes requests for its transfer, and counts those that make no sense. It looks on where links are made.
func (s *Source) See(n *core.Node, m *core.Msg) (mine bool) {
	if m.Type() == wire.TypeLinkUp {
		if ev := m.Link(); ev.App == s.opt.App && ev.Direction == core.Downstream {
			s.someone(n)
		}
		return false
	}
	if m.Type() != TypeRequest || m.App() != 0 {
		return false
	}
	r, err := ParseRequest(m.Payload())
	switch {
	case err != nil:
		s.counts.Bad++
	case r.App != s.opt.App || r.ID != s.id:
		return false // of another source, if there is one
	case !s.begun || s.over:
		s.counts.Late++
	default:
		s.Request(n, m.From(), r)
	}
	return true
}

// See implements Part: a sink takes data of its application that come from others, and its timer.
func (s *Sink) See(n *core.Node, m *core.Msg) (mine bool) {
	switch m.Type() {
	case wire.TypeData:
		if !m.From().IsZero() {
			s.Consume(n, m)
		}
	case wire.TypeTimer:
		return s.Timer(n, m.TimerID())
	}
	return false
}
