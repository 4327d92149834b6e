package host

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Messages that the timeline gives to an algorithm.

// send gives the algorithm a message of a type of its own, from its own node.
func (h *Host) send(s *spec.Message) {
	m := h.node.NewMsg(core.Type(s.Type), s.App, len(s.Payload))
	m.SetParams(s.A, s.B)
	copy(m.Payload(), s.Payload)
	h.give(m)
}

// give has the algorithm process a message that was made here. As with any other it is
// noted when the algorithm panics.
func (h *Host) give(m *core.Msg) {
	returned := false
	defer func() {
		if !returned {
			h.books.crashAt = h.node.Now()
		}
	}()
	t := m.Type()
	if h.inner.Process(m) == core.Hold {
		h.node.Retain(m)
	}
	h.guard.event(h.node, t)
	returned = true
}

// checkTypes panics if a name is for a type that no algorithm has.
func (a *Algorithm) checkTypes() {
	for name, t := range a.Types { // any of several may be told of
		if name == "" || t < wire.FirstAlgorithmType || t > wire.MaxType {
			panic(fmt.Sprintf("host: the algorithm %q calls the type %d %q: a name is needed, and a type from %d to %d",
				a.Name, uint16(t), name, wire.FirstAlgorithmType, wire.MaxType))
		}
	}
}

// Types implements spec.TypedAlgorithms.
func (r *Registry) Types(algorithm string) map[string]uint16 {
	i := r.find(algorithm)
	if i < 0 {
		return nil
	}
	types := make(map[string]uint16, len(r.all[i].Types))
	for name, t := range r.all[i].Types {
		types[name] = uint16(t)
	}
	return types
}
