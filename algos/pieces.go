package algos

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Pieces are the pieces of one thing, as blocks of a file, that a node collects from peers which have some of them:
// which it has, which each peer has, and whom it has asked for which. It is for overlays in which everybody passes on
// what he has got so far. Make it with NewPieces.
type Pieces struct {
	Have Bits // what this node has; put in with Got

	peers  []holder
	ids    []core.NodeID // theirs
	copies []int32       // by piece: how many peers have it
	asked  []asked       // in the order in which they were
	of     []int32       // by piece: how many are asked for it
	wanted Bits          // those of which that is not 0
}

// holder is a peer.
type holder struct {
	id   core.NodeID
	has  Bits
	open int // pieces that it was asked for and has not sent
}

// asked is a piece that a peer was asked for.
type asked struct {
	piece int
	peer  core.NodeID
	at    time.Duration
}

// NewPieces is of a thing of n pieces, from 0 to MaxBits, of which those are here that has says; nil: none.
func NewPieces(n int, has func(piece int) bool) Pieces {
	p := Pieces{Have: NewBits(n), copies: make([]int32, n), of: make([]int32, n), wanted: NewBits(n)}
	for i := range n {
		if has != nil && has(i) {
			p.Have.Add(i)
		}
	}
	return p
}

// Peers are the peers, in the order in which they came. The slice is a view: read it, and do not keep it.
func (p *Pieces) Peers() []core.NodeID { return p.ids }

// IsPeer reports whether a node is a peer.
func (p *Pieces) IsPeer(id core.NodeID) bool { return p.find(id) != nil }

// IsFull reports whether a node is a peer that has all pieces.
func (p *Pieces) IsFull(id core.NodeID) bool {
	h := p.find(id)
	return h != nil && h.has.Full()
}

func (p *Pieces) find(id core.NodeID) *holder {
	for i := range p.peers {
		if p.peers[i].id == id {
			return &p.peers[i]
		}
	}
	return nil
}

// Join makes a node a peer, if it is none yet.
func (p *Pieces) Join(id core.NodeID) {
	if p.find(id) == nil {
		p.peers = append(p.peers, holder{id: id, has: NewBits(p.Have.Len())})
		p.ids = append(p.ids, id)
	}
}

// Told notes that a peer has pieces. Those that there are not, and nodes that are no peers, count for nothing.
func (p *Pieces) Told(id core.NodeID, pieces ...uint32) {
	h := p.find(id)
	for _, i := range pieces {
		p.told(h, int(i))
	}
}

// ToldAll notes that a peer has all pieces of a set, which may have come from it.
func (p *Pieces) ToldAll(id core.NodeID, set *Bits) {
	h := p.find(id)
	for i := range set.Len() {
		if set.Has(i) {
			p.told(h, i)
		}
	}
}

func (p *Pieces) told(h *holder, piece int) {
	if h != nil && h.has.Add(piece) {
		p.copies[piece]++
	}
}

// Leave forgets a peer, and reports whether it was one. What it was asked for can be asked of others.
func (p *Pieces) Leave(id core.NodeID) bool {
	h := p.find(id)
	if h == nil {
		return false
	}
	for i := range p.copies {
		if h.has.Has(i) {
			p.copies[i]--
		}
	}
	p.asked = slices.DeleteFunc(p.asked, func(a asked) bool {
		if a.peer == id {
			p.unwant(a.piece)
		}
		return a.peer == id
	})
	p.peers = slices.DeleteFunc(p.peers, func(h holder) bool { return h.id == id })
	p.ids = slices.DeleteFunc(p.ids, func(other core.NodeID) bool { return other == id })
	return true
}

// Ask chooses pieces to ask a peer for, until it is asked for so many, and notes that they are asked: those that it has, this node has not,
// and nobody is asked for, and of these first the ones that the fewest peers have (rarest first). If others are asked for
// all of them, those that somebody was asked for longest ago, and no other than him, if that is before a time.
func (p *Pieces) Ask(id core.NodeID, most int, rng *rand.Rand, now, before time.Duration) (pieces []uint32) {
	h := p.find(id)
	for h != nil && h.open < most {
		piece := p.rarest(h, rng)
		if piece < 0 {
			piece = p.oldest(h, before)
		}
		if piece < 0 {
			break
		}
		p.asked = append(p.asked, asked{piece, id, now})
		p.of[piece]++
		p.wanted.Add(piece)
		h.open++
		pieces = append(pieces, uint32(piece))
	}
	return pieces
}

// rarest is one of the pieces that are to be asked for and that the fewest have, each as likely as the others.
func (p *Pieces) rarest(h *holder, rng *rand.Rand) int {
	piece, ties := -1, 0
	for at := range p.Have.words() {
		for left := h.has.word(at) &^ p.Have.word(at) &^ p.wanted.word(at); left != 0; left &= left - 1 {
			i := at*64 + bits.TrailingZeros64(left)
			switch {
			case piece < 0 || p.copies[i] < p.copies[piece]:
				piece, ties = i, 1
			case p.copies[i] == p.copies[piece]:
				if ties++; rng.IntN(ties) == 0 {
					piece = i
				}
			}
		}
	}
	return piece
}

// oldest is the piece that one other peer was asked for longest ago.
func (p *Pieces) oldest(h *holder, before time.Duration) int {
	for _, a := range p.asked {
		if a.at < before && p.of[a.piece] == 1 && a.peer != h.id && h.has.Has(a.piece) && !p.Have.Has(a.piece) {
			return a.piece
		}
	}
	return -1
}

// Answered notes that a peer has sent a piece, and reports whether it was asked for it.
func (p *Pieces) Answered(id core.NodeID, piece int) bool {
	i := slices.IndexFunc(p.asked, func(a asked) bool { return a.piece == piece && a.peer == id })
	if i < 0 {
		return false
	}
	p.asked = slices.Delete(p.asked, i, i+1)
	p.unwant(piece)
	p.find(id).open--
	return true
}

// unwant notes that one less is asked for a piece.
func (p *Pieces) unwant(piece int) {
	if p.of[piece]--; p.of[piece] == 0 {
		p.wanted.remove(piece)
	}
}

// Idle reports whether nobody is asked for anything: no peer has what this node has not.
func (p *Pieces) Idle() bool { return len(p.asked) == 0 }

// Late are the peers that were asked for a piece before a time and have not sent it.
func (p *Pieces) Late(before time.Duration) (ids []core.NodeID) {
	for _, a := range p.asked {
		if a.at < before && !slices.Contains(ids, a.peer) {
			ids = append(ids, a.peer)
		}
	}
	return ids
}
