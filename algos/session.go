package algos

import (
	"cmp"
	"slices"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Sessions: which ones this node has joined, who their sources are, and who said
// that it can take the node in.
//
// Control messages about a session need not be in it. A message whose application
// is set travels on the session's own lane: behind its data, and opening that lane
// if it is the first. That is right for what must stay in order with the data
// (broken source, session end) and wrong for announcements and queries, which go
// to nodes that have no part in the session. So what Base sends has application 0,
// the control lane, names the session in parameter a, and has a number of the
// sender's in parameter b. Base understands both forms.

// session is what a node knows of one session.
type session struct {
	app     uint32
	joined  bool
	asked   bool        // this node has sent a query for it
	source  core.NodeID // zero if unknown or lost
	contact core.NodeID // first to answer a query; zero if nobody has
}

// SessionOf is the session that a control message is about: its application, or
// with application 0 its parameter a. 0 means none.
func SessionOf(m *core.Msg) uint32 {
	if app := m.App(); app != 0 {
		return app
	}
	a, _ := m.Params()
	return uint32(a)
}

// Join makes the node a member of a session, as a join message does, and reports
// whether it is one now: not if it knows of MaxSessions already.
func (b *Base) Join(app uint32) bool {
	s := b.session(app)
	if s == nil || s.joined {
		return s != nil
	}
	s.joined = true
	if b.OnJoin != nil {
		b.OnJoin(app)
	}
	return true
}

// Leave ends the node's membership in a session, as a leave message does, and
// forgets what came of its queries.
func (b *Base) Leave(app uint32) {
	i, there := b.findSession(app)
	if !there {
		return
	}
	s := &b.sessions[i]
	member := s.joined
	s.joined, s.asked, s.contact = false, false, core.NodeID{}
	b.tidy(i)
	if member && b.OnLeave != nil {
		b.OnLeave(app)
	}
}

// Joined reports whether the node is a member of a session.
func (b *Base) Joined(app uint32) bool {
	i, there := b.findSession(app)
	return there && b.sessions[i].joined
}

// InSession reports whether the node can take others into a session: what Member
// says, or without it, whether the node has joined or announced the session.
func (b *Base) InSession(app uint32) bool {
	if b.Member != nil {
		return b.Member(app)
	}
	i, there := b.findSession(app)
	return there && (b.sessions[i].joined || b.sessions[i].source == b.ID())
}

// Source is the node that announced a session last, or the zero NodeID if that is
// unknown or the source has been lost.
func (b *Base) Source(app uint32) core.NodeID {
	i, there := b.findSession(app)
	if !there {
		return core.NodeID{}
	}
	return b.sessions[i].source
}

// Contact is the node that was the first to answer a query for a session, or the
// zero NodeID. A new query and Leave forget it.
func (b *Base) Contact(app uint32) core.NodeID {
	i, there := b.findSession(app)
	if !there {
		return core.NodeID{}
	}
	return b.sessions[i].contact
}

// Announce tells all known hosts, and through them everybody, that this node is
// the source of a session. It returns how many hosts it told.
func (b *Base) Announce(app uint32) int {
	s := b.session(app)
	if s == nil {
		return 0
	}
	s.source = b.ID()
	m := b.NewMsg(wire.TypeAnnounce, 0, 0)
	m.SetParams(int32(app), int32(b.nextNumber()))
	b.Fresh(m) // so that an echo is known for one
	return b.Disseminate(m, 1, b.Known()...)
}

// announced records the source of a session and passes the word on, once, unless
// there are too many.
func (b *Base) announced(m *core.Msg, app uint32) {
	source := m.Sender()
	if source == b.ID() {
		return // an echo
	}
	if !b.canReach(source) {
		b.bad++
		return
	}
	if !b.Fresh(m) {
		return
	}
	s := b.session(app)
	if s == nil {
		return
	}
	s.source = source
	if b.mayPassOn(m) {
		b.Disseminate(m, 1, b.Known()...)
	}
}

// forgetSource is the default for a source that was lost upstream, or that has
// sent its last.
func (b *Base) forgetSource(app uint32) {
	if i, there := b.findSession(app); there {
		b.sessions[i].source = core.NodeID{}
		b.tidy(i)
	}
}

// sourceEnd is forgetSource for a source at this node.
func (b *Base) sourceEnd(app uint32) {
	if b.Source(app) == b.ID() {
		b.forgetSource(app)
	}
}

func (b *Base) findSession(app uint32) (int, bool) {
	return slices.BinarySearchFunc(b.sessions, app, func(s session, app uint32) int { return cmp.Compare(s.app, app) })
}

// session finds what is known of a session, or begins to know it. It returns nil,
// and counts a bad message, if the node knows of MaxSessions already. The pointer
// is good until the next call. app is not 0.
func (b *Base) session(app uint32) *session {
	if app == 0 {
		panic("algos: a session needs an application above 0")
	}
	i, there := b.findSession(app)
	if there {
		return &b.sessions[i]
	}
	if len(b.sessions) >= MaxSessions {
		b.bad++
		return nil
	}
	b.sessions = slices.Insert(b.sessions, i, session{app: app})
	return &b.sessions[i]
}

// tidy drops a session that nothing is known of any more.
func (b *Base) tidy(i int) {
	if b.sessions[i] == (session{app: b.sessions[i].app}) {
		b.sessions = slices.Delete(b.sessions, i, i+1)
	}
}
