package algos

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// Arc is a list of the nodes that follow a node on the ring of keys, as far as it knows
// them: the nearest first, bounded, nobody twice, and never the node itself. Set Self and
// Max before use.
type Arc struct {
	Self Peer
	Max  int // most nodes

	peers Peers
}

// Set makes nodes the list, as far as they follow each other clockwise from Self to Self, and there is
// room. They may come from a peer.
func (a *Arc) Set(nodes ...Peer) { a.peers = append(make([]Peer, 0, a.Max), a.ordered(nodes)...) }

// ordered is the beginning of a list that an Arc can be.
func (a *Arc) ordered(list []Peer) []Peer {
	last := a.Self.Key
	for i, p := range list {
		if i == a.Max || p.None() || !p.Key.Between(last, a.Self.Key) {
			return list[:i]
		}
		last = p.Key
	}
	return list
}

// Remove takes a node out.
func (a *Arc) Remove(id core.NodeID) {
	a.peers = slices.DeleteFunc(a.peers, func(p Peer) bool { return p.ID == id })
}

// All are the nodes. The slice is a view: read it, and do not keep it.
func (a *Arc) All() Peers { return a.peers }

// Empty reports whether there are none.
func (a *Arc) Empty() bool { return len(a.peers) == 0 }

// First is the nearest, or nobody.
func (a *Arc) First() (p Peer) {
	if len(a.peers) > 0 {
		p = a.peers[0]
	}
	return p
}

// Covers reports whether a place is not beyond the last node. If there are none, Self may be
// next after any place, and all are covered.
func (a *Arc) Covers(place Key) bool {
	if a.Empty() {
		return true
	}
	return place.UpTo(a.Self.Key, a.peers[len(a.peers)-1].Key)
}

// Toward is where a question for a key goes from Self: to the first node of the list, the owner, if that
// is at the key or after it; else to the node closest before the key, of the list and of others, in
// any order. One node is left out. It is nobody if there is none.
func (a *Arc) Toward(key Key, except core.NodeID, others Peers) (best Peer, owner bool) {
	at := a.Self.Key
	for _, p := range a.peers {
		switch {
		case p.ID == except:
		case best.None() && key.UpTo(at, p.Key):
			return p, true
		case p.Key.Between(at, key):
			best, at = p, p.Key
		}
	}
	for _, p := range others {
		if !p.None() && p.ID != except && p.Key.Between(at, key) {
			best, at = p, p.Key
		}
	}
	return best, false
}

// Nearer reports whether a node would come before the first.
func (a *Arc) Nearer(p Peer) bool {
	if p.None() || p == a.Self {
		return false
	}
	return a.Empty() || p.Key.Between(a.Self.Key, a.peers[0].Key)
}

// Check is an error if the list is not what an Arc is: a mistake in this file.
func (a *Arc) Check() error {
	if n := len(a.ordered(a.peers)); n < len(a.peers) {
		return fmt.Errorf("node %d of %v does not follow the one before, from %v, or is more than %d", n+1, a.peers, a.Self.ID, a.Max)
	}
	return nil
}
