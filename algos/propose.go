package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// A handshake of peers: one request, and its answer. Both tell something of the node, as what it has or where it is, which know takes in
// and judges.

// Propose asks a node to be a peer, with a request of a type that Accept answers there. It is one at once, so that it is told of what
// comes before it has answered, and no longer if it says no, cannot be reached, or is silent for so long. A node that Add does not
// take is not asked: nobody, a peer, one that is banned. know is called with what it has answered, and reports whether it can be a peer.
// If it is a yes that was lost, there is a peer at the other end only, until that one sends something which Knows is asked about.
func Propose[P pack.BodyOf[T], T any](p *Peering, peer core.NodeID, t core.Type, own P, timeout time.Duration, know func(peer core.NodeID, told P) bool) {
	if !p.Add(peer) {
		return
	}
	Ask(p.Base, peer, t, own, timeout, func(told P, err error) {
		if err != nil || !know(peer, told) {
			p.Remove(peer)
		}
	})
}

// Accept makes whoever proposes it a peer, as long as Add takes it, and know, which is called with what it has told. The answer is
// own, as it is then, or a T that is zero: no. So a zero T is nothing that a peer may tell, and know says no to it.
func Accept[P pack.BodyOf[T], T any](p *Peering, t core.Type, own P, know func(peer core.NodeID, told P) bool) {
	Answer(p.Base, t, func(m *core.Msg, told P) P {
		peer := m.From()
		if !p.Has(peer) && !p.Add(peer) {
			return new(T)
		}
		if !know(peer, told) {
			p.Remove(peer)
			return new(T)
		}
		return own
	})
}
