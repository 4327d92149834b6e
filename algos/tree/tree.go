package tree

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Policy is where a query ends.
type Policy string

// Policies (paper, section 3.2).
const (
	Unicast    Policy = "unicast"
	Random     Policy = "random"
	NodeStress Policy = "stress"
)

// Policies are all there are.
var Policies = []Policy{Unicast, Random, NodeStress}

// Limits. A way is told in every beat, and a query may be relayed by nodes that answer slowly or not at all.
const (
	MaxDepth    = 1024 // nodes on the way from a source
	MaxChildren = 1024
	MaxSessions = 1024
	maxHops     = 64 // of a query
	mostAsked   = 4  // hosts that a query goes to at once
)

// Tree is the algorithm of one node. Make it with New; fields may be changed before the node starts.
type Tree struct {
	algos.Base
	Policy    Policy
	Refine    bool            // hand children over to neighbours with less stress
	Period    time.Duration   // between beats
	Patience  int             // periods without a sign of a neighbour in the tree until it is taken for lost
	Retry     time.Duration   // between queries, for those that are not answered
	Bandwidth float64         // of the last mile, bytes a second; 0: the node's emulated one (total, or else up), or 100 KBps
	Measure   int             // known hosts to which the last mile is measured before the node first joins; 0: it is told
	Roots     []uint32        // sessions whose source this node is from its start
	Deliver   func(*core.Msg) // is handed each message once, in order

	sessions []*session // by application
	up       bool       // the nodes that start with this one are there
	lastMile lastMile

	strays, late, missed func(uint64) // add to counters, which are looked up once and not with each message
	joinMsgs             func(uint64)
}

// New makes a node with a policy.
func New(policy Policy) *Tree {
	return &Tree{Policy: policy, Period: time.Second, Patience: 4, Retry: time.Second, Deliver: func(*core.Msg) {}}
}

// Bind implements core.Algorithm.
func (t *Tree) Bind(n *core.Node) {
	if !slices.Contains(Policies, t.Policy) || t.Measure < 0 || t.Period <= 0 || t.Retry <= 0 || t.Patience < 2 {
		panic(fmt.Sprintf("tree: the policy %q, a period of %v, a retry of %v and a patience of %d; want one of %v, times above 0, and 2 or more",
			t.Policy, t.Period, t.Retry, t.Patience, Policies))
	}
	t.Base.Bind(n)
	t.SetIdleTimeout(4 * time.Duration(t.Patience) * t.Period)
	t.OnJoin, t.OnLeave = t.joined, t.left
	t.strays, t.late, t.missed = t.Metric("strays").Add, t.Metric("late").Add, t.Metric("missed").Add
	t.joinMsgs = t.Metric("join_msgs").Add
	algos.On(&t.Base, typeQuery, func(_ *core.Msg, q *query) { t.queried(q) })
	algos.On(&t.Base, typeAck, t.acknowledged)
	algos.Answer(&t.Base, typeJoin, t.asked)
	algos.On(&t.Base, typeBeat, t.beaten)
	algos.On(&t.Base, typeReport, t.reported)
	algos.On(&t.Base, typeLeave, t.abandoned)
	algos.On(&t.Base, typeMove, t.moved)
	algos.On(&t.Base, typeMark, t.marked)
	algos.On(&t.Base, typeUnsure, t.remark)
	t.Handle(wire.TypeData, t.received)
	t.Handle(wire.TypeMeasured, t.measured)
	t.OnFailed(t.lost)
	t.Handle(wire.TypeStarted, func(*core.Msg) {
		for _, app := range t.Roots {
			t.Root(app)
		}
		t.AfterFunc(time.Duration(t.Rand().Int64N(int64(t.Period))), func() {
			t.beatAll()
			t.Every(t.Period, t.beatAll)
		})
	})
	t.Handle(wire.TypeWorldUp, func(*core.Msg) {
		t.up = true
		for _, s := range t.sessions {
			if s.root {
				t.Announce(s.app)
			}
		}
	})
	t.Handle(wire.TypeStopping, func(*core.Msg) {
		for _, s := range t.sessions {
			t.part(s)
		}
	})
}

// Root makes the node the root of a session's tree, as its first message of its own does.
func (t *Tree) Root(app uint32) {
	s := t.session(app)
	if s == nil || s.root {
		return
	}
	t.part(s)
	s.root, s.life = true, t.begun(s)
	t.changed(s)
	if t.up {
		t.Announce(app)
	}
}

// Parent is whom the node has its data from in a session, or the zero NodeID: at the root, and where there is none.
func (t *Tree) Parent(app uint32) core.NodeID {
	if s := t.find(app); s != nil {
		return s.parent.id
	}
	return core.NodeID{}
}

// Children are the nodes that have their data from this one. The slice is the caller's.
func (t *Tree) Children(app uint32) (ids []core.NodeID) {
	if s := t.find(app); s != nil {
		for _, c := range s.children {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// InTree reports whether the node has a way from the source of a session: its root has.
func (t *Tree) InTree(app uint32) bool {
	s := t.find(app)
	return s != nil && t.attached(s)
}

// Load is what the node carries in a session.
func (t *Tree) Load(app uint32) Load {
	if s := t.find(app); s != nil {
		return t.load(s)
	}
	return Load{Bandwidth: t.bandwidth()}
}

// Missed is how many messages of a session the node knows not to have got while it was a member.
func (t *Tree) Missed(app uint32) uint64 {
	if s := t.find(app); s != nil {
		return s.missed
	}
	return 0
}

// Invariant is what holds in every node at any time (ioverlay hunt --invariants).
func (t *Tree) Invariant() error {
	for _, s := range t.sessions {
		switch {
		case s.root && !s.parent.id.IsZero():
			return fmt.Errorf("session %d: the root has the parent %v", s.app, s.parent.id)
		case s.parent.id == t.ID() || s.child(t.ID()) != nil:
			return fmt.Errorf("session %d: the node is its own neighbour", s.app)
		case s.child(s.parent.id) != nil:
			return fmt.Errorf("session %d: %v is parent and child", s.app, s.parent.id)
		case slices.Contains(s.way, t.ID()):
			return fmt.Errorf("session %d: the node is on its own way %v", s.app, s.way)
		case len(s.children) > MaxChildren:
			return fmt.Errorf("session %d: %d children", s.app, len(s.children))
		}
	}
	return nil
}

// received takes data from the parent, and passes it on.
func (t *Tree) received(m *core.Msg) {
	if m.From().IsZero() {
		t.Root(m.App())
	}
	s := t.find(m.App())
	if s == nil || m.From() != s.parent.id { // the root's parent is nobody, where its own data comes from
		t.strays(1)
		return
	}
	of := s.lane
	switch {
	case s.root:
		of = s.life
	case !s.marked: // sent before the parent took this node again
		t.strays(1)
		t.unsure(s)
		return
	}
	if !t.current(s, of) { // of a life of the source that is over
		t.late(1)
		t.unsure(s)
		return
	}
	switch {
	case !s.got, m.Seq() >= s.next && s.fresh:
	case m.Seq() >= s.next:
		s.missed += m.Seq() - s.next
		t.missed(m.Seq() - s.next)
	default: // what the last parent had brought
		t.late(1)
		return
	}
	s.got, s.fresh, s.next = true, false, m.Seq()+1
	t.forward(s, m)
	t.Deliver(m)
}
