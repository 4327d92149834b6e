package core

import "iter"

// A node finds its lanes from upstream by upstream node and application (Node.from), and those of an application in the order in
// which they came (Node.ofApps): by a scan while they are few, and then by links in the lanes themselves. Control lanes have no such
// links: most nodes have one from each neighbour, few ask for all, and those walk the list.

// manyLanes is the number of lanes from upstream up to which a scan beats an index.
const manyLanes = 8

// laneKey names a lane from upstream.
type laneKey struct {
	from NodeID
	app  uint32
}

// appLanes is the lanes of an application in the order in which they came, linked in
// themselves.
type appLanes struct{ first, last *InLane }

// inLane is the lane from an upstream node for an application, or nil.
func (n *Node) inLane(from NodeID, app uint32) *InLane { return n.from.Get(from, app) }

// ofApp walks the lanes of an application, sources included, in the order in which
// they came. The one it is at may end.
func (n *Node) ofApp(app uint32) iter.Seq[*InLane] {
	return func(yield func(*InLane) bool) {
		if n.ofApps == nil || app == 0 {
			for l := range n.ins.all() {
				if l.app == app && !yield(l) {
					return
				}
			}
			return
		}
		if of := n.ofApps[app]; of != nil {
			for l, next := of.first, (*InLane)(nil); l != nil; l = next {
				if next = l.later; !yield(l) {
					return
				}
			}
		}
	}
}

// indexIn notes a lane that has come.
func (n *Node) indexIn(l *InLane) {
	if !l.from.IsZero() {
		n.from.Put(l.from, l.app, l)
	}
	switch {
	case n.ofApps != nil:
		n.chain(l)
	case n.ins.n > manyLanes:
		n.ofApps = make(map[uint32]*appLanes)
		for l := range n.ins.all() {
			n.chain(l)
		}
	}
}

// unindexIn forgets one that has ended, and the index with the last.
func (n *Node) unindexIn(l *InLane) {
	if n.from.Get(l.from, l.app) == l {
		n.from.Delete(l.from, l.app)
	}
	switch {
	case n.ofApps == nil:
	case n.ins.n == 0:
		n.ofApps = nil
		l.earlier, l.later = nil, nil
	default:
		n.unchain(l)
	}
}

// chain adds a lane to those of its application.
func (n *Node) chain(l *InLane) {
	if l.app == 0 {
		return
	}
	of := n.ofApps[l.app]
	if of == nil {
		n.ofApps[l.app] = &appLanes{l, l}
		return
	}
	l.earlier, of.last.later, of.last = of.last, l, l
}

func (n *Node) unchain(l *InLane) {
	if l.app == 0 {
		return
	}
	of := n.ofApps[l.app]
	if l.earlier == nil {
		of.first = l.later
	} else {
		l.earlier.later = l.later
	}
	if l.later == nil {
		of.last = l.earlier
	} else {
		l.later.earlier = l.earlier
	}
	if of.first == nil {
		delete(n.ofApps, l.app)
	}
	l.earlier, l.later = nil, nil
}
