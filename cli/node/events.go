package node

import (
	"log/slog"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// logged is a relay that writes what happens to its node's links and sessions into
// the log: one line "event" each, with the machine's monotonic clock in at_ns, so
// that lines of all processes on a machine can be compared.
type logged struct {
	*relay.Relay
	log       *slog.Logger
	epoch     time.Duration // when the node's world began, by the machine's clock
	fanout    uint64        // downstream nodes
	forwarded uint64        // messages from upstream that went on, a copy for each of them
}

// newLogged makes the algorithm of a node.
func newLogged(r *relay.Relay, fanout int, log *slog.Logger, epoch time.Duration) *logged {
	l := &logged{Relay: r, log: log, epoch: epoch, fanout: uint64(fanout)}
	r.OnRefused = func(f algos.Refusal) {
		log.Warn("refused", "what", f.String(), "node", r.ID().String(), "observer", r.Observer.String())
	}
	return l
}

// Process implements core.Algorithm.
func (l *logged) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeData:
		if !m.From().IsZero() {
			l.forwarded += l.fanout
		}
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeLinkRecovered,
		wire.TypeSendFailed, wire.TypeSourceEnd, wire.TypeBrokenSource:
		e := m.Link()
		l.log.Info("event", "event", m.Type().String(), "node", l.ID().String(), "peer", e.Peer.String(), "app", e.App,
			"direction", e.Direction.String(), "reason", e.Reason.String(), "lost", e.Lost, "at_ns", (l.epoch + l.Now()).Nanoseconds())
	}
	return l.Relay.Process(m)
}

// ProcessBatch implements core.BatchAlgorithm.
func (l *logged) ProcessBatch(b *core.Batch) {
	l.Relay.ProcessBatch(b)
	if !b.From().IsZero() {
		l.forwarded += l.fanout * uint64(b.Len())
	}
}

// Batches implements core.BatchAlgorithm.
func (l *logged) Batches() core.Algorithm { return l }
