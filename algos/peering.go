package algos

import "github.com/ioverlay/ioverlay/core"

// Peering is the peers of a node in an overlay in which that is mutual: whoever is a peer of another node has that one as a peer, or
// learns that it has not. They are a View of which nobody is taken out in silence: Part and Force tell who has to go with Bye, and
// Knows tells who acts like a peer and is none, as after a message that was lost. So a node takes part in two ways: it handles Bye and
// failures with Remove, and asks Knows about whoever sends what only peers should.
//
//	x.Handle(typeBye, func(m *core.Msg) { x.peers.Remove(m.From()) })
//	x.OnFailed(func(peer core.NodeID) { x.peers.Remove(peer) })
//
// How two nodes come to be peers is the overlay's affair: Propose and Accept are one way. Set Max, Base and Bye before it is used.
type Peering struct {
	View // of them: Max is how many there may be; Not names those that never are, beside this node itself and who is banned
	Base *Base
	Bye  core.Type // of a control message without a body, which says: we are no peers, or no longer

	banned  View
	changed []func(peer core.NodeID, up bool)
}

// OnChange has fn called with each node that has become a peer, or is no longer one. More functions are called in the order in which
// they were given.
func (p *Peering) OnChange(fn func(peer core.NodeID, up bool)) {
	if fn == nil {
		panic("algos: OnChange without a function")
	}
	p.changed = append(p.changed, fn)
}

// Add makes a node a peer, and reports whether it has become one: it was none, there is room, and nothing is against it. Nothing is
// sent to it.
func (p *Peering) Add(peer core.NodeID) bool {
	if p.Full() || !p.takes(peer) {
		return false
	}
	p.View.Add(peer)
	p.tell(peer, true)
	return true
}

// Force is Add for a node that has to become a peer: if there is no room, one that is drawn goes, and is told so. It returns that
// one, or nobody.
func (p *Peering) Force(peer core.NodeID) (out core.NodeID) {
	if !p.takes(peer) {
		return out
	}
	one := One(p.Base.Rand(), p.All()) // drawn even if there is room: what is drawn next does not depend on that
	if p.Full() && p.Part(one) {
		out = one
	}
	p.Add(peer)
	return out
}

// takes reports whether a node can become a peer, if there is room.
func (p *Peering) takes(peer core.NodeID) bool {
	return !p.Has(peer) && !p.banned.Has(peer) && p.Base.canReach(peer) && (p.Not == nil || !p.Not(peer))
}

// Remove ends that a node is a peer without a word, as it has failed, or said so itself. It reports whether it was one.
func (p *Peering) Remove(peer core.NodeID) bool {
	was := p.View.Remove(peer)
	if was {
		p.tell(peer, false)
	}
	return was
}

// Part ends that a node is a peer, and tells it. It reports whether it was one.
func (p *Peering) Part(peer core.NodeID) bool {
	was := p.Remove(peer)
	if was {
		p.Base.Post(peer, p.Bye, nil)
	}
	return was
}

// Ban is Part with a node that is never to be a peer again, as long as it is remembered: of those that were banned, the last 64 are.
func (p *Peering) Ban(peer core.NodeID) {
	p.banned.Max = maxBanned
	p.banned.Add(peer)
	p.Part(peer)
}

// IsBanned reports whether a node was banned, and is remembered.
func (p *Peering) IsBanned(peer core.NodeID) bool { return p.banned.Has(peer) }

// Knows reports whether a node that has sent what only peers should is one. It tells one that is none.
func (p *Peering) Knows(peer core.NodeID) bool {
	known := p.Has(peer)
	if !known && p.Base.canReach(peer) {
		p.Base.Post(peer, p.Bye, nil)
	}
	return known
}

func (p *Peering) tell(peer core.NodeID, up bool) {
	for _, fn := range p.changed {
		fn(peer, up)
	}
}
