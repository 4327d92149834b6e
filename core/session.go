package core

import (
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// A session ends when its sources have: the node of the last one says so downstream,
// behind the session's data, and so does every node that has heard it from all who
// brought it the session. Each closes the session's lanes when they have run dry, so
// that nothing is left of a session that is over but what algorithms remember.
//
//	begun      sessions that the algorithm brings itself, which nobody else can end
//	over       nobody brings the session any more: the algorithm is told
//	passOn     after it was told of an end, or of a break (domino.go)
//	passDown   the session's lanes are told, and drained

// over tells the algorithm that a session has ended, if nobody else brings it.
func (n *Node) over(app uint32, source NodeID) {
	if !n.brings(app) {
		n.post(event{typ: wire.TypeSessionEnd, peer: source, app: app})
	}
}

// brings reports whether an upstream, a source of this node, or its algorithm brings a
// session.
func (n *Node) brings(app uint32) bool {
	if slices.Contains(n.begun, app) {
		return true
	}
	for l := range n.ofApp(app) {
		if l.flowOf(app) == flowing {
			return true
		}
	}
	if app == wire.SharedApp {
		return false
	}
	for l := range n.ofApp(wire.SharedApp) {
		if l.flowOf(app) == flowing {
			return true
		}
	}
	return false
}

// Repair says, while the algorithm is told of a BrokenSource, that it looks for
// another upstream itself; or, while it is told of a SourceEnd or SessionEnd, that it
// is not done with the session, and will call EndSession. Nothing is passed on, and
// the session's lanes stay.
func (n *Node) Repair() { n.repairing = true }

// BeginSession says that the algorithm itself brings a session: it makes the session's
// data, of what it receives or out of nothing, and not by a source of the node. Until
// EndSession no upstream can end the session here. Without it, whoever opens a lane of
// the session to this node counts as an upstream of it, and the last upstream's word
// ends the session for all downstream nodes, also for what the algorithm still makes.
// To say it again changes nothing. It panics if app is 0.
func (n *Node) BeginSession(app uint32) {
	if app == 0 {
		panic("core: BeginSession of application 0, which is the control lane")
	}
	if !slices.Contains(n.begun, app) {
		n.begun = append(n.begun, app)
	}
}

// EndSession says to all downstream nodes of a session that it has ended, behind its
// data, and closes its lanes once they have run dry. The switch does it by itself when
// the last source or upstream of a session has ended, unless the algorithm called
// Repair, or BeginSession before. To say it again before the lanes have closed changes
// nothing. It panics if app is 0.
func (n *Node) EndSession(app uint32) {
	if app == 0 {
		panic("core: EndSession of application 0, which is the control lane")
	}
	n.begun = slices.DeleteFunc(n.begun, func(a uint32) bool { return a == app })
	n.passDown(event{typ: wire.TypeSessionEnd, peer: n.id, app: app})
}

// passOn passes on what the algorithm was told of a session, unless it repairs the
// session or has got it from elsewhere meanwhile.
func (n *Node) passOn(e event) {
	repaired := n.repairing
	n.repairing = false
	switch e.typ {
	case wire.TypeSourceEnd:
		e.typ, e.peer = wire.TypeSessionEnd, n.id
	case wire.TypeSessionEnd, wire.TypeBrokenSource:
	default:
		return
	}
	if repaired || n.state == nodeEnded || n.brings(e.app) {
		return
	}
	n.passDown(e)
	n.settleMade()
}

// passDown tells those downstream of a session what has become of it.
func (n *Node) passDown(e event) {
	for _, lk := range n.links {
		l := lk.carrying(e.app)
		if l == nil || l.hasSaid(e.app) {
			continue
		}
		m := n.makeMsg(wire.Header{Type: e.typ, Sender: e.peer, App: e.app})
		if e.typ == wire.TypeBrokenSource {
			wire.SetParams(m.frame, int32(e.reason), 0)
		}
		l.signal(m, e.app)
		if l.app == e.app {
			l.drain()
		} else {
			l.apps = slices.DeleteFunc(l.apps, func(app uint32) bool { return app == e.app })
		}
	}
}

// carrying is the link's lane that carries a session, or nil. One that was closed while
// the session was at rest opens again to say that it has ended.
func (lk *Link) carrying(app uint32) *OutLane {
	l := lk.known(app)
	if l == nil {
		if l = lk.known(wire.SharedApp); l != nil && !slices.Contains(l.apps, app) {
			return nil
		}
	}
	switch {
	case l == nil, l.state == laneClosed, l.state == laneCooling && l.why != ReasonIdle:
		return nil // who lost it was told
	}
	return l
}
