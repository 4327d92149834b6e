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
	oneByOne    bool // for a sink that may send
}

// New makes a relay to the given downstream nodes; with none it is a leaf. The
// sink, which may be nil, is handed every data message too.
func New(sink core.Sink, downstreams ...core.NodeID) *Relay {
	_, passive := sink.(core.PassiveSink)
	return &Relay{sink: sink, downstreams: downstreams, oneByOne: sink != nil && !passive}
}

// Downstreams are the nodes that messages go to, a view. An engine does not start a relay
// that is to send to itself.
func (r *Relay) Downstreams() []core.NodeID { return r.downstreams }

// SetDownstreams changes where messages go from now on. It must be called on the
// node's loop.
func (r *Relay) SetDownstreams(ids ...core.NodeID) { r.downstreams = ids }

// Process implements core.Algorithm: data goes on to every downstream, as do the
// session messages that must stay in order with it.
func (r *Relay) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return r.control(m)
	}
	r.forward(m)
	if r.sink != nil {
		r.sink.Consume(r.Node, m)
	}
	return core.Done
}

// ProcessBatch implements core.BatchAlgorithm: all data goes the same way.
func (r *Relay) ProcessBatch(b *core.Batch) {
	if r.oneByOne {
		return
	}
	b.Take(r.downstreams...)
	if r.sink != nil {
		for m := range b.All() {
			r.sink.Consume(r.Node, m)
		}
	}
}

// Batches implements core.BatchAlgorithm.
func (r *Relay) Batches() core.Algorithm { return r }

// control handles everything but data. What travels on a session's lane and is
// not this node's alone goes on; Base hears of all that is no algorithm's. A
// session that has ended or is lost upstream is passed on by the switch.
func (r *Relay) control(m *core.Msg) core.Verdict {
	switch t := m.Type(); {
	case m.App() == 0:
	case t >= wire.FirstAlgorithmType:
		r.forward(m)
		return core.Done
	}
	return r.Base.Process(m)
}

func (r *Relay) forward(m *core.Msg) {
	for _, d := range r.downstreams {
		r.Send(m, d)
	}
}
