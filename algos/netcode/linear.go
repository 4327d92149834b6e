package netcode

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Out is one stream that a Linear node makes.
type Out struct {
	App   uint32 // the application that it travels as
	Coefs []byte // of the inputs, in their order
	To    []core.NodeID
}

// Linear codes n streams into m by fixed coefficients: the paper's coding node. Make it
// with NewLinear.
type Linear struct {
	Coder
	outs []Out
}

// NewLinear makes a node that codes the streams of the given applications into outs.
// The paper's node D is
//
//	netcode.NewLinear([]uint32{a, b}, netcode.Out{App: ab, Coefs: []byte{1, 1}, To: []core.NodeID{e}})
func NewLinear(streams []uint32, outs ...Out) *Linear {
	l := &Linear{outs: outs}
	l.Streams = streams
	l.Rule = func(s *Set) {
		for i := range l.outs {
			s.Emit(l.outs[i].App, l.outs[i].Coefs, l.outs[i].To...)
		}
	}
	return l
}

// SetOuts changes what is made from now on. It must be called on the node's loop.
func (l *Linear) SetOuts(outs ...Out) { l.outs = outs }

// Solver gets the original streams back from whatever comes of them, and hands their
// messages to a sink. Make it with NewSolver.
type Solver struct {
	Coder
	sink      core.Sink
	to        []core.NodeID
	recovered []uint64
}

// NewSolver makes a node that gets streams back from inputs: applications that are
// original streams, or coded ones. What it gets goes to the sink, and what came goes on
// to the given nodes, as it came.
func NewSolver(streams, inputs []uint32, sink core.Sink, to ...core.NodeID) *Solver {
	v := &Solver{sink: sink, to: to, recovered: make([]uint64, len(streams))}
	v.Streams, v.Inputs = streams, inputs
	v.Rule = v.rule
	return v
}

// Recovered is how many messages of a stream, by its place, the sink has got.
func (v *Solver) Recovered(stream int) uint64 { return v.recovered[stream] }

// Process implements core.Algorithm.
func (v *Solver) Process(m *core.Msg) core.Verdict {
	if len(v.to) > 0 && (m.Type() == TypeCoded || m.Type() == wire.TypeData) {
		for _, dest := range v.to {
			v.Send(m, dest)
		}
	}
	return v.Coder.Process(m)
}

func (v *Solver) rule(s *Set) {
	for i := range v.Streams {
		if m := s.Recover(i); m != nil {
			v.recovered[i]++
			v.sink.Consume(v.Node, m)
		}
	}
}
