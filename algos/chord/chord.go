// Package chord finds the node that is responsible for a key, in about ½·log2 N steps:
// I. Stoica, R. Morris, D. Karger, M. F. Kaashoek, H. Balakrishnan, "Chord: a scalable
// peer-to-peer lookup service for internet applications", SIGCOMM 2001. The ring is kept
// as in P. Zave, "Reasoning about identifier spaces: how to make Chord correct", IEEE
// Transactions on Software Engineering 43 (2017), since the paper's way breaks rings.
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
//	            owner. The answer goes back on the same way. Who is in no ring says so
//	neighbours  a request: who are your predecessor and successors? The answer shows that
//	            a node lives
//	notify      to the successor: I may be your predecessor (rectify, in Zave's words)
//	stabilize   to a former predecessor: somebody is between us
//
// # Use
//
// Lookup finds the owner of a key. Contacts are the known hosts of [algos.Base] (AddHost, or
// bootstrap in a scenario).
//
// # Guarantees
//
//   - The list of successors is bounded, in the order of the ring, has nobody twice, and
//     never the node itself (Invariant).
//   - In quiet times the nodes that can reach each other, directly or through contacts,
//     are one ring in order, whatever was before: joins at once, crashes, restarts,
//     partitions. Then every lookup finds the owner.
//   - A lookup ends: with an owner, or an error, after Tries times Timeout at the latest. A node
//     that cannot be reached on the way is passed by.
//
// # Limits
//
// While nodes come, the owner that is found may be the one of just before, and the owner may
// fail when it is found: who stores things asks it. A node that is in no ring but has
// contacts finds nothing, rather than itself. No more than Successors-1 nodes that
// follow each other may fail at once without some of them having to join again. Nobody is
// authenticated: a member can lie about others. Two rings of which few nodes know any of the
// other become one slowly, neighbour by neighbour; and in the meantime are two.
//
// # Deviations from the papers
//
//   - Lookups are recursive, and answers take the way back, on links that are there.
//   - Keys are 64 bits of SHA-256, not SHA-1.
//   - There is no first node, and no join apart: everybody begins alone, and asks a
//     contact, or a node that was lost, for the owner of the place after its own. That
//     is also how rings that a partition has made become one. Two nodes that are alone
//     make a ring when a Period is over in which neither has found one.
//   - A former predecessor is told of the new one, and so need not wait for a Period.
//   - A node that was restarted is no member, whatever others remember, until it has joined.
package chord

import (
	"errors"
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
)

// Found is what is known of a key: without an owner, a question or the answer of a node that
// is in no ring.
type Found struct {
	Key   algos.Key
	Hops  uint16 // how often the question was passed on
	Owner algos.Peer
}

// Fields implements pack.Body.
func (q *Found) Fields(f *pack.Fields) { q.Key.Fields(f); f.Uint16(&q.Hops); q.Owner.Fields(f) }

// neighbours are those of a node; empty, it asks for them.
type neighbours struct {
	Predecessor algos.Peer
	Successors  algos.Peers
}

func (n *neighbours) Fields(f *pack.Fields) { n.Predecessor.Fields(f); n.Successors.Fields(f) }

// ErrAlone means that the node is in no ring yet, or no longer.
var ErrAlone = errors.New("chord: the node is in no ring")

// Chord is the algorithm of one node. Make it with New; fields may be changed before the
// node starts.
type Chord struct {
	algos.Base
	Successors algos.Arc     // the nodes after it; none: it is alone. Max may be changed
	Period     time.Duration // between two rounds of maintenance
	Timeout    time.Duration // of a question
	Tries      int           // how often a lookup is tried if there is no answer, from 1

	self, predecessor algos.Peer // predecessor: nobody if it is not known
	doubted           algos.Peer // has not answered once, and is asked again
	fingers           algos.Peers
	rounds            int        // that have begun
	turn              int        // the finger that is looked up next; 0: look for other rings
	lost              algos.View // nodes that failed, as far as they are not back
}

// New makes a node.
func New() *Chord {
	return &Chord{Successors: algos.Arc{Max: 8}, fingers: make(algos.Peers, 64), Period: 5 * time.Second, Timeout: 2 * time.Second, Tries: 3}
}

// Predecessor is the node before this one on the ring, or nobody if it is not known.
func (c *Chord) Predecessor() algos.Peer { return c.predecessor }

// Invariant implements scenario.Invariant.
func (c *Chord) Invariant() error { return c.Successors.Check() }

// Bind implements core.Algorithm.
func (c *Chord) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.SetIdleTimeout(10 * c.Period) // links to neighbours are used before; others close in the end
	c.self, c.lost.Max = algos.PeerOf(n.ID()), c.Successors.Max
	c.Successors.Self = c.self
	algos.AnswerLater(&c.Base, TypeFind, func(m *core.Msg, q *Found, reply func(*Found, error)) { c.route(*q, m.From(), 1, reply) })
	algos.Answer(&c.Base, typeNeighbours, func(_ *core.Msg, _ *neighbours) *neighbours { return &neighbours{c.predecessor, c.Successors.All()} })
	c.Handle(typeNotify, c.notified)
	c.Handle(typeStabilize, func(*core.Msg) { c.stabilize() })
	c.OnFailed(c.failed)
	c.Handle(wire.TypeWorldUp, func(*core.Msg) { c.round(); c.Every(c.Period+c.Period*time.Duration(c.Rand().IntN(100))/1000, c.round) })
}

// round is done once a Period. It looks one finger up, from the longest to those that the list of
// successors covers; then it looks for other rings, until there is none.
func (c *Chord) round() {
	c.rounds++
	c.stabilize()
	if i := c.turn; i > 0 && !c.Successors.Covers(c.place(i)) {
		c.turn--
		c.Lookup(c.place(i), func(r *Found, err error) {
			if err == nil {
				c.fingers[i] = r.Owner
			}
		})
		return
	}
	c.turn = len(c.fingers) - 1
	others := []core.NodeID{algos.One(c.Rand(), c.Known()), algos.One(c.Rand(), c.Suspects()), algos.One(c.Rand(), c.lost.All())}
	c.seek(algos.One(c.Rand(), slices.DeleteFunc(others, core.NodeID.IsZero)))
}

// place is where a finger points: at the owner of it.
func (c *Chord) place(finger int) algos.Key { return c.self.Key + 1<<finger }

// seek asks a node, perhaps of another ring, who comes after this one in its ring.
func (c *Chord) seek(contact core.NodeID) {
	algos.Ask(&c.Base, contact, TypeFind, &Found{Key: c.place(0)}, c.Timeout, func(r *Found, err error) {
		switch {
		case err == nil && r.Owner.None() && c.rounds > 1: // in no ring, and not about to join one
			c.consider(algos.PeerOf(contact))
		case err == nil && c.Successors.Nearer(r.Owner):
			c.turn = 0
			c.consider(r.Owner)
		}
	})
}

// stabilize asks the successor who is before it. If there is none, nothing comes of it.
func (c *Chord) stabilize() { c.consider(c.Successors.First()) }

// consider asks a node for its neighbours, and if it is the successor, or nearer, makes it
// that; then the one that it has before it, if that is nearer still. So nobody becomes the
// successor who does not answer. Who is in no ring is no better than one who failed.
func (c *Chord) consider(p algos.Peer) {
	algos.Ask(&c.Base, p.ID, typeNeighbours, &neighbours{}, c.Timeout, func(r *neighbours, err error) {
		is := p == c.Successors.First()
		switch {
		case errors.Is(err, algos.ErrTimeout) && c.doubted != p:
			c.doubted = p
			c.consider(p)
		case err != nil || len(r.Successors) == 0 && !c.Successors.Empty():
			c.failed(p.ID)
			if is && !p.None() {
				c.stabilize()
			}
		case is || c.Successors.Nearer(p):
			c.doubted.Forget(p.ID)
			c.lost.Remove(p.ID)
			c.Successors.Set(p, r.Successors...)
			c.Post(p.ID, typeNotify, nil)
			if c.Successors.Nearer(r.Predecessor) {
				c.consider(r.Predecessor)
			}
		}
	})
}

// notified is told by a node that it has this one for its successor.
func (c *Chord) notified(m *core.Msg) {
	switch p, old := algos.PeerOf(m.From()), c.predecessor; {
	case c.Successors.Empty():
		c.seek(p.ID)
	case old.None() || p.Key.Between(old.Key, c.self.Key):
		c.predecessor = p
		c.Post(old.ID, typeStabilize, nil)
	case p != old:
		c.consider(old) // it is nearer, if it lives
	}
}

// failed forgets a node that does not live, or cannot be reached.
func (c *Chord) failed(id core.NodeID) {
	c.Successors.Remove(id)
	c.predecessor.Forget(id)
	c.fingers.Forget(id)
	c.lost.Add(id)
}

// Lookup finds the owner of a key, and has fn called once, with what was found, or with an
// error, ErrAlone or a *algos.CallError. That may be before Lookup returns, and if the node stops
// not at all.
func (c *Chord) Lookup(key algos.Key, fn func(*Found, error)) {
	c.route(Found{Key: key}, core.NodeID{}, c.Tries, func(r *Found, err error) {
		if err == nil && r.Owner.None() {
			r, err = nil, ErrAlone
		}
		fn(r, err)
	})
}

// route finds out who owns a key, here or by passing the question on, and on another way if
// that fails. One node is left out: who asks, for it may be in no ring; or who did not answer.
func (c *Chord) route(q Found, except core.NodeID, tries int, fn func(*Found, error)) {
	next, owner := c.next(q.Key, except)
	if owner {
		fn(&Found{q.Key, q.Hops, next}, nil)
		return
	}
	algos.Ask(&c.Base, next.ID, TypeFind, &Found{Key: q.Key, Hops: q.Hops + 1}, c.Timeout, func(r *Found, err error) {
		switch {
		case errors.Is(err, algos.ErrTimeout) && tries > 1: // here, or further on
			c.route(q, next.ID, tries-1, fn)
		case errors.Is(err, algos.ErrUnreachable) || err == nil && r.Owner.None():
			c.failed(next.ID)
			c.route(q, except, tries, fn)
		default:
			fn(r, err)
		}
	})
}

// next is the owner of a key if this node knows it, who is nobody if it is in no ring; else
// the closest node before the key that it knows.
func (c *Chord) next(key algos.Key, except core.NodeID) (best algos.Peer, owner bool) {
	if !c.predecessor.None() && key.UpTo(c.predecessor.Key, c.self.Key) {
		return c.self, true
	}
	for _, list := range [2]algos.Peers{c.Successors.All(), c.fingers} {
		for _, p := range list {
			switch first := best.None(); {
			case p.None() || p.ID == except:
			case first && key.UpTo(c.self.Key, p.Key):
				return p, true
			case first || p.Key.Between(best.Key, key):
				best = p
			}
		}
	}
	if best.None() && !c.Successors.Empty() {
		best = c.self
	}
	return best, best.None() || best == c.self
}
