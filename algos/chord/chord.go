// Package chord finds the node that is responsible for a key, in about ½·log2 N steps:
// I. Stoica, R. Morris, D. Karger, M. F. Kaashoek, H. Balakrishnan, "Chord: a scalable
// peer-to-peer lookup service for internet applications", SIGCOMM 2001. The ring is kept
// as in P. Zave, "Reasoning about identifier spaces: how to make Chord correct", IEEE
// Transactions on Software Engineering 43 (2017), since the paper's way breaks rings. Rings
// become one as in T. M. Shafaat, A. Ghodsi, S. Haridi, "Dealing with network partitions in
// structured overlay networks", Peer-to-Peer Networking and Applications 2 (2009).
//
// Nodes and keys have places on a ring of 2^64. A key's owner is the first node at its
// place or after it, its successor. A node knows its predecessor, the next Successors nodes
// after it, and, as fingers, the owners of the places 2^i after its own.
//
// # Messages
//
// All are control messages; bodies are below.
//
//	find        a request: who owns a key? Passed on to the known node that is closest
//	            before the key, until one is reached whose successor, or who itself, is the
//	            owner. The answer goes back on the same way (algos.Router). Who is no member says so
//	neighbours  a request: who are your predecessor and successors? The answer shows that
//	            a member lives
//	notify      to the successor: I may be your predecessor (rectify, in Zave's words)
//	stabilize   to a former predecessor: somebody is between us
//	meet        there is this node: passed on to the one before its place, which takes it for
//	            its successor if it is nearer than the one that it has (mlookup, in Shafaat's words)
//
// # Members
//
// A node is a member once a member has told it who its successor is, and that one has
// answered. Until then it looks nothing up, answers no question, and is nobody's successor.
// It asks the nodes that it knows, one after another, ten times a Period. Who knows nobody is
// the first member of a ring. So is a node if no node that it has asked was a member,
// and it is the one with the lowest ID of those that it knows and can reach: if
// all start at once, a few nodes found rings, and they become one.
//
// # Use
//
// Lookup finds the owner of a key. Contacts are the known hosts of [algos.Base] (AddHost, or
// bootstrap in a scenario). Member, Successors and Predecessor say where the node is.
//
// # Guarantees
//
//   - The list of successors is bounded, in the order of the ring, has nobody twice, and
//     never the node itself (Invariant).
//   - In quiet times the nodes that can reach each other, directly or through contacts and those that they
//     lost, become one ring in order, whatever was before: joins at once, crashes, restarts,
//     partitions. Then every lookup finds the owner.
//   - A lookup ends: with an owner, or an error, after Tries times Timeout at the latest. A node
//     that cannot be reached on the way is passed by.
//
// # Limits
//
// While nodes come, the owner that is found may be the one of just before, and the owner may
// fail when it is found: who stores things asks it. A member all of whose successors fail
// at once takes its nearest finger for one, and while that leads back says that keys are their owner's
// who follows later; if no finger lives either it has to join again. Nobody is authenticated: a
// member can lie about others. Two rings none of whose nodes knows, or has lost, one of the
// other stay two.
//
// # Deviations from the papers
//
//   - Lookups are recursive, and answers take the way back, on links that are there.
//   - Keys are 64 bits of SHA-256, not SHA-1.
//   - A former predecessor is told of the new one, and so need not wait for a Period.
//   - Once a Period a node has itself met through one that it knows: a contact, one that it
//     lost, or a finger. In its own ring that ends at its predecessor; another one it enters, and
//     both rings go on from there, node by node, as each tells its new successor of the old one.
//   - A node that was restarted is no member, whatever others remember, until it has joined.
package chord

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// TypeFind is the question that anybody may ask a member, with a Found; the others are the
// ring's own.
const (
	TypeFind core.Type = wire.FirstAlgorithmType + 48 + iota
	typeNeighbours
	typeNotify
	typeStabilize
	typeMeet
)

// Found is what is known of a key: without an owner, a question or the answer of a node that
// is no member.
type Found = algos.Found

// neighbours are those of a member; of others, nobody. Empty, it asks for them.
type neighbours struct {
	Before algos.Peer
	From   algos.Peers // the member itself, and its successors
}

func (n *neighbours) Fields(f *pack.Fields) { n.Before.Fields(f); n.From.Fields(f) }

// ErrAlone means that the node is no member of a ring yet, or no longer.
var ErrAlone = algos.ErrNoOwner

// Chord is the algorithm of one node. Make it with New; fields may be changed before the
// node starts.
type Chord struct {
	algos.Base
	Successors algos.Arc     // the nodes after it. Max may be changed
	Period     time.Duration // between two rounds of maintenance
	Timeout    time.Duration // of a question
	Tries      int           // how often somebody is asked, or a lookup is tried, if there is no answer, from 1

	member            bool
	self, predecessor algos.Peer // predecessor: nobody if it is not known
	router            algos.Router
	fingers           algos.Rows
	joining           algos.Joining
	lost              algos.View // nodes that failed, as far as they are not back
}

// New makes a node.
func New() *Chord {
	return &Chord{Successors: algos.Arc{Max: 8}, Period: 5 * time.Second, Timeout: 2 * time.Second, Tries: 3}
}

// Member reports whether the node is in a ring.
func (c *Chord) Member() bool { return c.member }

// Predecessor is the node before this one on the ring, or nobody if it is not known.
func (c *Chord) Predecessor() algos.Peer { return c.predecessor }

// Invariant implements scenario.Invariant.
func (c *Chord) Invariant() error { return c.Successors.Check() }

// Bind implements core.Algorithm.
func (c *Chord) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.SetIdleTimeout(10 * c.Period) // links to neighbours are used before; others close in the end
	c.self, c.lost.Max = algos.PeerOf(n.ID()), 4*c.Successors.Max
	c.Successors.Self = c.self
	c.router = algos.Router{Base: &c.Base, Type: TypeFind, Timeout: c.Timeout, Tries: c.Tries, Next: c.next, Silent: c.consider}
	c.router.Failed = func(p algos.Peer) { c.failed(p.ID) }
	c.router.Open()
	c.fingers = algos.NewRows(64, c.place, c.Successors.Covers, c.Lookup)
	c.joining = algos.Joining{Base: &c.Base, Pause: c.Period / 20, Lost: &c.lost, In: c.Member, Ask: c.join, Begin: c.enter}
	algos.Answer(&c.Base, typeNeighbours, c.neighbours)
	algos.On(&c.Base, typeNotify, c.notified)
	algos.On(&c.Base, typeMeet, func(_ *core.Msg, p *algos.Peer) { c.meet(*p) })
	c.Handle(typeStabilize, func(*core.Msg) { c.stabilize() })
	c.OnFailed(c.failed)
	c.OnUp(func() { c.joining.Join(); c.Drift(c.Period, c.round) })
}

// join asks a node who comes after this one.
func (c *Chord) join(contact core.NodeID) {
	algos.Ask(&c.Base, contact, TypeFind, &Found{Key: c.place(0)}, c.Timeout, func(r *Found, err error) {
		switch {
		case err != nil:
			c.lost.Add(contact)
		case c.Successors.Nearer(r.Owner):
			c.consider(r.Owner)
		}
	})
}

// enter makes the node a member, with the successors that it has.
func (c *Chord) enter() {
	if !c.member {
		c.member = true
		c.fingers.Fill()
	}
}

// round is done once a Period by members: the successor is asked, one finger looked up, from the longest to those
// that the list of successors covers, and the node has itself met.
func (c *Chord) round() {
	if !c.member {
		return
	}
	c.stabilize()
	c.fingers.Repair()
	for _, other := range [3]core.NodeID{c.lost.Oldest(), algos.One(c.Rand(), c.Contacts()), algos.One(c.Rand(), c.fingers.All()).ID} {
		c.lost.Remove(other) // until that fails
		c.Post(other, typeMeet, &c.self)
	}
}

// place is where a finger points: at the owner of it.
func (c *Chord) place(finger int) algos.Key { return c.self.Key + 1<<finger }

// neighbours answers a question for them.
func (c *Chord) neighbours(*core.Msg, *neighbours) *neighbours {
	if !c.member {
		return &neighbours{}
	}
	return &neighbours{c.predecessor, append(algos.Peers{c.self}, c.Successors.All()...)}
}

// stabilize asks the successor who is before it.
func (c *Chord) stabilize() { c.consider(c.Successors.First()) }

// consider asks a node for its neighbours, and if it is the successor, or nearer, makes it
// that; then the one that it has before it, if that is nearer still. So nobody becomes the
// successor who does not answer as a member. Who does not answer is asked Tries times.
func (c *Chord) consider(p algos.Peer) {
	algos.AskAgain(&c.Base, p.ID, typeNeighbours, &neighbours{}, c.Timeout, c.Tries, func(r *neighbours, err error) {
		was := c.Successors.First()
		switch {
		case err != nil || len(r.From) == 0:
			c.failed(p.ID)
		case p == was || c.Successors.Nearer(p):
			c.lost.Remove(p.ID)
			c.Successors.Set(append(algos.Peers{p}, r.From[1:]...)...)
			c.enter()
			c.Post(p.ID, typeNotify, &was)
			if c.Successors.Nearer(r.Before) {
				c.consider(r.Before)
			}
		}
	})
}

// notified is told by a node that it has this one for its successor, and which one it had.
func (c *Chord) notified(m *core.Msg, was *algos.Peer) {
	p, old := algos.PeerOf(m.From()), c.predecessor
	switch {
	case !c.member:
		return
	case old.None() || p.Key.Between(old.Key, c.self.Key):
		c.predecessor = p
		c.Post(old.ID, typeStabilize, nil)
	case p != old:
		c.consider(old) // it is nearer, if it lives
	}
	if c.meet(*was); c.Successors.Empty() { // it was alone in its ring
		c.consider(p)
	}
}

// meet hears of a node, and passes it on to the one before its place.
func (c *Chord) meet(p algos.Peer) {
	switch next, last := c.next(p.Key, p.ID); {
	case !c.member || p.None() || p == c.self || p == c.Successors.First():
	case c.Successors.Nearer(p):
		c.consider(p)
	case !last:
		c.Post(next.ID, typeMeet, &p)
	case p != c.predecessor: // it is between the predecessor and this node
		c.Post(c.predecessor.ID, typeMeet, &p)
	}
}

// failed forgets a node that does not live, or cannot be reached. If it was the last of the successors, the
// nearest finger that lives is one, until stabilizing has led back from there. If there is none either,
// the node has to join again.
func (c *Chord) failed(id core.NodeID) {
	was := c.Successors.First()
	c.Successors.Remove(id)
	c.predecessor.Forget(id)
	c.fingers.Forget(id)
	c.lost.Add(id)
	if was.None() || was.ID != id {
		return
	}
	if c.Successors.Empty() {
		c.Successors.Set(slices.Compact(slices.DeleteFunc(append(slices.Clone(c.fingers.All()), c.predecessor), algos.Peer.None))...)
	}
	if c.Successors.Empty() {
		c.member = false
		c.joining.Join()
	}
	c.stabilize()
}

// Lookup finds the owner of a key, and has fn called once, with what was found, or with an
// error: ErrAlone or a *algos.CallError. That may be before Lookup returns, and if the node stops
// not at all.
func (c *Chord) Lookup(key algos.Key, fn func(*Found, error)) { c.router.Lookup(key, fn) }

// next is the owner of a key if this node knows it, who is nobody if it is no member; else
// the closest node before the key that it knows.
func (c *Chord) next(key algos.Key, except core.NodeID) (best algos.Peer, owner bool) {
	switch {
	case !c.member:
		return best, true
	case c.Successors.Empty(), !c.predecessor.None() && key.UpTo(c.predecessor.Key, c.self.Key):
		return c.self, true
	}
	best, owner = c.Successors.Toward(key, except, c.fingers.All())
	return best, owner || best.None()
}
