package soak

import (
	"errors"
	"sync/atomic"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// walker is the algorithm of the nodes: it sends sessions along their paths, answers pings,
// and counts all that it sends and receives. Its counters are read from outside.
type walker struct {
	node *core.Node
	next map[uint32]core.NodeID // of each session that goes on from here

	sent, received atomic.Uint64
	delivered      atomic.Uint64 // of received, data at the end of its path
}

var errCrash = errors.New("soak: this node is to crash")

// crashTimer has a node crash.
const crashTimer = 1

func (w *walker) Bind(n *core.Node) { w.node = n }

func (w *walker) Process(m *core.Msg) core.Verdict {
	t := m.Type()
	if t == wire.TypeTimer && m.TimerID() == crashTimer {
		panic(errCrash)
	}
	if t.Local() || t == wire.TypeBrokenSource || t == wire.TypeSessionEnd {
		return core.Done // events, and what the switch itself sends and takes
	}
	if !m.From().IsZero() {
		w.received.Add(1)
	}
	switch t {
	case wire.TypeData:
		if to, ok := w.next[m.App()]; ok {
			w.send(m, to)
		} else {
			w.delivered.Add(1)
		}
	case wire.TypePing:
		p := w.node.NewMsg(wire.TypePong, 0, len(m.Payload()))
		copy(p.Payload(), m.Payload())
		w.send(p, m.From())
	}
	return core.Done
}

func (w *walker) send(m *core.Msg, to core.NodeID) {
	w.sent.Add(1)
	w.node.Send(m, to)
}

// storm pings other nodes.
func (w *walker) storm(to []core.NodeID, each int) {
	for _, id := range to {
		for range each {
			p := w.node.NewMsg(wire.TypePing, 0, 16)
			clear(p.Payload())
			w.send(p, id)
		}
	}
}
