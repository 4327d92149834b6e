package tree

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// How a node comes into a tree, and out of it.

// joined is told by Base.
func (t *Tree) joined(app uint32) {
	s := t.session(app)
	if s == nil || s.root || s.member {
		return
	}
	s.member, s.fresh = true, true
	if s.parent.id.IsZero() {
		t.seek(s)
	}
}

// left is told by Base.
func (t *Tree) left(app uint32) {
	if s := t.find(app); s != nil && s.member {
		s.member = false
		t.part(s)
	}
}

// part takes the node out of a tree. Its children are told to ask its parent.
func (t *Tree) part(s *session) {
	s.retry.Stop()
	t.PostAll(t.Children(s.app), typeLeave, &refer{s.app, s.parent.id})
	s.children = nil
	t.leaveParent(s)
	t.changed(s)
}

// leaveParent forgets the parent, and tells it.
func (t *Tree) leaveParent(s *session) {
	if s.busy {
		s.call.Cancel()
		s.busy = false
	}
	if !s.parent.id.IsZero() {
		t.Post(s.parent.id, typeLeave, &refer{App: s.app})
	}
	s.parent, s.way = neighbour{}, nil
}

// seek begins to look for a parent, asking these first.
func (t *Tree) seek(s *session, first ...core.NodeID) {
	if !s.member || s.root || !t.Running() {
		return
	}
	s.since, s.tries = t.Now(), 0
	t.send(s, first...)
}

// send sends a query and, until the node is in the tree, others.
func (t *Tree) send(s *session, first ...core.NodeID) {
	s.retry.Stop()
	if !s.parent.id.IsZero() || !s.member || t.measureFirst(func() { t.send(s, first...) }) {
		return
	}
	s.try++
	s.tries++
	q := &query{App: s.app, Who: t.ID(), Try: s.try, Left: maxHops}
	if source := t.Source(s.app); len(first) == 0 && t.Policy == Unicast && !source.IsZero() {
		first = []core.NodeID{source}
	}
	sent := false
	for _, id := range first {
		if t.Post(id, typeQuery, q) {
			t.joinMsgs(1)
			sent = true
			break
		}
	}
	if !sent { // ever more, as some may be gone
		t.joinMsgs(uint64(t.PostAll(t.Sample(min(s.tries, mostAsked), t.Children(s.app)...), typeQuery, q)))
	}
	wait := t.Retry + time.Duration(t.Rand().Int64N(int64(t.Retry))) // so that those who lost the same parent do not go on together
	s.retry = t.AfterFunc(wait, func() { t.send(s) })
}

// queried finds the place of a newcomer, or passes its query on.
func (t *Tree) queried(q *query) {
	if q.Who.IsZero() || q.Who == t.ID() {
		return
	}
	q.Left = min(q.Left, maxHops)
	if s := t.find(q.App); s != nil && t.canTake(s, q.Who) {
		to := t.ID()
		if q.Left > 0 {
			to = t.better(s, q.Who)
		}
		if to == t.ID() {
			t.Post(q.Who, typeAck, &ack{q.App, q.Try, q.Gone})
			t.joinMsgs(1)
			return
		}
		t.relay(q, to)
		return
	}
	if q.Left == 0 {
		return // who asked will ask again
	}
	if source := t.Source(q.App); !source.IsZero() && source != t.ID() && source != q.Who && (t.Policy == Unicast || q.Left == 1) {
		t.relay(q, source)
		return
	}
	for _, id := range t.Sample(1, q.Who) {
		t.relay(q, id)
	}
}

func (t *Tree) relay(q *query, to core.NodeID) {
	q.Left--
	q.Gone++
	t.Post(to, typeQuery, q)
	t.joinMsgs(1)
}

// better is the neighbour in the tree that a query goes to, or this node itself.
func (t *Tree) better(s *session, who core.NodeID) core.NodeID {
	switch t.Policy {
	case Unicast:
		if !s.root {
			return s.way[0]
		}
	case NodeStress:
		best, least := t.ID(), t.load(s)
		for _, n := range append(slices.Clip(s.children), s.parent) {
			if !n.id.IsZero() && n.id != who && n.load.less(least) {
				best, least = n.id, n.load
			}
		}
		return best
	}
	return t.ID()
}

// canTake reports whether a node can be a child of this one.
func (t *Tree) canTake(s *session, who core.NodeID) bool {
	return t.attached(s) && who != t.ID() && who != s.parent.id && !slices.Contains(s.way, who) &&
		len(s.way)+2 < MaxDepth && (len(s.children) < MaxChildren || s.child(who) != nil)
}

// acknowledged has the node ask the first who can take it.
func (t *Tree) acknowledged(m *core.Msg, a *ack) {
	s := t.find(a.App)
	if s == nil || !s.member || s.busy || a.Try != s.try || !s.parent.id.IsZero() || s.child(m.From()) != nil {
		return
	}
	t.ask(s, m.From(), func() { t.Histogram("query_hops").Record(float64(a.Gone)) })
}

// ask asks a node to be the parent, in the place of the one that there may be.
func (t *Tree) ask(s *session, parent core.NodeID, done func()) {
	before, try := s.parent.id, s.try
	s.busy, s.whom, s.aheadOf = true, parent, core.NodeID{}
	t.joinMsgs(2) // the question, and its answer
	s.call = algos.Ask(&t.Base, parent, typeJoin, &join{s.app, t.load(s)}, 2*t.Period, func(b *beat, err error) {
		s.busy = false
		took := err == nil && b.App == s.app && len(b.Way) > 0 && len(b.Way) < MaxDepth && !slices.Contains(b.Way, t.ID())
		switch {
		case took && s.member && s.parent.id == before && s.child(parent) == nil:
			if !before.IsZero() {
				t.Post(before, typeLeave, &refer{App: s.app})
			}
			t.follow(s, parent, b)
			s.retry.Stop()
			t.changed(s)
			if before.IsZero() {
				t.Metric("joins").Add(1)
				t.Histogram("join_s").Record((t.Now() - s.since).Seconds())
			}
			done()
		case took, err != nil: // it may have taken this node
			t.Post(parent, typeLeave, &refer{App: s.app})
			fallthrough
		default:
			if s.try == try && s.parent.id.IsZero() {
				t.send(s)
			}
		}
	})
	if before.IsZero() {
		s.retry.Stop()
	}
}

// asked takes a child, or refuses.
func (t *Tree) asked(m *core.Msg, j *join) *beat {
	s := t.find(j.App)
	if s == nil || !t.canTake(s, m.From()) {
		return &beat{App: j.App, Load: Load{Bandwidth: t.bandwidth()}}
	}
	c := s.child(m.From())
	if c == nil {
		s.children = append(s.children, neighbour{id: m.From()})
		c = &s.children[len(s.children)-1]
		defer t.changed(s)
	}
	c.load, c.heard, c.marked = j.Load, t.Now(), false
	return &beat{s.app, s.life, t.wayOn(s), t.load(s)}
}

// abandoned is told that a link of the tree is no more.
func (t *Tree) abandoned(m *core.Msg, r *refer) {
	s := t.find(r.App)
	if s == nil {
		return
	}
	if s.dropChild(m.From()) {
		t.changed(s)
	}
	if m.From() == s.parent.id {
		t.orphaned(s, r.To)
	}
}

// lost is told of a node whose link has failed.
func (t *Tree) lost(peer core.NodeID) {
	for _, s := range t.sessions {
		if s.dropChild(peer) {
			t.changed(s)
		}
		if peer == s.parent.id {
			t.orphaned(s, s.grandparent())
		}
	}
}

// orphaned looks for another parent. The children stay, and may take nobody on the way that was.
func (t *Tree) orphaned(s *session, first core.NodeID) {
	if s.busy {
		s.call.Cancel()
		s.busy = false
	}
	s.parent, s.way = neighbour{}, nil
	t.changed(s)
	if first.IsZero() || first == t.ID() {
		t.seek(s)
	} else {
		t.seek(s, first)
	}
}
