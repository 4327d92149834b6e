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
// authenticated: a member can lie about others. All keys of a node hang on its ID.
//
// # Deviations from the papers
//
//   - Lookups are recursive, and answers take the way back, on links that are there.
//   - Keys are 64 bits of SHA-256, not SHA-1.
//   - There is no first node, and no join apart: everybody begins alone, and asks a
//     contact, or a node that was lost, for the owner of the place after its own. That
//     is also how rings that a partition has made become one. A founder has no contacts.
//   - A former predecessor is told of the new one, and so need not wait for a Period.
//   - A node that was restarted is no member, whatever others remember, until it has joined.
package chord

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeFind core.Type = wire.FirstAlgorithmType + 48 + iota
	typeNeighbours
	typeNotify
	typeStabilize
)

// find asks for the owner of a key, and is the answer. Hops is how often the question was
// passed on. Who is in no ring answers with nobody.
type find struct {
	Key   algos.Key
	Hops  uint16
	Owner algos.Peer
}

func (q *find) Fields(f *pack.Fields) {
	f.Uint64((*uint64)(&q.Key))
	f.Uint16(&q.Hops)
	q.Owner.Fields(f)
}

// neighbours are those of a node; empty, it asks for them.
type neighbours struct {
	Predecessor algos.Peer // nobody: not known
	Successors  []algos.Peer
}

func (n *neighbours) Fields(f *pack.Fields) {
	n.Predecessor.Fields(f)
	pack.List(f, &n.Successors, func(f *pack.Fields, p *algos.Peer) { p.Fields(f) })
}

// ErrAlone means that a node is in no ring yet, or no longer.
var ErrAlone = errors.New("chord: the node is in no ring")

// Chord is the algorithm of one node. Make it with New; fields may be changed before the
// node starts.
type Chord struct {
	algos.Base
	Successors int           // most in the list, from 1
	Period     time.Duration // between two rounds of maintenance
	Timeout    time.Duration // of a question
	Tries      int           // how often a question that times out is asked, from 1

	self        algos.Peer
	predecessor algos.Peer
	successors  []algos.Peer // nearest first; empty: the node is alone
	fingers     [64]algos.Peer
	turn        int        // the finger that is looked up next; 0: look for other rings
	lost        algos.View // nodes that failed, as far as they are not back
}

// New makes a node.
func New() *Chord {
	return &Chord{Successors: 8, Period: 5 * time.Second, Timeout: 2 * time.Second, Tries: 3}
}

// Neighbours are the predecessor, nobody if it is not known, and the list of successors,
// nearest first, empty if the node is alone. Read the list, and do not keep it.
func (c *Chord) Neighbours() (algos.Peer, []algos.Peer) { return c.predecessor, c.successors }

// Bind implements core.Algorithm.
func (c *Chord) Bind(n *core.Node) {
	c.Base.Bind(n)
	c.SetIdleTimeout(10 * c.Period) // links to neighbours are used before; others close in the end
	c.self, c.lost.Max = algos.PeerOf(n.ID()), c.Successors
	algos.Answer(&c.Base, typeFind, c.asked)
	algos.Answer(&c.Base, typeNeighbours, func(_ *core.Msg, _ *neighbours) *neighbours { return &neighbours{c.predecessor, c.successors} })
	c.Handle(typeNotify, c.notified)
	c.Handle(typeStabilize, func(*core.Msg) { c.stabilize() })
	c.OnFailed(c.failed)
	c.Handle(wire.TypeWorldUp, func(*core.Msg) {
		c.round()
		c.Every(c.Period+c.Period*time.Duration(c.Rand().IntN(100))/1000, c.round)
	})
}

// round is done once a Period.
func (c *Chord) round() {
	c.stabilize()
	c.fix()
}

// stabilize asks the successor who is before it.
func (c *Chord) stabilize() {
	if len(c.successors) > 0 {
		c.consider(c.successors[0])
	}
}

// consider asks a node that is the successor, or may be, for its neighbours, and makes it
// the successor; and then the one that it has before it, if that is nearer. Nodes become
// successors only if they answer.
func (c *Chord) consider(p algos.Peer) {
	c.ask(p, func(r *neighbours) {
		was := slices.Index(c.successors, p) == 0
		if r == nil {
			c.failed(p.ID)
		} else if len(r.Successors) == 0 && len(c.successors) > 0 {
			c.failed(p.ID) // it is in no ring, so it may join this one
			c.Post(p.ID, typeNotify, nil)
		} else if was || c.nearer(p) {
			c.lost.Remove(p.ID)
			c.successors = c.self.Clockwise(append([]algos.Peer{p}, r.Successors...), c.Successors)
			if c.nearer(r.Predecessor) {
				c.consider(r.Predecessor)
			}
			c.Post(p.ID, typeNotify, nil)
			return
		}
		if was {
			c.stabilize()
		}
	})
}

// ask asks a node for its neighbours: nil if there is no answer.
func (c *Chord) ask(p algos.Peer, fn func(*neighbours)) {
	algos.Ask(&c.Base, p.ID, typeNeighbours, &neighbours{}, c.Timeout, func(r *neighbours, _ error) { fn(r) })
}

// nearer reports whether a node comes before the successor.
func (c *Chord) nearer(p algos.Peer) bool {
	return !p.None() && p != c.self && (len(c.successors) == 0 || p.Key.Between(c.self.Key, c.successors[0].Key))
}

// notified is told by a node that it has this one for its successor.
func (c *Chord) notified(m *core.Msg) {
	switch p, old := algos.PeerOf(m.From()), c.predecessor; {
	case len(c.successors) == 0:
		c.seek(p.ID)
	case old.None() || p.Key.Between(old.Key, c.self.Key):
		c.predecessor = p
		c.Post(old.ID, typeStabilize, nil)
	case p != old: // old is nearer, if it lives
		c.ask(old, func(r *neighbours) {
			if r == nil {
				c.failed(old.ID)
			}
		})
	}
}

// failed forgets a node that does not live, or cannot be reached.
func (c *Chord) failed(id core.NodeID) {
	gone := func(p algos.Peer) bool { return p.ID == id }
	c.successors = slices.DeleteFunc(c.successors, gone)
	for i, p := range c.fingers {
		if gone(p) {
			c.fingers[i] = algos.Peer{}
		}
	}
	if gone(c.predecessor) {
		c.predecessor = algos.Peer{}
	}
	c.lost.Add(id)
}

// fix looks one finger up, from the longest to those that the list of successors covers;
// then it looks for other rings, until there is none.
func (c *Chord) fix() {
	i, n := c.turn, len(c.successors)
	if n == 0 || i == 0 || c.place(i).UpTo(c.self.Key, c.successors[n-1].Key) {
		c.turn = len(c.fingers) - 1
		other := []core.NodeID{algos.One(c.Rand(), c.Known()), algos.One(c.Rand(), c.Suspects()), algos.One(c.Rand(), c.lost.All())}
		c.seek(algos.One(c.Rand(), slices.DeleteFunc(other, core.NodeID.IsZero)))
		return
	}
	c.turn--
	c.Lookup(c.place(i), func(owner algos.Peer, _ int, err error) {
		if err == nil {
			c.fingers[i] = owner
		}
	})
}

// place is where a finger points: at its owner.
func (c *Chord) place(i int) algos.Key { return c.self.Key + 1<<i }

// seek asks a node, perhaps of another ring, who comes after this one in its ring.
func (c *Chord) seek(contact core.NodeID) {
	c.pass(algos.PeerOf(contact), find{Key: c.place(0)}, func(r *find, err error) {
		if err != nil {
			return
		}
		if r.Owner.None() { // in no ring; there may be a new one
			r.Owner = algos.PeerOf(contact)
		}
		if c.nearer(r.Owner) {
			c.turn = 0
			c.consider(r.Owner)
		}
	})
}

// Lookup finds the owner of a key, and has fn called once: with the owner and how often the
// question was passed on, or with an error, ErrAlone or a *algos.CallError. That may be
// before Lookup returns, and not at all if the node stops.
func (c *Chord) Lookup(key algos.Key, fn func(owner algos.Peer, hops int, err error)) {
	left := c.Tries
	var told func(*find, error)
	told = func(r *find, err error) {
		left--
		switch {
		case left > 0 && errors.Is(err, algos.ErrTimeout):
			c.pass(algos.One(c.Rand(), c.successors), find{Key: key}, told) // another way
		case err != nil:
			fn(algos.Peer{}, 0, err)
		case r.Owner.None():
			fn(algos.Peer{}, 0, ErrAlone)
		default:
			fn(r.Owner, int(r.Hops), nil)
		}
	}
	c.route(find{Key: key}, core.NodeID{}, told)
}

// asked answers a question, now or later.
func (c *Chord) asked(m *core.Msg, q *find) *find {
	r := algos.RequestOf(m)
	c.route(*q, m.From(), func(a *find, err error) {
		if err == nil {
			c.Reply(r, a)
		}
	})
	return nil
}

// route finds out who owns a key, here or by passing the question on, again if that fails
// at once. Who asks is not asked, nor named: it may be in no ring, though it was.
func (c *Chord) route(q find, asker core.NodeID, fn func(*find, error)) {
	next, owner := c.next(q.Key, asker)
	if owner {
		q.Owner = next
		fn(&q, nil)
		return
	}
	c.pass(next, q, func(r *find, err error) {
		if errors.Is(err, algos.ErrUnreachable) || err == nil && r.Owner.None() {
			c.failed(next.ID)
			c.route(q, asker, fn)
			return
		}
		fn(r, err)
	})
}

func (c *Chord) pass(next algos.Peer, q find, fn func(*find, error)) {
	q.Hops++
	algos.Ask(&c.Base, next.ID, typeFind, &q, c.Timeout, fn)
}

// next is the owner of a key if this node knows it, who is nobody if it is in no ring; else
// the closest node before the key that it knows.
func (c *Chord) next(key algos.Key, asker core.NodeID) (best algos.Peer, owner bool) {
	switch {
	case len(c.successors) == 0:
		return best, true
	case !c.predecessor.None() && key.UpTo(c.predecessor.Key, c.self.Key):
		return c.self, true
	}
	for _, list := range [2][]algos.Peer{c.successors, c.fingers[:]} {
		for _, p := range list {
			switch {
			case p.None() || p.ID == asker:
			case best.None() && key.UpTo(c.self.Key, p.Key):
				return p, true
			case best.None() || p.Key.Between(best.Key, key):
				best = p
			}
		}
	}
	if best.None() {
		best = c.self
	}
	return best, best == c.self
}

// Invariant implements scenario.Invariant: the successors are in order.
func (c *Chord) Invariant() error {
	if len(c.self.Clockwise(c.successors, c.Successors)) != len(c.successors) {
		return fmt.Errorf("successors %v do not follow each other from %v, or are more than %d", c.successors, c.self, c.Successors)
	}
	return nil
}
