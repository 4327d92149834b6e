// Package relay forwards messages to a fixed set of downstream nodes: the data
// path of every static topology, with any fan-out and fan-in.
package relay

import (
	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Relay is the algorithm. Make it with New.
type Relay struct {
	algos.Base
	downstreams []core.NodeID
	sink        core.Sink
}

// New makes a relay to the given downstream nodes; with none it is a leaf. The
// sink, which may be nil, is handed every message too.
func New(sink core.Sink, downstreams ...core.NodeID) *Relay {
	return &Relay{sink: sink, downstreams: downstreams}
}

// SetDownstreams changes where messages go from now on. It must be called on the
// node's loop.
func (r *Relay) SetDownstreams(ids ...core.NodeID) { r.downstreams = ids }

// Process implements core.Algorithm: data goes on to every downstream, as do the
// session messages that must stay in order with it.
func (r *Relay) Process(m *core.Msg) core.Verdict {
	switch t := m.Type(); {
	case t == wire.TypeData:
	case m.App() != 0 && (t == wire.TypeBrokenSource || t == wire.TypeSessionEnd || t >= wire.FirstAlgorithmType):
	default:
		return r.Base.Process(m)
	}
	for _, d := range r.downstreams {
		r.Send(m, d)
	}
	if r.sink != nil {
		r.sink.Consume(r.Node, m)
	}
	return core.Done
}
