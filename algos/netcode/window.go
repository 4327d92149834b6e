package netcode

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// WindowSession is what a node does in one multicast by sliding window. Which parts it plays follows from what is set, as in
// Session. Size, Window, Deadline, Overhead and Rateless are the source's to choose: it tells the others.
type WindowSession struct {
	App         uint32        // the session's application, above 0
	Downstreams []core.NodeID // whom to send to; the topology must have no circle
	Upstreams   []core.NodeID // whom to take the session from; nil means anybody, as in Session

	// Deliver, if set, is handed every message of the source, in order. Numbers that are left out were given up, or were before
	// this node came. The bytes are valid until Deliver returns.
	Deliver func(seq uint64, message []byte)

	Size     int           // bytes of the longest message, up to MaxMessage; 0 means that of the first
	Window   int           // packets under way at a time, up to coding.MaxWindow; 0 means DefaultPackets
	Deadline time.Duration // how old a packet may become before it is given up; 0 means that none is
	Overhead float64       // coded packets for each packet, unasked, from 0 to MaxOverhead
	Rateless bool          // nobody answers: Overhead is all there is against loss; takes a Deadline

	Queue int // packets that wait on a link; 0 means DefaultPacketQueue
	Beat  time.Duration
}

// Limits of a multicast by sliding window.
const (
	// DefaultPackets is how many packets are under way at a time: what a fast long-distance link carries in a round trip.
	DefaultPackets = 64
	// DefaultPacketQueue is how many packets wait on a link: enough to keep it busy, and a sum is the better the later it is made.
	DefaultPacketQueue = 2
	// MaxMessage is the longest message: a packet has two bytes for the length before it.
	MaxMessage = coding.MaxSize - lengthLen
	// MaxOverhead is four coded packets for each packet.
	MaxOverhead = 4
	// MaxDeadline is what the hello has room for.
	MaxDeadline = time.Hour
)

// Window is multicast by a sliding window over any acyclic topology: source, recoding relay and receiver in one. Make it with
// NewWindow.
//
// The source sends each message as it is, and now and then a sum of those that are under way; relays recode what they hold,
// solved or not; receivers deliver in order, each message as soon as it and all before it are known. What nodes say
// upstream, the least of those below, moves the window, and asks for what is missing. With a deadline, what is older is given up
// everywhere, so that a receiver is not silent for longer than that for the sake of one packet.
//
// A node that nobody has use for, or that does not answer, holds nobody up. docs/coding.md, section 13, is the messages.
type Window struct {
	member[*winUp, *winDown]
	s WindowSession

	shape   shape
	dec     coding.WindowDecoder // what is held
	bufs    [][]byte
	scratch []byte // a packet
	seed    uint32
	began   uint64          // where this node began
	gone    uint64          // nothing before it comes from any upstream
	base    uint64          // oldest packet that this node or one below needs
	told    uint64          // base, as upstreams were told last
	next    uint64          // next to deliver
	end     uint64          // after the newest packet that is known of
	born    []time.Duration // when packets came into the world, as far as known; by number
	spread  uint64          // at the source: after the newest that was sent as it is on some link of several

	backlog  []waiting
	draining bool

	moved   time.Duration // when something was delivered or given up, or came, last
	pending time.Duration // since when something is waited for without a delivery; 0: nothing is

	expiring bool // the timer of the deadline is set
	stats    WindowStats
}

// WindowStats are what a node has counted.
type WindowStats struct {
	Received   uint64 // packets
	Innovative uint64 // of them, those that brought something new
	Stale      uint64 // that need what is forgotten
	Ahead      uint64 // beyond the window
	Foreign    uint64 // of other streams than the node's
	Strangers  uint64 // messages of nodes that are not in WindowSession.Upstreams
	Refused    uint64 // hellos of streams that may not take the place of the node's
	Replaced   uint64 // streams that did
	Useless    uint64 // packets that came while nobody here or below had use for any
	Bad        uint64 // messages that made no sense: nothing else was done about them
	TooLong    uint64 // messages of the source of more bytes than Size, or MaxMessage, which were dropped
	Sent       uint64 // packets, to all downstreams
	Coded      uint64 // of them, sums
	Made       uint64 // packets, at the source
	Expired    uint64 // of them, given up by it at the deadline, or for want of room without feedback
	Delivered  uint64 // packets of the source
	Bytes      uint64 // of them
	Skipped    uint64 // given up by this receiver
	Muted      uint64 // times that a downstream was waited for no more since it did not answer
	Answers    uint64 // sent
	Hellos     uint64 // sent
	// Silence is the longest time without a delivery while a packet was known to be due.
	Silence time.Duration
}

// Check tells what is wrong with a session, or nil.
func (s *WindowSession) Check() error {
	var err error
	check := func(bad bool, what string, value any, want string) {
		if bad && err == nil {
			err = fmt.Errorf("netcode: a session with a %s of %v: want %s", what, value, want)
		}
	}
	check(s.App == 0, "application", s.App, "1 or more")
	check(s.Size < 0 || s.Size > MaxMessage, "size", s.Size, fmt.Sprint("0 to ", MaxMessage))
	check(s.Window < 0 || s.Window > coding.MaxWindow, "window", s.Window, fmt.Sprint("1 to ", coding.MaxWindow))
	check(s.Deadline < 0 || s.Deadline > MaxDeadline || s.Deadline > 0 && s.Deadline < time.Millisecond, "deadline", s.Deadline, "0, or 1ms to 1h")
	check(!(s.Overhead >= 0 && s.Overhead <= MaxOverhead), "overhead", s.Overhead, "0 to 4")
	check(s.Rateless && s.Deadline == 0, "deadline", s.Deadline, "one above 0 without feedback, since then nobody asks for what is lost")
	check(s.Queue < 0 || s.Queue > 1<<16, "queue", s.Queue, "1 to 65536")
	return err
}

// NewWindow makes a node of a session. It panics if the session makes no sense: Check tells before.
func NewWindow(s WindowSession) *Window {
	if err := s.Check(); err != nil {
		panic(err.Error())
	}
	if s.Window == 0 {
		s.Window = DefaultPackets
	}
	if s.Queue == 0 {
		s.Queue = DefaultPacketQueue
	}
	if s.Beat <= 0 {
		s.Beat = DefaultBeat
	}
	m := &Window{s: s}
	m.member = member[*winUp, *winDown]{of: m, app: s.App, named: s.Upstreams, interval: s.Beat, receives: s.Deliver != nil}
	return m
}

// Bind implements core.Algorithm.
func (m *Window) Bind(n *core.Node) { m.bind(n, m.s.Downstreams) }

// Counters are the counters so far.
func (m *Window) Counters() WindowStats {
	c := m.stats
	if m.pending > 0 {
		c.Silence = max(c.Silence, m.Now()-m.pending)
	}
	return c
}

// Stream tells apart the streams that sources have made one after the other; 0 is none.
func (m *Window) Stream() uint32 { return m.id.nonce }

// Began is the packet at which this node began with its stream: what was before it is not counted as skipped.
func (m *Window) Began() uint64 { return m.began }

// Oldest is the oldest packet that this node, or one that it sends to, still needs.
func (m *Window) Oldest() uint64 { return m.base }

// Process implements core.Algorithm.
func (m *Window) Process(msg *core.Msg) core.Verdict {
	v := m.process(msg)
	m.settle()
	return v
}

func (m *Window) process(msg *core.Msg) core.Verdict {
	switch t := msg.Type(); {
	case t == TypeWindow && msg.App() == m.s.App:
		m.receive(msg)
	case t == TypeWindowAnswer && msg.App() == 0:
		m.hear(msg)
	case t == wire.TypeData && msg.App() == m.s.App:
		return m.take(msg)
	case t == wire.TypeTimer && m.timer(msg.TimerID()):
	default:
		m.events(msg)
		return m.Base.Process(msg)
	}
	return core.Done
}
