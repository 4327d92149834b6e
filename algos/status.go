package algos

import (
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/valyala/bytebufferpool"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// StatusVersion is the version of Status. It changes only if a field changes its
// meaning; fields may be added without.
const StatusVersion = 1

// Status is what a node reports of itself (paper, section 2.2, The Observer): the
// payload of a status message. The tags are the names on the wire, and
// docs/algorithm.md lists them. Bytes include headers; counters begin when the
// node, or the lane, does.
type Status struct {
	Version     int             `cbor:"v"`               // StatusVersion
	Node        core.NodeID     `cbor:"node"`            // who reports
	Now         time.Duration   `cbor:"now"`             // ns since the node's world began
	Upstreams   int             `cbor:"ups"`             // lanes from upstream, those left out of the list too
	Upstream    []StatusUp      `cbor:"up"`              // lanes from upstream nodes and local sources
	Downstreams int             `cbor:"downs"`           // lanes to downstream, those left out of the list too
	Downstream  []StatusDown    `cbor:"down"`            // lanes to downstream nodes
	Held        int             `cbor:"held"`            // messages that the algorithm holds or retains
	InRate      uint64          `cbor:"in_rate"`         // bytes a second of late, from all upstream nodes
	OutRate     uint64          `cbor:"out_rate"`        // bytes a second of late, to all downstream nodes
	LostOut     StatusLoss      `cbor:"lost_out"`        // accepted for a downstream and not delivered
	LostIn      StatusLoss      `cbor:"lost_in"`         // received, or made by a source of the node, and not switched
	Apps        int             `cbor:"apps"`            // sessions that the node knows of, those left out of the list too
	Sessions    []StatusSession `cbor:"sessions"`        // by application
	Hosts       int             `cbor:"hosts"`           // known hosts
	Suspects    int             `cbor:"suspects"`        // hosts that refused and were not heard of since
	Consumed    uint64          `cbor:"consumed"`        // data messages that ended in Base
	Unhandled   uint64          `cbor:"unhandled"`       // messages that nobody had a use for
	Bad         uint64          `cbor:"bad"`             // control messages that made no sense
	Refused     uint64          `cbor:"refused"`         // messages not acted on because of where they came from
	Extra       cbor.RawMessage `cbor:"extra,omitempty"` // what the algorithm adds; see DecodeExtra

	Name      string             `cbor:"name,omitempty"`      // About
	Group     string             `cbor:"group,omitempty"`     // About
	Algorithm string             `cbor:"algorithm,omitempty"` // About
	Place     *Place             `cbor:"place,omitempty"`     // About
	Caps      *StatusCaps        `cbor:"caps,omitempty"`      // the node's emulated bandwidth; nil for no limit
	Process   *StatusProcess     `cbor:"process,omitempty"`   // nil if nobody told the node
	Metrics   map[string]float64 `cbor:"metrics,omitempty"`   // counters and gauges that the algorithm keeps (core.Node.Metric)
	States    map[string]string  `cbor:"states,omitempty"`    // states that it has noted (core.Node.State)

	Number uint64        `cbor:"n,omitempty"`      // of the report, for who asked with a StatusAsk
	Via    *core.NodeID  `cbor:"via,omitempty"`    // the node of its process that reports for it; nil: none
	Delta  *StatusDelta  `cbor:"delta,omitempty"`  // the report is what has changed; nil: it is whole
	Shared *StatusShared `cbor:"shared,omitempty"` // the node reports for others of its process; nil: for itself
}

// StatusUp is one lane from upstream.
type StatusUp struct {
	From    core.NodeID `cbor:"from"` // zero for a local source
	App     uint32      `cbor:"app"`
	Weight  int         `cbor:"weight"`
	Msgs    uint64      `cbor:"msgs"`    // switched
	Bytes   uint64      `cbor:"bytes"`   // switched
	Held    int         `cbor:"held"`    // messages held, charged to the lane
	Rate    uint64      `cbor:"rate"`    // bytes a second of late
	Blocked bool        `cbor:"blocked"` // waits for a downstream queue or for held messages
}

// StatusDown is one lane to downstream.
type StatusDown struct {
	To          core.NodeID `cbor:"to"`
	App         uint32      `cbor:"app"`
	Up          bool        `cbor:"up"`
	Msgs        uint64      `cbor:"msgs"`  // sent
	Bytes       uint64      `cbor:"bytes"` // sent
	QueuedMsgs  int         `cbor:"queued_msgs"`
	QueuedBytes int         `cbor:"queued_bytes"`
	Waiting     int         `cbor:"waiting"` // messages that wait for room in the queue
	LostMsgs    uint64      `cbor:"lost_msgs"`
	LostBytes   uint64      `cbor:"lost_bytes"`

	Rate     uint64        `cbor:"rate"`     // bytes a second of late
	RTT      time.Duration `cbor:"rtt"`      // ns, smoothed by TCP; 0 in memory and where the system does not tell
	Retrans  uint64        `cbor:"retrans"`  // segments sent again on this connection
	Delivery uint64        `cbor:"delivery"` // TCP's estimate of the delivery rate, bytes a second

	// What the link emulates, and what it has lost because of that.
	Cap       int64         `cbor:"cap,omitempty"`     // bytes a second; 0 is no limit
	Latency   time.Duration `cbor:"latency,omitempty"` // ns
	Jitter    time.Duration `cbor:"jitter,omitempty"`  // spread of it, ns
	Loss      float64       `cbor:"loss,omitempty"`    // share of messages
	EmulMsgs  uint64        `cbor:"emul_msgs,omitempty"`
	EmulBytes uint64        `cbor:"emul_bytes,omitempty"`
}

// StatusLoss counts lost messages.
type StatusLoss struct {
	Msgs  uint64 `cbor:"msgs"`
	Bytes uint64 `cbor:"bytes"`
}

// StatusSession is what the node knows of a session.
type StatusSession struct {
	App    uint32      `cbor:"app"`
	Joined bool        `cbor:"joined"`
	Source core.NodeID `cbor:"source"` // zero if unknown or lost
}

// ParseStatus reads a status message. Errors wrap ErrMalformed.
func ParseStatus(m *core.Msg) (Status, error) {
	var s Status
	if m.Type() != wire.TypeStatus {
		return s, fmt.Errorf("status: %w: a message of type %v", ErrMalformed, m.Type())
	}
	if err := Decode(m.Payload(), &s); err != nil {
		return Status{}, fmt.Errorf("status: %w", err)
	}
	if s.Version != StatusVersion || s.Node.IsZero() {
		return Status{}, fmt.Errorf("status: %w: version %d of node %v", ErrMalformed, s.Version, s.Node)
	}
	return s, nil
}

// DecodeExtra reads what the algorithm has added into what v points to. Without
// any it leaves v alone. Errors wrap ErrMalformed.
func (s *Status) DecodeExtra(v any) error {
	if len(s.Extra) == 0 {
		return nil
	}
	return Decode(s.Extra, v)
}

// Status takes a snapshot of the node. It allocates: it is for reports.
func (b *Base) Status() Status {
	n := b.Stats()
	s := Status{
		Version: StatusVersion, Node: n.ID, Now: b.Now(),
		Upstreams: len(n.Upstream), Downstreams: len(n.Downstream), Held: n.Held,
		InRate: uint64(n.InRate), OutRate: uint64(n.OutRate),
		LostOut: StatusLoss{n.Lost.OutMsgs, n.Lost.OutBytes}, LostIn: StatusLoss{n.Lost.UnswitchedMsgs(), n.Lost.InBytes + n.Lost.SourceBytes},
		Apps: len(b.sessions), Hosts: len(b.hosts.known), Suspects: len(b.hosts.suspect),
		Consumed: b.consumed, Unhandled: b.unhandled, Bad: b.bad, Refused: b.refused.count,
	}
	for _, l := range n.Upstream[:min(len(n.Upstream), maxStatusLanes)] {
		s.Upstream = append(s.Upstream, StatusUp{
			From: l.From, App: l.App, Weight: l.Weight, Msgs: l.Msgs, Bytes: l.Bytes, Held: l.Held, Blocked: l.Blocked, Rate: uint64(l.Rate),
		})
	}
	for _, l := range n.Downstream[:min(len(n.Downstream), maxStatusLanes)] {
		e := b.Link(l.To)
		s.Downstream = append(s.Downstream, StatusDown{
			To: l.To, App: l.App, Up: l.Up, Msgs: l.SentMsgs, Bytes: l.SentBytes,
			QueuedMsgs: l.QueuedMsgs, QueuedBytes: l.QueuedBytes, Waiting: l.Waiting,
			LostMsgs: l.LostMsgs, LostBytes: l.LostBytes,
			Rate: uint64(l.Rate), RTT: l.Kernel.RTT, Retrans: l.Kernel.Retrans, Delivery: l.Kernel.Rate,
			Cap: int64(e.Rate), Latency: e.Latency, Jitter: e.Jitter.Spread, Loss: e.Loss, EmulMsgs: l.EmulMsgs, EmulBytes: l.EmulBytes,
		})
	}
	for _, ss := range b.sessions {
		s.Sessions = append(s.Sessions, StatusSession{App: ss.app, Joined: ss.joined, Source: ss.source})
	}
	b.describe(&s)
	if b.Extra != nil {
		s.Extra = Encode(b.Extra())
	}
	return s
}

// report answers a request, to where it came from, with a status message that has the
// request's sequence number. What does not fit into a message is left out, lists first.
func (b *Base) report(m *core.Msg) {
	if !b.canReach(m.From()) {
		b.bad++
		return
	}
	if len(m.Payload()) > 0 {
		var ask StatusAsk
		if Decode(m.Payload(), &ask) == nil && ask.Session != 0 {
			b.answerAsk(m, &ask)
			return
		} // else it says nothing that concerns the report
	}
	buf := bytebufferpool.Get()
	defer bytebufferpool.Put(buf)
	s := b.Status()
	if !b.encodeWhole(buf, &s) {
		return
	}
	if !b.mayAnswer(m, len(buf.B)) {
		return
	}
	r := b.newFilled(wire.TypeStatus, 0, buf.B)
	r.SetSeq(m.Seq())
	b.Send(r, m.From())
}

// shorten halves the longest list, and in the end leaves the figures and the extra part out.
// It reports whether there was anything left to leave out.
func (s *Status) shorten() bool {
	up, down, ses := len(s.Upstream), len(s.Downstream), len(s.Sessions)
	switch longest := max(up, down, ses); {
	case longest == 0 && (s.Metrics != nil || s.States != nil):
		s.Metrics, s.States = nil, nil
	case longest == 0 && s.Extra == nil:
		return false
	case longest == 0:
		s.Extra = nil
	case longest == up:
		s.Upstream = s.Upstream[:up/2]
	case longest == down:
		s.Downstream = s.Downstream[:down/2]
	default:
		s.Sessions = s.Sessions[:ses/2]
	}
	return true
}
