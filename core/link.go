package core

import (
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Link is the sending side of the way to one downstream node: a control lane
// and one lane for each application that sends over it, each opened when it is
// first needed.
type Link struct {
	node  *Node
	peer  NodeID
	lanes []*OutLane
	emul  linkEmul
	pulls []*puller // by application (pull.go)
	at    int       // place in the node's list of links
}

// manyLinks is the number of links up to which a scan does when a lane is opened: an index would be
// memory of nodes that have few, and those are most.
const manyLinks = 8

// findLane looks a lane up, or opens it.
func (n *Node) findLane(dest NodeID, app uint32) *OutLane {
	if app != 0 && n.shard.cfg.Lanes == LaneShared {
		l := n.laneTo(dest, wire.SharedApp)
		l.carries(app)
		return l
	}
	return n.laneTo(dest, app)
}

func (n *Node) laneTo(dest NodeID, app uint32) *OutLane {
	if l := n.outs.Get(dest, app); l != nil {
		return l
	}
	return n.findLink(dest).open(app)
}

func (n *Node) findLink(dest NodeID) *Link {
	if lk := n.knownLink(dest); lk != nil {
		return lk
	}
	return n.newLink(dest)
}

// knownLink is the link to a node, or nil.
func (n *Node) knownLink(dest NodeID) *Link {
	if n.byPeer.Len() > 0 {
		return n.byPeer.Get(dest, 0)
	}
	for _, lk := range n.links {
		if lk.peer == dest {
			return lk
		}
	}
	return nil
}

// drop takes a lane out that is forgotten.
func (lk *Link) drop(l *OutLane) {
	if i := slices.Index(lk.lanes, l); i >= 0 {
		lk.lanes = slices.Delete(lk.lanes, i, i+1)
		lk.node.outs.Delete(lk.peer, l.app)
	}
	lk.tidy()
}

// tidy forgets a link without lanes of which nothing is to be remembered.
func (lk *Link) tidy() {
	n := lk.node
	if len(lk.lanes) > 0 || len(lk.emul.weight) > 0 || len(lk.pulls) > 0 || n.state == nodeEnded {
		return
	}
	if lk.at >= len(n.links) || n.links[lk.at] != lk {
		return // it was forgotten with its last lane
	}
	last := n.links[len(n.links)-1]
	n.links[lk.at], last.at = last, lk.at
	n.links[len(n.links)-1] = nil
	n.links = n.links[:len(n.links)-1]
	n.byPeer.Delete(lk.peer, 0)
}

func (n *Node) newLink(dest NodeID) *Link {
	if dest.IsZero() {
		panic("core: Send to the zero NodeID: a destination is an address and a port")
	}
	lk := &Link{node: n, peer: dest, at: len(n.links)}
	if n.pace != nil {
		n.pace.set(lk, n.pace.settingOf(dest))
	}
	n.links = append(n.links, lk)
	switch {
	case n.byPeer.Len() > 0:
		n.byPeer.Put(dest, 0, lk)
	case len(n.links) > manyLinks:
		for _, lk := range n.links {
			n.byPeer.Put(lk.peer, 0, lk)
		}
	}
	return lk
}

// known is the lane of an application, or nil.
func (lk *Link) known(app uint32) *OutLane { return lk.node.outs.Get(lk.peer, app) }

// open opens the lane of an application that has none.
func (lk *Link) open(app uint32) *OutLane {
	cfg := &lk.node.shard.cfg
	l := &OutLane{node: lk.node, link: lk, peer: lk.peer, route: lk.peer, app: app, maxBytes: cfg.QueueBytes, maxMsgs: cfg.QueueMsgs}
	l.age.out, l.q.buf = l, l.first[:]
	l.attachAll()
	lk.lanes = append(lk.lanes, l)
	lk.node.outs.Put(lk.peer, app, l)
	if lk.node.state == nodeEnded {
		l.state = laneClosed
		return l
	}
	if lk.node.pace != nil {
		lk.node.pace.paceOut(lk, l)
	}
	lk.node.shard.rt.Dial(l)
	return l
}
