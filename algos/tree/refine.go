package tree

import (
	"cmp"
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// Refinement: the tree after the joins. A node hands a child over to a neighbour in the tree that has less stress with it than the
// node has without handing over. So the greater of the two stresses falls with every move, and as there are
// finitely many trees, moves come to an end.

// refine hands one child over, if that is better.
func (t *Tree) refine(s *session) {
	if !t.attached(s) || s.busy || len(s.children) == 0 {
		return
	}
	own := t.load(s).Stress()
	var to core.NodeID
	least := own
	for _, n := range append(slices.Clip(s.children), s.parent) {
		if n.id.IsZero() || n.id != s.parent.id && len(s.children) < 2 {
			continue
		}
		if with := n.load.with(1); with < least {
			to, least = n.id, with
		}
	}
	if to.IsZero() {
		return
	}
	// The child with the fewest below it is moved: the least changes its way.
	var who *neighbour
	for i := range s.children {
		c := &s.children[i]
		if c.id != to && (who == nil || cmp.Or(cmp.Compare(c.load.Degree, who.load.Degree), c.id.Compare(who.id)) < 0) {
			who = c
		}
	}
	t.Post(who.id, typeMove, &refer{s.app, to})
}

// moved asks a neighbour of the parent's to be the parent.
func (t *Tree) moved(m *core.Msg, r *refer) {
	s := t.find(r.App)
	if s == nil || !s.member || s.busy || m.From() != s.parent.id || s.child(r.To) != nil || r.To == t.ID() || r.To == s.parent.id {
		return
	}
	t.ask(s, r.To, func() { t.Metric("moves").Add(1) })
}
