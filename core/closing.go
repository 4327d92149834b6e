package core

import "slices"

// What an algorithm ends itself.

// CloseLink ends the link to a downstream node: what was sent on it is delivered, then
// its lanes close, each with a LinkDown here (ReasonEnded) and one at the other end,
// and both ends have forgotten it. Weights that SetLaneWeight gave its lanes go with
// it, and so do its pull hooks; what SetLink says of it stays, for it is the network's. A later Send opens the
// link again.
func (n *Node) CloseLink(to NodeID) {
	lk := n.knownLink(to)
	if lk == nil {
		return
	}
	lk.emul.weight = nil
	lk.endPulls()
	if len(lk.lanes) == 0 {
		lk.tidy()
		return
	}
	for _, l := range slices.Clone(lk.lanes) { // the last one that goes takes the link along
		l.forget = true
		l.drain()
	}
}

// CloseUpstream ends the link from an upstream node: what has come is still handed to
// the algorithm, then its lanes close, each with a LinkDown here (ReasonEnded) and one
// at the other end, which is told how many of its messages were not taken. Weights that
// SetWeight gave its lanes go with it. A node that wants to stop its upstream from
// sending should say so in a message first: the link opens again with the next Send.
func (n *Node) CloseUpstream(from NodeID) {
	if from.IsZero() {
		panic("core: CloseUpstream of the zero NodeID, which stands for local sources: use StopSource")
	}
	for _, l := range slices.Clone(n.ins) {
		if l.from == from {
			l.End(ReasonEnded, nil)
		}
	}
	n.weights.forget(from)
}
