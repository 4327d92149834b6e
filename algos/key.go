package algos

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// Key is a place on a ring of 2^64, as distributed hash tables give one to each node and each
// thing (consistent hashing: Karger and others, STOC 1997). One is clockwise after
// another if it is greater, or around the end.
type Key uint64

// KeyOf is the key of a thing: the first 64 bits of its SHA-256.
func KeyOf(thing []byte) Key {
	sum := sha256.Sum256(thing)
	return Key(binary.BigEndian.Uint64(sum[:]))
}

// KeyOfNode is where a node is: the key of its ID as text.
func KeyOfNode(id core.NodeID) Key {
	text, _ := id.AppendText(make([]byte, 0, 64)) // never fails
	return KeyOf(text)
}

// UpTo reports whether k is met on the way clockwise from a, after it, to b or before it: k in
// (a, b]. From a to a is once around the ring.
func (k Key) UpTo(a, b Key) bool { return k-a-1 <= b-a-1 }

// Between is UpTo without b itself: k in (a, b).
func (k Key) Between(a, b Key) bool { return k-a-1 < b-a-1 }

// Fields implements pack.Body.
func (k *Key) Fields(f *pack.Fields) { f.Uint64((*uint64)(k)) }

// Peer is a node with its key, which is computed once. The zero value is nobody.
type Peer struct {
	ID  core.NodeID
	Key Key
}

// PeerOf is a node with its key; of the zero ID nobody.
func PeerOf(id core.NodeID) (p Peer) {
	if !id.IsZero() {
		p = Peer{id, KeyOfNode(id)}
	}
	return p
}

// Fields implements pack.Body: the key follows from the ID, and is not sent.
func (p *Peer) Fields(f *pack.Fields) {
	f.Node(&p.ID)
	if f.Reading() {
		*p = PeerOf(p.ID)
	}
}

// None reports whether it is nobody.
func (p Peer) None() bool { return p.ID.IsZero() }

// Forget makes it nobody, if it is a certain node.
func (p *Peer) Forget(id core.NodeID) {
	if p.ID == id {
		*p = Peer{}
	}
}

// Peers are some nodes, or places for nodes that are not known yet.
type Peers []Peer

// Fields implements pack.Body.
func (ps *Peers) Fields(f *pack.Fields) {
	pack.List(f, (*[]Peer)(ps), func(f *pack.Fields, p *Peer) { p.Fields(f) })
}

// Forget empties the places of a node.
func (ps Peers) Forget(id core.NodeID) {
	for i := range ps {
		ps[i].Forget(id)
	}
}
