package sim

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// pair is two nodes in a direction, by their indices.
type pair struct{ from, to uint32 }

// link is what the lanes from one node to another share. It stays when they end,
// with its counters.
type link struct {
	world    *World
	from, to *Node
	lanes    []*lane // in the order in which they were dialled
	stats    LinkStats

	// Cuts. A lane needs both ways: acknowledgements come back.
	forth, back bool          // is cut
	since       time.Duration // when the first of them was
}

// LinkStats count what has crossed a link.
type LinkStats struct {
	From, To  core.NodeID
	Msgs      uint64 // taken by the receiver
	Bytes     uint64 // of them, headers included
	LostMsgs  uint64 // under way when a lane failed
	LostBytes uint64
	Dials     uint64 // lanes asked for
	Cut       bool   // in one direction at least, now
}

// link finds the link between two nodes, or makes it.
func (w *World) link(from, to *Node) *link {
	k := from.links.Get(to.id, 0)
	if k == nil {
		k = &link{world: w, from: from, to: to}
		k.stats.From, k.stats.To = from.id, to.id
		w.links = append(w.links, k)
		from.links.Put(to.id, 0, k)
		k.look()
	}
	return k
}

// Links calls fn for every link that has had a lane, in the order of their first
// lanes, until fn returns false.
func (w *World) Links(fn func(LinkStats) bool) {
	for _, k := range w.links {
		if !fn(k.count()) {
			return
		}
	}
}

// Link are the counters of the link between two nodes; zero if it had no lane yet.
func (w *World) Link(from, to core.NodeID) LinkStats {
	a, b := w.byID[from], w.byID[to]
	if a == nil || b == nil {
		return LinkStats{}
	}
	k := a.links.Get(b.id, 0)
	if k == nil {
		return LinkStats{}
	}
	return k.count()
}

// count adds what the lanes count to what those before them did.
func (k *link) count() LinkStats {
	s := k.stats
	s.Cut = k.isCut()
	for _, l := range k.lanes {
		s.Msgs += l.msgs
		s.Bytes += l.bytes
	}
	return s
}

// forget takes a lane away that is over, and keeps its counters.
func (k *link) forget(l *lane) {
	if i := slices.Index(k.lanes, l); i >= 0 {
		k.lanes = slices.Delete(k.lanes, i, i+1)
		k.stats.Msgs += l.msgs
		k.stats.Bytes += l.bytes
	}
}

// slow tells the lanes whether their receiver is.
func (k *link) slow(is bool) {
	for _, l := range k.lanes {
		l.slow = is
	}
}
