package netcode

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Session is what a node does in one multicast session. Which parts it plays follows
// from what is set: a node with a local source is the session's source, one with Deliver
// is a receiver, one with Downstreams relays.
type Session struct {
	App         uint32        // the session's application, above 0
	Downstreams []core.NodeID // whom to send to; the topology must have no circle
	// Upstreams are whom to take the session from; what others send is refused. Nil means
	// anybody: then the first who comes brings the session, and whoever is faster than its
	// source can take its place.
	Upstreams []core.NodeID

	// Deliver, if set, is handed every packet of the source, in order, once its generation
	// and all before it are decoded. The packet is valid until Deliver returns.
	Deliver func(g coding.Generation, i int, packet []byte)

	// Sign, if set, is the source's key: it signs the digests of each generation. Trust, if set,
	// is its other half, at relays and receivers: they check what they get, and shun who lies.
	Sign  ed25519.PrivateKey
	Trust ed25519.PublicKey
	// OnShun, if set, is told whom this node takes nothing from any more.
	OnShun func(core.NodeID)
	// Tamper, if set, may change each coded packet before it is sent: for experiments with
	// relays that lie.
	Tamper func(packet []byte)

	K      int         // packets of a generation that the source makes, coding.MinK to MaxK; 0 means 32
	Code   coding.Code // how coefficients are chosen; the zero value is dense
	Window int         // generations under way at a time, up to MaxWindow; 0 means DefaultWindow
	Queue  int         // packets that wait on a link; 0 means DefaultQueue
	Beat   time.Duration
	// Linger is how long the source waits for a generation to fill; 0 means DefaultBeat.
	Linger time.Duration
}

// Multicast is random linear network coding over any acyclic topology: source, recoding
// relay and receiver in one. Make it with NewMulticast.
//
// Each node sends each of its downstreams random combinations of what it has. Links work on
// one generation after the other, each for the same time, which the source chooses: so they
// carry of it in proportion to what they can, and all receivers get what the min cut lets
// through (pace.go, control.go). What is lacking in the end, or was lost, is asked for and
// goes first (want.go). How far the source may be ahead is bounded by the Window, so memory
// is.
//
// A node that nobody has use for says so and holds nobody up. A downstream that is new, or
// comes back, begins with the first generation that nobody has had anything of. A source
// that starts anew makes a new stream, which takes the place of the old one (stream.go).
// With Sign and Trust generations are checked, and who lies is shunned (poison.go).
// docs/coding.md, section 12, is the messages.
type Multicast struct {
	member[*upstream, *downstream]
	s Session

	base       uint32        // oldest generation that this node or one below needs something of
	next       uint32        // next to deliver
	judged     uint32        // next of which it is to be seen whether it came whole
	lastK      int           // of the last generation that is over; 0 before there is one
	period     time.Duration // of the newest generation known
	calm       int           // generations in a row of which nobody lacked anything
	step       time.Duration // the part by which the period shrinks with one
	nextAt     time.Duration // when the source begins with the next generation
	alarm      time.Duration // when links that rest are asked again; 0: no timer is set
	judgedBy   uint32        // the generation that was too short
	proven     time.Duration // the period of the last generation of which nobody lacked anything; 0: there was none
	good       time.Duration // what was proven before a generation was far too short; 0: nothing is tried again
	patience   int           // after how many calm ones good is tried again
	trying     bool          // it is, and nothing has been heard of that yet
	raised     uint32        // generations before it were begun before the last news of one that was too short
	slots      []slot        // by generation modulo Window
	collect    collector
	dismissing bool          // the upstream that is told something is shunned
	shunned    []core.NodeID // that have lied

	// Scratch.
	answer answer // what is said
	asked  answer // what is heard
	buffer []byte
	dsts   [][]byte
	views  [][]byte
	made   [batch]*core.Msg
	stats  MulticastStats
}

// MulticastStats are what a node has counted.
type MulticastStats struct {
	Received   uint64 // coded packets
	Innovative uint64 // of them, those that brought something new
	Stale      uint64 // of generations that are over
	Ahead      uint64 // of generations beyond the window
	Foreign    uint64 // packets of other streams than the node's
	Strangers  uint64 // messages of nodes that are not in Session.Upstreams
	Refused    uint64 // hellos of streams that may not take the place of the node's
	Replaced   uint64 // streams that did
	Useless    uint64 // packets that came while nobody here or below had use for any
	Poisoned   uint64 // generations that were decoded and are not what their source signed
	Doubted    uint64 // generations that were taken again from one upstream alone
	Suspected  uint64 // times that an upstream was found to have passed on what is false
	Shunned    uint64 // messages of nodes that have lied
	Forged     uint64 // digests that the source has not signed
	Bad        uint64 // messages that made no sense: nothing else was done about them
	TooLong    uint64 // messages of the source of more than coding.MaxSize bytes, which were dropped
	Sent       uint64 // coded packets, to all downstreams
	Delivered  uint64 // packets of the source
	Bytes      uint64 // of them
	Decoded    uint64 // generations
	Skipped    uint64 // generations that were over upstream before they were decoded here
	Feedbacks  uint64 // sent
	Hellos     uint64 // sent
}

// NewMulticast makes a node of a session. It panics if the session makes no sense.
func NewMulticast(s Session) *Multicast {
	def := func(v *int, d, most int, what string) {
		if *v == 0 {
			*v = d
		}
		if *v < 1 || *v > most {
			panic(fmt.Sprintf("netcode: a session with a %s of %d: want 1 to %d", what, *v, most))
		}
	}
	def(&s.K, 32, coding.MaxK, "K")
	def(&s.Window, DefaultWindow, MaxWindow, "Window")
	def(&s.Queue, DefaultQueue, 1<<16, "Queue")
	if s.App == 0 || s.K < coding.MinK {
		panic(fmt.Sprintf("netcode: a session of application %d with generations of %d packets", s.App, s.K))
	}
	if s.Beat <= 0 {
		s.Beat = DefaultBeat
	}
	if s.Linger <= 0 {
		s.Linger = DefaultBeat
	}
	m := &Multicast{s: s, slots: make([]slot, s.Window)}
	m.member = member[*upstream, *downstream]{of: m, app: s.App, named: s.Upstreams, interval: s.Beat, receives: s.Deliver != nil}
	return m
}

// Bind implements core.Algorithm.
func (m *Multicast) Bind(n *core.Node) { m.bind(n, m.s.Downstreams) }

// Counters are the counters so far.
func (m *Multicast) Counters() MulticastStats { return m.stats }

// Oldest is the oldest generation that this node, or one that it sends to, still needs
// something of.
func (m *Multicast) Oldest() uint32 { return m.base }

// Process implements core.Algorithm.
func (m *Multicast) Process(msg *core.Msg) core.Verdict {
	v := m.process(msg)
	m.settle()
	return v
}

func (m *Multicast) process(msg *core.Msg) core.Verdict {
	switch t := msg.Type(); {
	case t == TypeCoded && msg.App() == m.s.App:
		m.receive(msg)
	case t == TypeFeedback && msg.App() == 0:
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

// events notes what happens to links and sources.
func (m *Multicast) events(msg *core.Msg) {
	m.member.events(msg)
	switch t := msg.Type(); {
	case t == wire.TypeLinkDown && msg.Link().App == m.s.App && msg.Link().Direction == core.Upstream:
		m.judge()
	case t == wire.TypeSourceEnd && msg.App() == m.s.App:
		m.flush()
	}
}

// timer reports whether a timer was one of ours.
func (m *Multicast) timer(id uint64) bool {
	switch id {
	case lingerTimer:
		m.flush()
	case paceTimer:
		m.alarm = 0
		m.wake()
	default:
		return m.member.timer(id)
	}
	return true
}

// settle ends a call: those upstream are told what has changed, and the beat goes on if
// something is waited for.
func (m *Multicast) settle() {
	if m.rest() {
		for i := range m.slots {
			m.clear(&m.slots[i])
		}
	}
	m.speak(feedbackEvery)
	m.arm()
}

// incomplete reports whether something is to come from above.
func (m *Multicast) incomplete() bool {
	if m.fresh {
		return true // it has to be told where the stream is
	}
	for i := range m.slots {
		if s := &m.slots[i]; s.used && (m.missingOf(s.gen.ID) > 0 || m.s.Trust != nil && m.s.Deliver != nil && !s.verified) {
			return true
		}
	}
	return false
}

// beat says again what is needed, and gives up what has been under way for too long.
func (m *Multicast) beat() {
	m.tell = true
	m.lookAfterDoubts()
	m.judge() // some may have been silent for too long
	for _, v := range m.downs {
		m.lookAfter(v)
	}
	m.wake()
}

// busy reports whether there is any generation that is not over.
func (m *Multicast) busy() bool {
	for i := range m.slots {
		if m.slots[i].used {
			return true
		}
	}
	return false
}
