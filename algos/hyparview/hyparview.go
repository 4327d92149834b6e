// Package hyparview keeps a node connected to a few others of a large overlay, whatever
// fails: J. Leitão, J. Pereira, L. Rodrigues, "HyParView: a membership protocol for
// reliable gossip-based broadcast", DSN 2007.
//
// A node has a small active view, its neighbours, who have it in theirs, and to whom it
// keeps links: a link that breaks is a neighbour that has failed. A larger passive view of
// nodes without links is what failed neighbours are replaced from.
//
// # Messages
//
// All are control messages.
//
//	neighbour   be my neighbour! With urgent set the answer is yes, and another neighbour
//	            goes; else it depends on whether there is room. With join set, it is from a
//	            node without neighbours, and walks tell others of it
//	accept      you are my neighbour now: the answer yes, and to whom a join has come
//	disconnect  you are not, or no more: the answer no, and to whom acts like one and is none
//	join        a walk from neighbour to neighbour that tells of a newcomer: ForwardJoin. Where
//	            it ends the newcomer is a neighbour; on the way a passive view takes it in
//	shuffle     a walk with a sample of both views, once a Period
//	sample      what the node where a shuffle ends gives for it, straight to its maker
//
// # Use
//
// Embed HyParView by value, as package plumtree does, and set OnNeighbour; Neighbours is
// the active view. Contacts are the known hosts of [algos.Base] (AddHost, or bootstrap in
// a scenario): a node without neighbours asks them until one takes it in.
//
// # Guarantees
//
//   - Views are bounded, have no node twice, and never the node itself.
//   - In quiet times the active views are symmetric: who acts like a neighbour and is none is
//     told so, and every neighbour is sent something in a few Periods.
//   - The overlay of the nodes that live is connected, with high probability: measured
//     after 10 to 90% of 10,000 failed at once (docs/library.md).
//
// # Limits
//
// A young overlay can fall apart: whoever joined at the same time and place knows the same
// nodes until some Periods have mixed the views. An island that has forgotten all others stays one. Nobody is authenticated: a member can lie about others. A silent cut is noticed by what
// is sent over it, so after a few Periods and Config.FailTimeout.
//
// # Deviations from the paper
//
//   - Join is an urgent request, and each request has an answer, so that both ends know
//     whether they are neighbours. A node that has lost all neighbours, or knows nobody else,
//     joins again: else a few who have survived together would keep to themselves.
//   - A full passive view forgets the oldest nodes first, not any, nor those that it gave away
//     in a shuffle before the others.
//   - Neighbours that were lost are remembered, as many as the active view has room for,
//     and one of them is asked again each Period, urgently. Without that a partition
//     that has lasted until both sides had full views would stay for ever.
//   - A node whose active view is not full asks a few of its passive view each Period, not
//     only when a neighbour fails.
//   - A young node changes one neighbour for a node of its passive view in its rounds 1, 2, 4, 8 and 16, one whose
//     active view is not full in each such round later too, and one with half of its neighbours or fewer each Period. In the
//     paper active views change by failures only, and of overlays of 1,000 nodes that joined one by one, five of 24 had an island
//     of 3 to 25 nodes with full views, which stayed; so had one of 24 after failures, as nobody full takes in who is not urgent.
package hyparview

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeNeighbour core.Type = wire.FirstAlgorithmType + 32 + iota
	typeAccept
	typeJoin
	typeDisconnect
	typeShuffle
	typeSample
)

// request asks to be neighbours.
type request struct{ Join, Urgent bool }

func (r *request) Fields(f *pack.Fields) { f.Bool(&r.Join); f.Bool(&r.Urgent) }

// walk goes from neighbour to neighbour at random, with what a shuffle carries.
type walk struct {
	algos.Walk
	Nodes []core.NodeID
}

func (w *walk) Fields(f *pack.Fields) { w.Walk.Fields(f); f.NodesUpTo(most, &w.Nodes) }

// sample is some nodes.
type sample []core.NodeID

func (s *sample) Fields(f *pack.Fields) { f.NodesUpTo(most, (*[]core.NodeID)(s)) }

// HyParView is the algorithm of one node. Make it with New; fields may be changed before
// the node starts.
type HyParView struct {
	algos.Base
	Active, Passive int           // most nodes in each view, from 1
	ARWL, PRWL      uint8         // hops of a join's walk; hops left where a passive view takes it in
	Period          time.Duration // between two shuffles

	// OnNeighbour is told of each node that becomes a neighbour, or is no longer.
	OnNeighbour func(peer core.NodeID, up bool)

	active        algos.Peering
	passive, lost algos.View // lost: neighbours that failed, as far as they are not back
	tries, rounds int        // how many nodes may still be asked to fill a place; since the node started
}

// A round asks few nodes if the active view has room, and gives so many of each view away: with the node itself
// that is most in a message. A full view is mixed in rounds 1, 2, 4 and so on, up to round mixing.
const few, ofActive, ofPassive, most, mixing = 3, 3, 4, 8, 16

// New makes a node with the paper's parameters.
func New() *HyParView {
	return &HyParView{Active: 5, Passive: 30, ARWL: 6, PRWL: 3, Period: 10 * time.Second, OnNeighbour: func(core.NodeID, bool) {}}
}

// Neighbours is the active view: read it, and do not keep it.
func (h *HyParView) Neighbours() []core.NodeID { return h.active.All() }

// IsNeighbour reports whether a node is in the active view.
func (h *HyParView) IsNeighbour(id core.NodeID) bool { return h.active.Has(id) }

// Peering is the active view, for what is built on it: who is told of each node that comes or goes (OnChange), or asks whether a
// message is from a neighbour (Knows).
func (h *HyParView) Peering() *algos.Peering { return &h.active }

// Bind implements core.Algorithm.
func (h *HyParView) Bind(n *core.Node) {
	h.Base.Bind(n)
	h.SetIdleTimeout(10 * h.Period) // links to neighbours are used before; others close in the end
	h.active = algos.Peering{View: algos.View{Max: h.Active}, Base: &h.Base, Bye: typeDisconnect}
	h.active.OnChange(func(peer core.NodeID, up bool) { h.OnNeighbour(peer, up) })
	h.lost.Max = h.Active
	h.passive = algos.View{Max: h.Passive, Not: func(id core.NodeID) bool { return id == h.ID() || h.active.Has(id) }}
	algos.On(&h.Base, typeNeighbour, h.asked)
	algos.On(&h.Base, typeJoin, h.walked)
	algos.On(&h.Base, typeShuffle, h.walked)
	algos.On(&h.Base, typeSample, func(_ *core.Msg, s *sample) { h.passive.Add(*s...) })
	h.Handle(typeAccept, func(m *core.Msg) { h.add(m.From()) })
	h.Handle(typeDisconnect, h.parted)
	h.OnFailed(h.failed)
	h.OnUp(func() { h.round(); h.Drift(h.Period, h.round) })
}

// round is done once a Period: look for neighbours if some are missing, and shuffle.
func (h *HyParView) round() {
	join := h.passive.Len() == 0 // it knows nobody but its neighbours, if any
	if join {
		h.passive.Add(append(h.Sample(few), algos.One(h.Rand(), h.Suspects()))...)
	}
	h.tries = few
	h.askNext(join)
	h.post(algos.One(h.Rand(), h.lost.All()), typeNeighbour, &request{Urgent: true})
	if h.rounds++; h.active.Len() > 0 && h.mixes() {
		h.post(algos.One(h.Rand(), h.passive.All()), typeNeighbour, &request{Urgent: true})
	}
	peer := algos.One(h.Rand(), h.active.All())
	nodes := append(h.active.Pick(h.Rand(), ofActive, peer), h.passive.Pick(h.Rand(), ofPassive)...)
	h.post(peer, typeShuffle, &walk{algos.Walk{Who: h.ID(), TTL: h.ARWL}, append(nodes, h.ID())})
}

// mixes reports whether a stranger has to be a neighbour this round, in place of another: else some who joined together
// or have survived together would keep to themselves, with full views, or because the views of all others are full.
func (h *HyParView) mixes() bool {
	doubled := h.rounds&(h.rounds-1) == 0 // since the last time
	return h.active.Len() <= h.Active/2 || doubled && (h.rounds <= mixing || !h.active.Full())
}

// post is Post, if there is somebody to send to: a view may be empty, and a walk come to an end where it began.
func (h *HyParView) post(to core.NodeID, t core.Type, body pack.Body) bool {
	return !to.IsZero() && to != h.ID() && h.Post(to, t, body)
}

// askNext asks a node of the passive view to fill a place in the active one, urgently if there
// is nobody in that. The answer is accept, disconnect, or that its link is down; after a no the
// next one is asked.
func (h *HyParView) askNext(join bool) {
	if join = join || h.active.Len() == 0; h.tries > 0 && !h.active.Full() {
		h.tries--
		h.post(algos.One(h.Rand(), h.passive.All()), typeNeighbour, &request{Join: join, Urgent: join})
	}
}

func (h *HyParView) asked(m *core.Msg, q *request) {
	peer := m.From()
	if q.Urgent || !h.active.Full() {
		h.accept(peer)
	} else {
		h.active.Knows(peer)
	}
	if q.Join {
		h.PostAll(h.active.Except(peer), typeJoin, &walk{Walk: algos.Walk{Who: peer, TTL: h.ARWL}})
	}
}

// walked takes a walk a step further, or ends it here.
func (h *HyParView) walked(m *core.Msg, w *walk) {
	next := algos.One(h.Rand(), h.active.Except(m.From(), w.Who))
	switch join := m.Type() == typeJoin; {
	case !h.active.Knows(m.From()):
	case w.TTL > 0 && !next.IsZero():
		if join && w.TTL == h.PRWL {
			h.passive.Add(w.Who)
		}
		w.TTL = min(w.TTL-1, h.ARWL)
		h.Post(next, m.Type(), w)
	case join:
		h.accept(w.Who)
	default:
		given := sample(h.passive.Pick(h.Rand(), len(w.Nodes)))
		h.post(w.Who, typeSample, &given)
		h.passive.Add(w.Nodes...)
	}
}

// accept makes a node a neighbour, and lets it know, whether it is one or not: it may not know.
func (h *HyParView) accept(peer core.NodeID) {
	if h.post(peer, typeAccept, nil) {
		h.add(peer)
	}
}

// add makes a node a neighbour. If there are enough, another one goes.
func (h *HyParView) add(peer core.NodeID) {
	h.passive.Add(h.active.Force(peer))
	h.passive.Remove(peer)
	h.lost.Remove(peer)
}

// parted asks somebody else if a node is no neighbour any more, or does not want to be one.
func (h *HyParView) parted(m *core.Msg) {
	if h.active.Remove(m.From()) {
		h.passive.Add(m.From())
	}
	h.askNext(false)
}

// failed replaces a node that does not live, or cannot be reached.
func (h *HyParView) failed(peer core.NodeID) {
	h.passive.Remove(peer)
	if h.active.Remove(peer) {
		h.lost.Add(peer)
		h.tries = h.Passive
	}
	h.askNext(false)
}
