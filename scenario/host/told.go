package host

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Told is a failure that an algorithm was told of: the domino effect of what went wrong elsewhere, node by node.
type Told struct {
	At   time.Duration `json:"at_ns"`
	Type core.Type     `json:"type"` // link-down, link-stalled, send-failed or broken-source
	Peer core.NodeID   `json:"peer,omitzero"`
	App  uint32        `json:"app,omitempty"`
	Why  string        `json:"why,omitempty"`
}

// MaxTold bounds what is noted between two readings.
const MaxTold = 256

// toldOf notes what its algorithm is told of failures.
type toldOf struct {
	list   []Told
	untold uint64
}

func (t *toldOf) note(n *core.Node, m *core.Msg) {
	switch m.Type() {
	case wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeSendFailed, wire.TypeBrokenSource:
	default:
		return
	}
	if len(t.list) >= MaxTold {
		t.untold++
		return
	}
	e := m.Link()
	t.list = append(t.list, Told{n.Now(), m.Type(), e.Peer, e.App, e.Reason.String()})
}

// take is what was noted since it was called last; the caller owns it.
func (t *toldOf) take(c *Counters) {
	if t != nil {
		c.Told, c.Untold = t.list, t.untold
		t.list, t.untold = nil, 0
	}
}
