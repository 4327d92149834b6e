package repro

import (
	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/netcode"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// route says where a node sends the messages of one stream.
type route struct {
	app uint32
	to  []core.NodeID
}

// router forwards each stream its own way. It belongs to its node's loop.
type router struct {
	algos.Base
	meter  *meter
	routes []route
	policy policy
}

// policy is what a router does with a message whose link has no room.
type policy uint8

const (
	// waits holds the stream up until there is: nothing is lost.
	waits policy = iota
	// drops leaves it out, so that a slow link does not slow the others down.
	drops
)

// fewQueued is when a link has no room for who drops: enough to keep it busy.
const fewQueued = 4

// Process implements core.Algorithm.
func (r *router) Process(m *core.Msg) core.Verdict {
	t := m.Type()
	if t != wire.TypeData && t != netcode.TypeCoded {
		return r.Base.Process(m)
	}
	if !m.From().IsZero() {
		r.meter.received(len(m.Payload()))
		if t == wire.TypeData {
			r.meter.Consume(r.Node, m)
		}
	}
	for _, way := range r.routes {
		if way.app == m.App() {
			r.forward(m, way.to)
		}
	}
	return core.Done
}

func (r *router) forward(m *core.Msg, to []core.NodeID) {
	for _, dest := range to {
		if r.policy == drops {
			if _, queued := r.Queued(dest, m.App()); queued >= fewQueued {
				continue
			}
		}
		r.Send(m, dest)
	}
}

// watched counts what reaches an algorithm, and leaves the rest to it.
type watched struct {
	core.Algorithm
	meter *meter
}

// Process implements core.Algorithm.
func (w *watched) Process(m *core.Msg) core.Verdict {
	if t := m.Type(); !m.From().IsZero() && (t == wire.TypeData || t == netcode.TypeCoded) {
		w.meter.received(len(m.Payload()))
		if t == wire.TypeData {
			w.meter.Consume(nil, m)
		}
	}
	return w.Algorithm.Process(m)
}
