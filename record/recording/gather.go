package recording

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/record"
)

// gather puts values together that are of one update.
type gather struct {
	u     *record.Update
	nodes map[uint32]int
	links map[uint64]int
	// Columns go through the same nodes in the same order, so the next is mostly the one behind the last.
	lastNode, lastLink int
}

func newGather(u *record.Update) gather { return gather{u: u} }

func (g *gather) put(c *cells) error {
	ok := false
	if c.link {
		ok = g.link(c.f, c.t).Put(c.path, c.v)
	} else {
		ok = g.node(c.f).Put(c.path, c.v)
	}
	if !ok {
		return fmt.Errorf("%w: %s cannot be %v", ErrFormat, c.path, c.v)
	}
	return nil
}

func (g *gather) node(i uint32) *record.Node {
	all := g.u.Nodes
	if next := g.lastNode + 1; next < len(all) && all[next].I == i {
		g.lastNode = next
		return &all[next]
	}
	if g.nodes == nil {
		g.nodes = make(map[uint32]int)
	}
	at, ok := g.nodes[i]
	if !ok {
		at = len(all)
		g.nodes[i] = at
		g.u.Nodes = append(g.u.Nodes, record.Node{I: i})
	}
	g.lastNode = at
	return &g.u.Nodes[at]
}

func (g *gather) link(f, t uint32) *record.Link {
	all := g.u.Links
	if next := g.lastLink + 1; next < len(all) && all[next].F == f && all[next].T == t {
		g.lastLink = next
		return &all[next]
	}
	if g.links == nil {
		g.links = make(map[uint64]int)
	}
	key := uint64(f)<<32 | uint64(t)
	at, ok := g.links[key]
	if !ok {
		at = len(all)
		g.links[key] = at
		g.u.Links = append(g.u.Links, record.Link{F: f, T: t})
	}
	g.lastLink = at
	return &g.u.Links[at]
}

// sort puts nodes and links in order. Nobody may put more in after it.
func (g *gather) sort() {
	slices.SortFunc(g.u.Nodes, func(a, b record.Node) int { return cmp.Compare(a.I, b.I) })
	slices.SortFunc(g.u.Links, func(a, b record.Link) int { return cmp.Or(cmp.Compare(a.F, b.F), cmp.Compare(a.T, b.T)) })
}
