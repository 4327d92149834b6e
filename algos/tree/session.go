package tree

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// neighbour is a parent or a child.
type neighbour struct {
	id    core.NodeID
	load  Load
	heard time.Duration // when there was a sign of it last

	mark   life // of a child: what its data lane was told to carry
	marked bool // it was
}

// session is a node's place in one tree.
type session struct {
	app      uint32
	root     bool
	member   bool          // it has joined, and wants data
	parent   neighbour     // nobody: zero
	way      []core.NodeID // from the source to the parent, both included; empty without one
	children []neighbour
	life     life          // the latest of the source that is known of
	told     time.Duration // when somebody last told of it
	data     life          // of the message that came last
	lane     life          // of what comes from the parent
	marked   bool          // the parent has said so
	doubted  time.Duration // when it was last asked
	ahead    life          // likewise of who is asked to be the parent: its data may come before its answer
	aheadOf  core.NodeID
	missed   uint64 // messages that did not come
	next     uint64 // the message that is to come
	got      bool   // one has come, and next is true
	fresh    bool   // the node has joined, and missed nothing before the next

	tries int           // queries since the node began to look
	try   uint32        // the attempt to join that is under way
	since time.Duration // when the node began to look for a parent
	retry algos.Timer   // of the next attempt
	call  algos.Call    // a join that is not answered
	busy  bool          // there is one
	whom  core.NodeID   // it is asked of
}

func (s *session) child(id core.NodeID) *neighbour {
	if i := slices.IndexFunc(s.children, func(c neighbour) bool { return c.id == id }); i >= 0 {
		return &s.children[i]
	}
	return nil
}

// grandparent is who is above the parent, or the zero NodeID.
func (s *session) grandparent() core.NodeID {
	if n := len(s.way); n > 1 {
		return s.way[n-2]
	}
	return core.NodeID{}
}

// dropChild reports whether it was one.
func (s *session) dropChild(id core.NodeID) bool {
	before := len(s.children)
	s.children = slices.DeleteFunc(s.children, func(c neighbour) bool { return c.id == id })
	return len(s.children) < before
}

func (t *Tree) find(app uint32) *session {
	i, there := slices.BinarySearchFunc(t.sessions, app, func(s *session, app uint32) int { return cmp.Compare(s.app, app) })
	if !there {
		return nil
	}
	return t.sessions[i]
}

// session finds or begins one; nil if there are too many, or it has no application.
func (t *Tree) session(app uint32) *session {
	i, there := slices.BinarySearchFunc(t.sessions, app, func(s *session, app uint32) int { return cmp.Compare(s.app, app) })
	switch {
	case there:
		return t.sessions[i]
	case app == 0 || len(t.sessions) >= MaxSessions:
		t.Note("tree", "a session without an application, or one too many")
		return nil
	}
	s := &session{app: app}
	t.sessions = slices.Insert(t.sessions, i, s)
	return s
}

// attached reports whether the node has a way from the source.
func (t *Tree) attached(s *session) bool { return s.root || len(s.way) > 0 }

// wayOn is the way from the source that children are told.
func (t *Tree) wayOn(s *session) []core.NodeID {
	if !t.attached(s) {
		return nil
	}
	return append(slices.Clip(s.way), t.ID())
}

func (t *Tree) load(s *session) Load {
	l := Load{Degree: len(s.children), Bandwidth: t.bandwidth()}
	if !s.parent.id.IsZero() {
		l.Degree++
	}
	return l
}

// bandwidth of the last mile: what was measured, or what the author or the network says.
func (t *Tree) bandwidth() float64 {
	emulated := t.Node.Bandwidth()
	switch {
	case t.lastMile.best > 0 && t.lastMile.done:
		return t.lastMile.best
	case t.Bandwidth > 0:
		return t.Bandwidth
	case emulated.Total > 0:
		return float64(emulated.Total)
	case emulated.Up > 0:
		return float64(emulated.Up)
	}
	return stressUnit // all alike, and stress is the degree
}

func (t *Tree) patience() time.Duration { return time.Duration(t.Patience) * t.Period }

// beatAll looks for neighbours that are silent, tells the others what there is, and hands a child over if that is better.
func (t *Tree) beatAll() {
	patience := t.patience()
	for _, s := range t.sessions {
		before := len(s.children)
		s.children = slices.DeleteFunc(s.children, func(c neighbour) bool { return t.Now()-c.heard > patience })
		silent := !s.parent.id.IsZero() && t.Now()-s.parent.heard > patience
		if silent {
			t.giveUp(s)
		}
		if silent || len(s.children) < before {
			t.changed(s)
		} else {
			t.report(s)
			if s.root {
				t.beat(s)
			}
		}
		if s.root {
			t.measureFirst(func() {}) // who joins has done so; nothing of the root's waits for it
		}
		if t.Refine {
			t.refine(s)
		}
	}
}

// giveUp leaves the parent, and asks the one above it.
func (t *Tree) giveUp(s *session) {
	above := s.grandparent()
	t.leaveParent(s)
	if above.IsZero() {
		t.seek(s)
	} else {
		t.seek(s, above)
	}
}

// changed tells the neighbours of a new way or load.
func (t *Tree) changed(s *session) {
	t.beat(s)
	t.report(s)
	if !t.Running() {
		return // the figures stay what they were before the node's end
	}
	l := t.load(s)
	t.Gauge("degree").Set(float64(l.Degree))
	t.Gauge("stress").Set(l.Stress())
	t.Gauge("depth").Set(float64(len(s.way)))
}

// beat tells the children.
func (t *Tree) beat(s *session) {
	b := &beat{s.app, s.life, t.wayOn(s), t.load(s)}
	for _, c := range s.children {
		t.Post(c.id, typeBeat, b)
	}
}

// report tells the parent.
func (t *Tree) report(s *session) {
	if !s.parent.id.IsZero() {
		t.Post(s.parent.id, typeReport, &join{s.app, t.load(s)})
	}
}

// beaten hears from the parent.
func (t *Tree) beaten(m *core.Msg, b *beat) {
	s := t.find(b.App)
	switch {
	case s != nil && s.busy && m.From() == s.whom: // it has taken this node; the answer follows
	case s == nil || m.From() != s.parent.id:
		t.Post(m.From(), typeLeave, &refer{App: b.App}) // it holds this node for its child
		return
	case slices.Contains(b.Way, t.ID()), len(b.Way) == MaxDepth:
		s.way = nil // a circle, or too deep: who is above is no help
		t.giveUp(s)
		t.changed(s)
	case len(b.Way) == 0: // it has lost its own way; that is no sign of the source's life
		s.parent.load = b.Load
	default:
		t.follow(s, m.From(), b)
		t.beat(s) // at once, so that a beat comes from the source however deep the tree is
		t.Gauge("depth").Set(float64(len(s.way)))
	}
}

// follow takes over what the parent says.
func (t *Tree) follow(s *session, parent core.NodeID, b *beat) {
	if parent != s.parent.id {
		s.lane, s.marked = s.ahead, s.aheadOf == parent
	}
	s.parent, s.way = neighbour{id: parent, load: b.Load, heard: t.Now()}, b.Way
	t.hear(s, b.Life)
}

// reported hears from a child.
func (t *Tree) reported(m *core.Msg, r *join) {
	s := t.find(r.App)
	if s == nil {
		t.Post(m.From(), typeLeave, &refer{App: r.App})
		return
	}
	c := s.child(m.From())
	if c == nil {
		t.Post(m.From(), typeLeave, &refer{App: r.App}) // it holds this node for its parent
		return
	}
	c.load, c.heard = r.Load, t.Now()
}
