package record

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// What a history may have at most. They bound what a hostile report or file can take.
const (
	MaxNodes   = 1 << 20  // nodes, and so what indices are below
	MaxLinks   = 1 << 21  // links at one time
	MaxStates  = 1 << 21  // states, by node and name, at one time
	MaxText    = 64 << 10 // bytes of one text
	MaxMetrics = 4096     // metrics of a node
	MaxApps    = 4096     // applications of a node or link
)

// ErrLimit means that an update has more of something than there may be.
var ErrLimit = errors.New("record: over a limit")

// Model is how an overlay stands. It belongs to one goroutine; what it returns is the caller's.
type Model struct {
	t      Time
	nodes  []*Node // by index; nil: none
	count  int     // of nodes that there are
	links  sorted[ends, Link]
	states sorted[stateKey, State]
}

type ends struct{ f, t uint32 }

func (a ends) Compare(b ends) int { return cmp.Or(cmp.Compare(a.f, b.f), cmp.Compare(a.t, b.t)) }

type stateKey struct {
	node uint32
	name string
}

func (a stateKey) Compare(b stateKey) int {
	return cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.name, b.name))
}

// Apply takes an update. One that is over a limit, or of a node that cannot be, is an error and changes nothing.
func (m *Model) Apply(u *Update) error {
	if err := m.Check(u); err != nil {
		return err
	}
	if u.Full {
		*m = Model{}
	}
	m.t = u.T
	for i := range u.Nodes {
		m.node(&u.Nodes[i])
	}
	for i := range u.Links {
		l := &u.Links[i]
		key := ends{l.F, l.T}
		if l.Gone {
			m.links.remove(key)
			continue
		}
		state := m.links.get(key)
		if state == nil {
			state = m.links.add(key, &Link{F: l.F, T: l.T})
		}
		state.Merge(l)
	}
	for i := range u.States {
		s := u.States[i]
		key := stateKey{s.Node, s.Name}
		if s.Value.Kind == NoValue {
			m.states.remove(key)
			continue
		}
		if old := m.states.get(key); old != nil {
			*old = s
			continue
		}
		m.states.add(key, &s)
	}
	return nil
}

func (m *Model) node(patch *Node) {
	i := int(patch.I)
	if patch.Gone {
		if i < len(m.nodes) && m.nodes[i] != nil {
			m.nodes[i] = nil
			m.count--
		}
		return
	}
	if i >= len(m.nodes) {
		m.nodes = append(m.nodes, make([]*Node, i+1-len(m.nodes))...)
	}
	if m.nodes[i] == nil {
		m.nodes[i] = &Node{I: patch.I}
		m.count++
	}
	m.nodes[i].Merge(patch)
}

// Check finds what may not be in an update, and is what Apply does first.
func (m *Model) Check(u *Update) error {
	if u.T < 0 || u.T > MaxTime {
		return fmt.Errorf("%w: an update at %v, which is not between 0 and %v", ErrLimit, u.T.Duration(), MaxTime.Duration())
	}
	for i := range u.Nodes {
		if err := u.Nodes[i].check(); err != nil {
			return err
		}
	}
	for i := range u.Links {
		l := &u.Links[i]
		if l.F >= MaxNodes || l.T >= MaxNodes || len(l.Apps) > MaxApps {
			return fmt.Errorf("%w: link %d-%d with %d applications; indices are below %d, and there are at most %d applications", ErrLimit, l.F, l.T, len(l.Apps), MaxNodes, MaxApps)
		}
	}
	for i := range u.States {
		if s := &u.States[i]; s.Node >= MaxNodes || len(s.Name) > MaxText || len(s.Value.Text) > MaxText {
			return fmt.Errorf("%w: a state of node %d with %d and %d bytes of text; indices are below %d, and a text has at most %d bytes", ErrLimit, s.Node, len(s.Name), len(s.Value.Text), MaxNodes, MaxText)
		}
	}
	if links, states := len(u.Links), len(u.States); links+m.links.len() > MaxLinks || states+m.states.len() > MaxStates {
		return fmt.Errorf("%w: %d links and %d states beside %d and %d that there are; at most %d and %d", ErrLimit, links, states, m.links.len(), m.states.len(), MaxLinks, MaxStates)
	}
	return nil
}

func (n *Node) check() error {
	switch {
	case n.I >= MaxNodes:
		return fmt.Errorf("%w: node %d; indices are below %d", ErrLimit, n.I, MaxNodes)
	case len(n.Apps) > MaxApps:
		return fmt.Errorf("%w: node %d with %d applications; at most %d", ErrLimit, n.I, len(n.Apps), MaxApps)
	case len(n.Metrics) > MaxMetrics:
		return fmt.Errorf("%w: node %d with %d metrics; at most %d", ErrLimit, n.I, len(n.Metrics), MaxMetrics)
	}
	for _, f := range [...]*Field[string]{&n.ID, &n.Name, &n.Group, &n.Algorithm, &n.Place.Label, &n.Process.Host} {
		if len(f.v) > MaxText {
			return fmt.Errorf("%w: node %d with a text of %d bytes; at most %d", ErrLimit, n.I, len(f.v), MaxText)
		}
	}
	if len(n.Extra.v) > MaxText {
		return fmt.Errorf("%w: node %d with %d bytes of extra; at most %d", ErrLimit, n.I, len(n.Extra.v), MaxText)
	}
	for i := range n.Metrics {
		if name := n.Metrics[i].Name; len(name) > MaxText || !utf8.ValidString(name) {
			return fmt.Errorf("%w: node %d with a metric's name of %d bytes, %.40q; it is UTF-8 of at most %d", ErrLimit, n.I, len(name), name, MaxText)
		}
	}
	return nil
}

// Time is that of the last update.
func (m *Model) Time() Time { return m.t }

// Len is how many nodes and links there are.
func (m *Model) Len() (nodes, links int) { return m.count, m.links.len() }

// Node is a node as it stands.
func (m *Model) Node(i uint32) (Node, bool) {
	if int(i) >= len(m.nodes) || m.nodes[i] == nil {
		return Node{}, false
	}
	return m.nodes[i].clone(), true
}

// Link is a link as it stands.
func (m *Model) Link(from, to uint32) (Link, bool) {
	if l := m.links.get(ends{from, to}); l != nil {
		return l.clone(), true
	}
	return Link{}, false
}

// EachNode shows every node, in order of index, until the function returns false. What it shows is the model's own: it
// is only to be read, and only until the function returns.
func (m *Model) EachNode(yield func(*Node) bool) {
	for _, n := range m.nodes {
		if n != nil && !yield(n) {
			return
		}
	}
}

// EachLink shows every link, in order of its ends, as EachNode does.
func (m *Model) EachLink(yield func(*Link) bool) { m.links.each(yield) }

// EachState shows the last state of every node and name, in that order, as EachNode does.
func (m *Model) EachState(yield func(*State) bool) { m.states.each(yield) }

// Snapshot is how everything stands, as a full update: nodes, links and the last states. It shares nothing with the
// model.
func (m *Model) Snapshot() Update {
	u := Update{T: m.t, Full: true}
	u.Nodes = slices.Grow(u.Nodes, m.count)
	for n := range m.EachNode {
		u.Nodes = append(u.Nodes, n.clone())
	}
	u.Links = slices.Grow(u.Links, m.links.len())
	for l := range m.EachLink {
		u.Links = append(u.Links, l.clone())
	}
	u.States = slices.Grow(u.States, m.states.len())
	for s := range m.EachState {
		u.States = append(u.States, *s)
	}
	return u
}
