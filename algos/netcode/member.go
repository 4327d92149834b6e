package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// member is a node of a multicast session, whatever it codes with: whom it takes the session from and whom it sends it to, which
// stream of the session it is in (member_stream.go), and when it tells whom (member_timers.go). Multicast and Window embed it; U and D are what they know of
// each upstream and each downstream.
type member[U interface{ up() *above }, D interface{ down() *below }] struct {
	algos.Base
	of       coded[U, D]
	app      uint32
	named    []core.NodeID // whom to take the session from; nil means anybody
	interval time.Duration // of the beat

	id       streamID
	known    bool          // id is, and where the stream stands
	fresh    bool          // id is, but not where it stands: this node has rested
	begun    bool          // this node is the stream's source
	receives bool          // it hands over what it decodes
	resting  bool          // nobody here or below has use for the stream
	seen     uint64        // highest epoch of the stream's source that was heard of
	heardAt  time.Duration // when something of the stream came last
	carriers []core.NodeID // that have brought this stream

	ups   []U
	downs []D

	armed    bool          // the beat is
	retrying bool          // the timer for those that failed is set
	pause    time.Duration // before they are tried again
	tell     bool          // all upstreams, when the call ends
}

// coded is what a member leaves to what it codes with.
type coded[U, D any] interface {
	newUp(id core.NodeID) U
	newDown(id core.NodeID) D
	lost(D)           // what was sent to it is lost, and it may have forgotten what it had
	serve(D) bool     // its lane has room: send it what it needs most, and report whether there was anything
	say(U)            // tell it what is needed
	settle()          // the call ends
	beat()            // say again what is needed
	advance()         // move past what nobody needs any more
	busy() bool       // there is something that somebody below may need
	waitsFor(D) bool  // it has something to answer for
	incomplete() bool // something is to come from above
}

// above is what a member knows of one that sends to it.
type above struct {
	id      core.NodeID
	carries bool          // this node's stream
	at      time.Duration // when it was last heard
	since   int           // messages since it was told what is needed
}

func (u *above) up() *above { return u }

// atOnce is a since with which an upstream is told when the call ends.
const atOnce = 1 << 20

// below is what a member knows of one that it sends to.
type below struct {
	id     core.NodeID
	failed bool // its link is down, and so is what it needs
	probe  bool // it is sent a hello, to see whether it is there again
	mute   bool // it does not answer, and is not waited for
	rests  bool // it needed nothing when it was asked for
	idle   bool // it says that nobody there has use for the stream
	other  bool // it is in another stream
	hello  bool // it has to be told which stream this is
	poke   bool // it is sent a hello, needed or not, so that it answers
	bound  bool // its lane's queue is
}

func (v *below) down() *below { return v }

// live reports whether it is waited for.
func (v *below) live() bool { return !v.failed && !v.idle && !v.mute }

// bind begins with those downstream.
func (m *member[U, D]) bind(n *core.Node, downstreams []core.NodeID) {
	m.Base.Bind(n)
	m.pause = retryDown
	for _, id := range downstreams {
		m.addDown(id)
	}
}

// Source is the node whose stream this one is in, and false if it knows of none yet.
func (m *member[U, D]) Source() (core.NodeID, bool) { return m.id.source, m.known }

// AddDownstream sends to one more node from now on; to one that it sends to anyhow it
// makes no difference. It must be called on the node's loop.
func (m *member[U, D]) AddDownstream(id core.NodeID) {
	m.addDown(id)
	m.of.settle()
}

// RemoveDownstream sends to a node no more. It must be called on the node's loop.
func (m *member[U, D]) RemoveDownstream(id core.NodeID) {
	m.Pull(id, m.app, nil)
	m.downs = slices.DeleteFunc(m.downs, func(v D) bool { return v.down().id == id })
	m.of.advance()
	m.of.settle()
}

func (m *member[U, D]) addDown(id core.NodeID) {
	if id == m.ID() {
		panic("netcode: a node that is its own downstream")
	}
	if _, there := m.downstream(id); there {
		return
	}
	v := m.of.newDown(id)
	m.downs = append(m.downs, v)
	m.Pull(id, m.app, func() bool {
		sent := m.of.serve(v)
		if v.down().rests = !sent; sent {
			m.of.settle() // there are packets under way that were not before
		}
		return sent
	})
}

// downstream finds a downstream.
func (m *member[U, D]) downstream(id core.NodeID) (v D, there bool) {
	for _, v := range m.downs {
		if v.down().id == id {
			return v, true
		}
	}
	return v, false
}

// upstream finds an upstream, or begins to know it.
func (m *member[U, D]) upstream(id core.NodeID) U {
	for _, u := range m.ups {
		if u.up().id == id {
			return u
		}
	}
	u := m.of.newUp(id)
	m.ups = append(m.ups, u)
	return u
}

// events notes what happens to links and sources.
func (m *member[U, D]) events(msg *core.Msg) {
	switch msg.Type() {
	case wire.TypeLinkUp, wire.TypeLinkDown:
		ev := msg.Link()
		up := msg.Type() == wire.TypeLinkUp
		switch {
		case ev.App != m.app:
		case ev.Direction == core.Upstream:
			m.upstreamIs(ev.Peer, up)
		default:
			m.downstreamIs(ev, up)
		}
	case wire.TypeSourceEnd, wire.TypeSessionEnd, wire.TypeBrokenSource:
		if msg.App() == m.app {
			m.Repair() // what is here is still to be sent, and another upstream may come
		}
	}
}

// upstreamIs notes that a link from upstream is there, or gone.
func (m *member[U, D]) upstreamIs(id core.NodeID, up bool) {
	if up {
		if m.mayBring(id) {
			m.upstream(id).up().since = atOnce
		}
		return
	}
	m.ups = slices.DeleteFunc(m.ups, func(u U) bool { return u.up().id == id })
	m.tell = m.tell || m.expects() // the others have to make up for it
	m.wake()
}

// downstreamIs notes that a link to downstream is there, or gone. What was on it is lost, unless
// it was only closed because it rested: then the one that it leads to is waited for as before.
func (m *member[U, D]) downstreamIs(ev core.LinkEvent, up bool) {
	d, there := m.downstream(ev.Peer)
	if !there {
		return
	}
	switch v := d.down(); {
	case !up && ev.Reason == core.ReasonIdle && !v.idle:
		return
	case up:
		if v.failed {
			v.failed, v.probe, v.hello = false, false, true
		}
	default:
		m.of.lost(d) // whoever answers next may have forgotten all
		v.failed, v.probe, v.mute = true, false, false
		m.of.advance()
	}
	m.tell = m.tell || m.expects()
	m.wake()
}

// limit bounds the queue of a downstream's lane.
func (m *member[U, D]) limit(v *below, queue int) {
	if !v.bound {
		v.bound = true
		m.SetLaneQueue(v.id, m.app, queue)
	}
}

// wake has those downstreams served that needed nothing.
func (m *member[U, D]) wake() {
	for _, d := range m.downs {
		if v := d.down(); v.rests {
			v.rests = false
			m.WakePull(v.id, m.app)
		}
	}
}
