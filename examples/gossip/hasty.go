package main

import (
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Hasty is Gossip with a mistake: it asks for what comes after the newest message
// that it has seen, as if none before it could be missing.
type Hasty struct{ Gossip }

// Process implements core.Algorithm.
func (h *Hasty) Process(m *core.Msg) core.Verdict {
	verdict := h.Gossip.Process(m)
	if m.Type() == wire.TypeData {
		h.next = max(h.next, m.Seq()+1)
	}
	return verdict
}
