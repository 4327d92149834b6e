package algos

import "github.com/ioverlay/ioverlay/core"

// Offer sends a data message to those of the peers whose lanes have room, so that nobody
// waits for a slow one, and calls full with each of the others. It passes over the node
// that the message came from and those that skip names; skip may be nil.
//
// A message that a source of this node made waits for whichever of the peers has room first if none
// has, and full is called with all of them: that slows the source down to what the fastest takes. With Send a relay
// waits for each of its downstreams, which loses nothing, but on links that form a circle the data
// can come to wait for itself, and one peer that has stopped stops everybody.
func (b *Base) Offer(m *core.Msg, peers []core.NodeID, skip func(core.NodeID) bool, full func(core.NodeID)) {
	from := m.From()
	var few [8]core.NodeID // as many as overlays usually have
	slow := few[:0]
	sent := false
	for _, peer := range peers {
		switch {
		case peer == from || skip != nil && skip(peer):
		case !b.Full(peer, m.App()):
			b.Send(m, peer)
			sent = true
		default:
			slow = append(slow, peer)
		}
	}
	if from.IsZero() && !sent && len(slow) > 0 {
		b.SendFirst(m, slow...)
	}
	for _, peer := range slow {
		full(peer)
	}
}
