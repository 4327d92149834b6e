package algos

import (
	"cmp"
	"errors"
	"math"
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// ErrNoOwner means that a node cannot say who owns a key, nor whom to ask: as long as it is in no overlay.
var ErrNoOwner = errors.New("algos: this node knows no owner of a key, and nobody to ask")

// Found is what is known of a key: without an owner, a question, or the answer of a node that cannot say. It is a pack.Body.
type Found struct {
	Key   Key
	Hops  uint16 // how often the question was passed on
	Owner Peer
}

// Fields implements pack.Body.
func (q *Found) Fields(f *pack.Fields) { q.Key.Fields(f); f.Uint16(&q.Hops); q.Owner.Fields(f) }

// Router finds the owners of keys by passing questions on from node to node, each of which knows some others: the key-based routing of
// structured overlays (F. Dabek, B. Zhao, P. Druschel, J. Kubiatowicz, I. Stoica, "Towards a common API for structured peer-to-peer
// overlays", IPTPS 2003), in the recursive way. Answers take the way back, on links that are there. Who owns a key, and who is
// nearer to it, is the overlay's: rings, tries and hypercubes differ in Next alone.
//
// Set the fields and call Open. Questions and answers are control messages with a Found. Nobody is authenticated: whoever
// is on the way is believed. A node passes on as many questions at a time as it may have calls open (MaxCalls).
type Router struct {
	Base    *Base
	Type    core.Type     // of the questions
	Timeout time.Duration // of a question, above 0
	Tries   int           // how often this node asks for a key, each time somebody else, if there is no answer in time, from 1
	MaxHops uint16        // a question that was passed on so often goes no further, as nodes that disagree may pass it round; 0: 1<<16-1

	// Next is the owner of a key, if this node can say who that is, or nobody if it knows nobody at all; else the node to pass the question
	// on to, other than one.
	Next func(key Key, except core.NodeID) (next Peer, owner bool)
	// Silent is told of a node that had no answer in time: it is not there, or one further on is not. The question takes another way.
	Silent func(Peer)
	// Failed is told of a node that cannot be reached, or that has no owner to name. Next must not name it from then on, until it is back.
	Failed func(Peer)

	tooFar uint64
}

// Open has the node answer questions. It is for Bind.
func (r *Router) Open() {
	if r.Base == nil || r.Timeout <= 0 || r.Next == nil || r.Silent == nil || r.Failed == nil {
		panic("algos: a Router needs a Base, a Timeout above 0, Next, Silent and Failed")
	}
	AnswerLater(r.Base, r.Type, func(m *core.Msg, q *Found, reply func(*Found, error)) {
		r.route(route{key: q.Key, hops: q.Hops, except: m.From(), tries: 1, fn: reply}) // who asks may be no member
	})
}

// Lookup finds the owner of a key, and has fn called once, with what was found, or with an error: ErrNoOwner, or a *CallError. That may be
// before Lookup returns, and if the node stops not at all. It takes up to Tries times Timeout.
func (r *Router) Lookup(key Key, fn func(*Found, error)) {
	r.route(route{key: key, tries: r.Tries, fn: func(f *Found, err error) {
		if err == nil && f.Owner.None() {
			f, err = nil, ErrNoOwner
		}
		fn(f, err)
	}})
}

// TooFar is how many questions went no further as they had been passed on MaxHops times.
func (r *Router) TooFar() uint64 { return r.tooFar }

// route is a question at this node.
type route struct {
	key            Key
	hops           uint16
	except, failed core.NodeID // who is left out: who asked, or did not answer; who has just failed
	tries          int
	fn             func(*Found, error)
}

// route answers a question here, or passes it on, and on another way if that fails.
func (r *Router) route(q route) {
	next, owner := r.Next(q.key, q.except)
	switch {
	case owner:
		q.fn(&Found{q.key, q.hops, next}, nil)
		return
	case !q.failed.IsZero() && next.ID == q.failed: // Next names it still
		q.fn(nil, &CallError{next.ID, r.Type, ErrUnreachable})
		return
	case q.hops >= cmp.Or(r.MaxHops, math.MaxUint16):
		r.tooFar++
		q.fn(nil, &CallError{next.ID, r.Type, ErrTimeout})
		return
	}
	q.failed = core.NodeID{} // it may come back meanwhile
	Ask(r.Base, next.ID, r.Type, &Found{Key: q.key, Hops: q.hops + 1}, r.Timeout, func(f *Found, err error) {
		late := errors.Is(err, ErrTimeout)
		if late {
			r.Silent(next)
		}
		switch {
		case late && q.tries > 1:
			q.except, q.tries = next.ID, q.tries-1
			r.route(q)
		case errors.Is(err, ErrUnreachable) || err == nil && f.Owner.None():
			r.Failed(next)
			q.failed = next.ID
			r.route(q)
		default:
			q.fn(f, err)
		}
	})
}
