package core

import "github.com/ioverlay/ioverlay/core/wire"

// Link is the sending side of the way to one downstream node: a control lane
// and one lane for each application that sends over it, each opened when it is
// first needed.
type Link struct {
	node  *Node
	peer  NodeID
	lanes []*OutLane
	emul  linkEmul
}

// manyLinks is the number of links up to which a scan beats a map.
const manyLinks = 8

// findLane looks a lane up, or opens it.
func (n *Node) findLane(dest NodeID, app uint32) *OutLane {
	if app != 0 && n.shard.cfg.Lanes == LaneShared {
		l := n.findLink(dest).lane(wire.SharedApp)
		l.carries(app)
		return l
	}
	return n.findLink(dest).lane(app)
}

func (n *Node) findLink(dest NodeID) *Link {
	if n.byPeer != nil {
		if lk := n.byPeer[dest]; lk != nil {
			return lk
		}
		return n.newLink(dest)
	}
	for _, lk := range n.links {
		if lk.peer == dest {
			return lk
		}
	}
	return n.newLink(dest)
}

func (n *Node) newLink(dest NodeID) *Link {
	if dest.IsZero() {
		panic("core: Send to the zero NodeID: a destination is an address and a port")
	}
	lk := &Link{node: n, peer: dest}
	if n.pace != nil {
		n.pace.set(lk, n.pace.settingOf(dest))
	}
	n.links = append(n.links, lk)
	switch {
	case n.byPeer != nil:
		n.byPeer[dest] = lk
	case len(n.links) > manyLinks:
		n.byPeer = make(map[NodeID]*Link, 2*len(n.links))
		for _, l := range n.links {
			n.byPeer[l.peer] = l
		}
	}
	return lk
}

// lane finds the lane of an application, or opens it.
func (lk *Link) lane(app uint32) *OutLane {
	for _, l := range lk.lanes {
		if l.app == app {
			return l
		}
	}
	cfg := &lk.node.shard.cfg
	l := &OutLane{node: lk.node, peer: lk.peer, app: app, maxBytes: cfg.QueueBytes, maxMsgs: cfg.QueueMsgs}
	lk.lanes = append(lk.lanes, l)
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
