package file

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/metric"
)

// Store is where a sink puts blocks. Its methods are called on the node's loop and must not block.
type Store interface {
	// Put takes a copy of a block that has been proven, and its hash. It reports false if it has no room now: then the block counts as
	// missing, and is asked for again.
	Put(block int, leaf Hash, data []byte) bool
	// Finish is called once all blocks are there, as often as they are: the store makes sure of the whole file, and has the
	// transfer's Finished called on the node's loop.
	Finish()
}

// SinkOptions say what a sink takes. Zero values have defaults.
type SinkOptions struct {
	App uint32 // application (session), not 0
	// Only, if set, is the transfer that is taken; all others are refused.
	Only ID
	// Max is how many transfers are taken at a time, from 1 to MaxTransfers; 0: 8. One that has ended, and of which nothing was heard for a
	// minute, makes room for another.
	Max int
	// Open opens the store of a transfer that is new at this node. It, or somebody later on the node's loop, calls the transfer's
	// Opened. An error refuses the transfer.
	Open func(n *core.Node, t *Transfer) (Store, error)
	// Done, if set, is told how a transfer has ended: with nil when the whole file is there and has been verified.
	Done func(t *Transfer, err error)
	// Silence is after how long without a message of a transfer a node that lacks some of it asks the source again; then after twice as
	// long, up to a minute. 0: 3 s.
	Silence time.Duration
}

// MaxTransfers bounds the transfers of a sink at a time.
const MaxTransfers = 64

// Defaults of a sink.
const (
	defaultTransfers = 8
	defaultSilence   = 3 * time.Second
	mostSilence      = time.Minute
)

// SinkCounts are of a sink.
type SinkCounts struct {
	Blocks     uint64 `json:"blocks"`     // that came, were proven, and were put into their store
	Bytes      uint64 `json:"bytes"`      // of them
	Duplicate  uint64 `json:"duplicate"`  // blocks that were there already
	Bad        uint64 `json:"bad"`        // messages that make no sense, and blocks and manifests that are not what they say
	Early      uint64 `json:"early"`      // blocks, and news of what is asked for, of a transfer that is not known yet, or whose store is not open
	Busy       uint64 `json:"busy"`       // blocks for which the store had no room
	Foreign    uint64 `json:"foreign"`    // messages of transfers that were refused or have ended
	Requests   uint64 `json:"requests"`   // sent
	Suppressed uint64 `json:"suppressed"` // requests that were not sent since others had asked for the same
	Refused    uint64 `json:"refused"`    // transfers
	Whole      uint64 `json:"whole"`      // transfers that are there, verified
	Failed     uint64 `json:"failed"`     // transfers that were given up
}

// Sink is an application that receives files: it implements core.Sink, needs its timers ([Beside]), and sends requests. All methods
// belong to the node's loop.
type Sink struct {
	opt       SinkOptions
	transfers []*Transfer
	hasher    *Hasher
	ranges    []Range
	packed    []byte
	counts    SinkCounts
	metrics   *sinkMetrics
}

// sinkMetrics are the figures of a sink, for scenarios.
type sinkMetrics struct {
	blocks, bad, duplicate, requests, whole *metric.Counter
	done                                    *metric.Histogram
}

// NewSink makes a sink. Options out of range are a programmer's mistake.
func NewSink(o SinkOptions) *Sink {
	if o.Max == 0 {
		o.Max = defaultTransfers
	}
	if o.Silence == 0 {
		o.Silence = defaultSilence
	}
	if o.App == 0 || o.Open == nil || o.Max < 1 || o.Max > MaxTransfers || o.Silence < 0 {
		panic(fmt.Sprintf("file: a sink needs an application above 0, a way to open stores, 1 to %d transfers and a silence above 0", MaxTransfers))
	}
	return &Sink{opt: o, hasher: NewHasher()}
}

// Measure has the sink keep figures of itself at the node: the counters file_blocks, file_bad, file_duplicate, file_requests and
// file_whole, and the histogram file_done (s, from the first message of a transfer to when all of it is verified).
func (s *Sink) Measure(n *core.Node) {
	s.metrics = &sinkMetrics{
		blocks: n.Metric("file_blocks"), bad: n.Metric("file_bad"), duplicate: n.Metric("file_duplicate"), requests: n.Metric("file_requests"),
		whole: n.Metric("file_whole"), done: n.Histogram("file_done"),
	}
	for _, c := range []*metric.Counter{s.metrics.blocks, s.metrics.bad, s.metrics.duplicate, s.metrics.requests, s.metrics.whole} {
		c.Add(0) // it is there though nothing happens
	}
}

// count adds to a counter, and to its figure if there are figures.
func (s *Sink) count(to *uint64, figure func(*sinkMetrics) *metric.Counter) {
	*to++
	if s.metrics != nil {
		figure(s.metrics).Add(1)
	}
}

func (s *Sink) bad() { s.count(&s.counts.Bad, func(m *sinkMetrics) *metric.Counter { return m.bad }) }

// Counts are what happened so far.
func (s *Sink) Counts() SinkCounts { return s.counts }

// Transfers are those that the sink has, in the order in which they came but for those that have taken the place of others. It is a view.
func (s *Sink) Transfers() []*Transfer { return s.transfers }

// Consume implements core.Sink.
func (s *Sink) Consume(n *core.Node, m *core.Msg) {
	if m.App() == s.opt.App {
		s.Take(n, m.Sender(), m.Payload())
	}
}

// Take takes a message of the sink's application: its payload, of which it keeps nothing, and the source that made it.
func (s *Sink) Take(n *core.Node, source core.NodeID, payload []byte) {
	h, body, err := Parse(payload)
	if err != nil {
		s.bad()
		return
	}
	if s.opt.Only != (ID{}) && s.opt.Only != h.ID {
		s.counts.Foreign++
		return
	}
	t := s.find(h.ID)
	if t == nil && h.Kind == KindManifest {
		t = s.meet(n, h, source, body)
	}
	switch {
	case t == nil && h.Kind != KindManifest:
		s.counts.Early++
	case t == nil: // meet has counted it
	case t.state == failed:
		s.counts.Foreign++
		t.last = n.Now()
	default:
		t.hear(n, h, source, body)
	}
}

// Idle is for how long nothing true has been heard of any transfer that lacks blocks, beyond the time in which its source gathers what is lacking
// and need not say anything; 0 if there is no such transfer.
func (s *Sink) Idle(now time.Duration) time.Duration {
	least, some := time.Duration(0), false
	for _, t := range s.transfers {
		if t.state != open {
			continue
		}
		if idle := max(now-max(t.heardAt, t.calm), 0); !some || idle < least {
			least, some = idle, true
		}
	}
	return least
}

// find is a transfer by its number, and nil if it is not known.
func (s *Sink) find(id ID) *Transfer {
	for _, t := range s.transfers {
		if t.id == id {
			return t
		}
	}
	return nil
}

// meet takes a new transfer in.
func (s *Sink) meet(n *core.Node, h Header, source core.NodeID, body []byte) *Transfer {
	m, err := ParseManifest(body)
	if err != nil || m.ID() != h.ID {
		s.bad()
		return nil
	}
	at := s.room(n.Now())
	if at < 0 {
		s.counts.Foreign++
		return nil
	}
	t := newTransfer(s, n, m, source, at)
	s.transfers[at] = t
	if t.store, err = s.opt.Open(n, t); err != nil {
		s.counts.Refused++
		t.state = failed
		s.ended(t, fmt.Errorf("%w: %w", ErrRefused, err))
	}
	t.filled() // it may have been opened at once
	return t
}

// room is a place for a transfer, and -1 if there is none.
func (s *Sink) room(now time.Duration) int {
	if len(s.transfers) < s.opt.Max {
		s.transfers = append(s.transfers, nil)
		return len(s.transfers) - 1
	}
	return slices.IndexFunc(s.transfers, func(t *Transfer) bool {
		return (t.state == whole || t.state == failed) && now-t.last > mostSilence
	})
}

// ErrRefused is wrapped by the error of a transfer that the sink's Open refused.
var ErrRefused = errors.New("file: the transfer is refused")

func (s *Sink) ended(t *Transfer, err error) {
	if s.opt.Done != nil {
		s.opt.Done(t, err)
	}
}

// The ids of sinks' timers, one for each transfer: above any that an algorithm would choose and those of streams, and below those of
// a scenario's host.
const (
	firstTimer = 1<<60 | 1<<59
	timerShift = 32
)

// Timer takes a timer message, and reports whether it was the sink's.
func (s *Sink) Timer(n *core.Node, id uint64) bool {
	i := int(id &^ firstTimer >> timerShift)
	if id&firstTimer != firstTimer || id<<timerShift>>timerShift != uint64(s.opt.App) || i >= len(s.transfers) {
		return false
	}
	s.transfers[i].due(n)
	return true
}
