package core

import "github.com/ioverlay/ioverlay/core/wire"

// Link is the sending side of the way to one downstream node: a control lane
// and one lane for each application that sends over it, each opened when it is
// first needed.
type Link struct {
	node  *Node
	peer  NodeID
	lanes []*OutLane
	hint  int // the lane that was used last
}

// manyLinks is the number of links up to which a scan beats a map.
const manyLinks = 8

// linkTo finds the link to a node. Algorithms send to their downstreams in the
// same order again and again, so the link after the last one is tried before
// anything else: no look-up a message, whatever the fan-out.
func (n *Node) linkTo(dest NodeID) *Link {
	if h := n.hint; h < len(n.links) {
		if lk := n.links[h]; lk.peer == dest {
			n.hint = n.after(h)
			return lk
		}
	}
	return n.findLink(dest)
}

// after is the index of the link that follows in the round.
func (n *Node) after(i int) int {
	if i+1 == len(n.links) {
		return 0
	}
	return i + 1
}

func (n *Node) findLink(dest NodeID) *Link {
	if n.byPeer != nil {
		if i, ok := n.byPeer[dest]; ok {
			n.hint = n.after(i)
			return n.links[i]
		}
		return n.newLink(dest)
	}
	for i, lk := range n.links {
		if lk.peer == dest {
			n.hint = n.after(i)
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
	n.links = append(n.links, lk)
	switch {
	case n.byPeer != nil:
		n.byPeer[dest] = len(n.links) - 1
	case len(n.links) > manyLinks:
		n.byPeer = make(map[NodeID]int, 2*len(n.links))
		for i, l := range n.links {
			n.byPeer[l.peer] = i
		}
	}
	n.hint = 0
	return lk
}

// lane finds the lane of an application, or opens it.
func (lk *Link) lane(app uint32) *OutLane {
	if app != 0 && lk.node.shard.cfg.Lanes == LaneShared {
		app = wire.SharedApp
	}
	if lk.hint < len(lk.lanes) && lk.lanes[lk.hint].app == app {
		return lk.lanes[lk.hint]
	}
	for i, l := range lk.lanes {
		if l.app == app {
			lk.hint = i
			return l
		}
	}
	l := &OutLane{node: lk.node, link: lk, app: app}
	lk.lanes = append(lk.lanes, l)
	lk.hint = len(lk.lanes) - 1
	if lk.node.state == nodeEnded {
		l.state = laneClosed
		return l
	}
	lk.node.shard.rt.Dial(l)
	return l
}
