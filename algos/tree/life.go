package tree

import (
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// The source's lives. One that has started again numbers its messages from the beginning, while those of its life before may still be on their way, or
// wait in a link that is cut off. So that nobody takes one for the other, a parent says on a child's data lane, in front of the first message of a
// life, which life that is; and lives have an order, by when they began, so that nobody goes back.

// life is the time at which the source became one, by its clock, and more than any life that it knew before.
type life uint64

// mark says that what follows it on the lane is of this life.
type mark struct{ Life life }

func (k *mark) Fields(f *pack.Fields) { f.Uint64((*uint64)(&k.Life)) }

// begun is a new life of a session's source at this node.
func (t *Tree) begun(s *session) life { return max(life(t.Now()), s.life+1) }

// hear takes note of a life that somebody tells of, and reports whether it is not over. One that began before another counts again
// when nobody has told of the other for two patiences: the source's clock has then begun anew, with its process.
func (t *Tree) hear(s *session, l life) bool {
	switch {
	case l < s.life && t.Now() <= s.told+2*t.patience():
		return false
	case l != s.life || s.told < t.Now():
		s.life, s.told = l, t.Now()
	}
	return true
}

// marked is told by the parent, on the lane of its data, which life that is of.
func (t *Tree) marked(m *core.Msg, k *mark) {
	switch s := t.find(m.App()); {
	case s == nil:
	case m.From() == s.parent.id:
		s.lane, s.marked = k.Life, true
	case s.busy && m.From() == s.whom:
		s.ahead, s.aheadOf = k.Life, m.From()
	}
}

// unsure asks the parent, once a Period, to say of which life its data is: what comes does not fit what it has said. Mostly that is of
// before it took this node, or before the source began anew, and the mark is on its way; but on a link that loses messages the mark
// can be lost, and is not sent again unasked.
func (t *Tree) unsure(s *session) {
	if s.root || t.Now() < s.doubted+t.Period {
		return
	}
	s.doubted = t.Now()
	t.Post(s.parent.id, typeUnsure, &refer{App: s.app})
}

// remark has a child told of the life again, in front of the next message.
func (t *Tree) remark(m *core.Msg, r *refer) {
	if s := t.find(r.App); s != nil {
		if c := s.child(m.From()); c != nil {
			c.marked = false
		}
	}
}

// current reports whether data of a life is to be taken, and begins to count anew when it is the first of its life.
func (t *Tree) current(s *session, l life) bool {
	if l != s.life && !t.hear(s, l) {
		return false
	}
	if s.data != l {
		s.data, s.next = l, 0
	}
	return true
}

// forward sends a message of the current life to the children.
func (t *Tree) forward(s *session, m *core.Msg) {
	for i := range s.children {
		c := &s.children[i]
		if !c.marked || c.mark != s.data {
			c.mark, c.marked = s.data, true
			t.Send(t.NewPacked(typeMark, s.app, &mark{s.data}), c.id)
		}
		t.Send(m, c.id)
	}
}
