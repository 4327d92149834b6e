package node

import (
	"log/slog"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// logged is a relay that writes what happens to its node's links and sessions into
// the log: one line "event" each, with the machine's monotonic clock in at_ns, so
// that lines of all processes on a machine can be compared.
type logged struct {
	*relay.Relay
	checker   *apps.Checker // nil without --sink
	log       *slog.Logger
	epoch     time.Duration // when the node's world began, by the machine's clock
	fanout    uint64        // downstream nodes
	forwarded uint64        // messages from upstream that went on, a copy for each of them
}

// newLogged makes the algorithm of a node.
func newLogged(r *relay.Relay, fanout int, log *slog.Logger, epoch time.Duration) *logged {
	r.OnRefused = logRefusals(&r.Base, log)
	return &logged{Relay: r, log: log, epoch: epoch, fanout: uint64(fanout)}
}

// Process implements core.Algorithm.
func (l *logged) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case wire.TypeData:
		if !m.From().IsZero() {
			l.forwarded += l.fanout
		}
	default:
		logEvent(l.log, l.Node, l.epoch, m)
	}
	return l.Relay.Process(m)
}

// logEvent writes a message that tells of a link or session into the log.
func logEvent(log *slog.Logger, n *core.Node, epoch time.Duration, m *core.Msg) {
	switch m.Type() {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeLinkRecovered,
		wire.TypeSendFailed, wire.TypeSourceEnd, wire.TypeBrokenSource:
		e := m.Link()
		log.Info("event", "event", m.Type().String(), "node", n.ID().String(), "peer", e.Peer.String(), "app", e.App,
			"direction", e.Direction.String(), "reason", e.Reason.String(), "lost", e.Lost, "at_ns", (epoch + n.Now()).Nanoseconds())
	}
}

// logRefusals writes what a node has refused into the log.
func logRefusals(b *algos.Base, log *slog.Logger) func(algos.Refusal) {
	return func(f algos.Refusal) {
		log.Warn("refused", "what", f.String(), "node", b.ID().String(), "observer", b.Observer.String())
	}
}

// fill tells what was forwarded, and what its sink has checked.
func (l *logged) fill(r *nodereport.Report) {
	r.Forwarded, r.Refused = l.forwarded, l.Refused()
	if l.checker == nil {
		return
	}
	t := l.checker.Tally()
	r.Messages, r.Bytes = t.Messages, t.Bytes
	r.Missing, r.OutOfOrder, r.Corrupt = t.Lost, t.OutOfOrder, t.Corrupt
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
