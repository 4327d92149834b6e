package core

import "iter"

// inIndex finds a node's lanes from upstream: by upstream node and application, and
// all those of an application. It is made when they are many; a scan is faster before.
type inIndex struct {
	byKey map[laneKey]*InLane // those of upstream nodes
	byApp map[uint32]*appLanes
}

// laneKey names a lane from upstream.
type laneKey struct {
	from NodeID
	app  uint32
}

// appLanes is the lanes of an application in the order in which they came, linked in
// themselves.
type appLanes struct{ first, last *InLane }

// inLane is the lane from an upstream node for an application, or nil.
func (n *Node) inLane(from NodeID, app uint32) *InLane {
	if n.index != nil {
		return n.index.byKey[laneKey{from, app}]
	}
	for l := range n.ins.all() {
		if l.from == from && l.app == app && !from.IsZero() {
			return l
		}
	}
	return nil
}

// ofApp walks the lanes of an application, sources included, in the order in which
// they came. The one it is at may end.
func (n *Node) ofApp(app uint32) iter.Seq[*InLane] {
	return func(yield func(*InLane) bool) {
		if n.index == nil {
			for l := range n.ins.all() {
				if l.app == app && !yield(l) {
					return
				}
			}
			return
		}
		if of := n.index.byApp[app]; of != nil {
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
	switch {
	case n.index != nil:
		n.index.add(l)
	case n.ins.n > manyLinks:
		n.index = &inIndex{byKey: make(map[laneKey]*InLane), byApp: make(map[uint32]*appLanes)}
		for l := range n.ins.all() {
			n.index.add(l)
		}
	}
}

// unindexIn forgets one that has ended, and the index with the last.
func (n *Node) unindexIn(l *InLane) {
	switch {
	case n.index == nil:
	case n.ins.n == 0:
		n.index = nil
		l.earlier, l.later = nil, nil
	default:
		n.index.remove(l)
	}
}

func (x *inIndex) add(l *InLane) {
	if !l.from.IsZero() {
		x.byKey[laneKey{l.from, l.app}] = l
	}
	of := x.byApp[l.app]
	if of == nil {
		x.byApp[l.app] = &appLanes{l, l}
		return
	}
	l.earlier, of.last.later, of.last = of.last, l, l
}

func (x *inIndex) remove(l *InLane) {
	if key := (laneKey{l.from, l.app}); x.byKey[key] == l {
		delete(x.byKey, key)
	}
	of := x.byApp[l.app]
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
		delete(x.byApp, l.app)
	}
	l.earlier, l.later = nil, nil
}
