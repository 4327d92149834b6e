package algos

import (
	"encoding/binary"

	"github.com/ioverlay/ioverlay/core"
)

// nodeIndex finds the places of nodes in a list that grows: open addressing, linear probing, at most half full. Each node of a group has
// one of all others, so in a large world its lines are in no cache, and it is most of what is kept: a look-up is one miss here and
// one in the list, where Go's map has three, and a node takes 16 to 32 bytes, half of what it takes there.
//
// Go's map has a seed that nobody knows, which differs from run to run. Here whoever chooses IDs could have them meet in one place: if any
// is too far from its own, all are placed anew in another way, and IDs that meet in several ways are too few to harm.
type nodeIndex struct {
	slots []uint64 // length is 0 or a power of two; half of the hash, and the place from 1; 0: empty
	n     int
	way   uint64
}

// farthest is how many slots an ID may be from its own.
const farthest = 32

func (x *nodeIndex) hash(who core.NodeID) uint64 {
	at := who.AddrPort()
	b := at.Addr().As16()
	const odd = 0x9e3779b97f4a7c15
	h := (binary.BigEndian.Uint64(b[:8]) ^ x.way) * odd
	h = (h ^ h>>32 ^ binary.BigEndian.Uint64(b[8:])) * odd
	h = (h ^ h>>29 ^ uint64(at.Port())) * odd
	return h ^ h>>32
}

// find is the place of a node in a list, or -1.
func (x *nodeIndex) find(who core.NodeID, in []entry) int {
	if x.n == 0 {
		return -1
	}
	h := x.hash(who)
	mask := uint64(len(x.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := x.slots[i]
		if s == 0 {
			return -1
		}
		if s>>32 == h>>32 && in[uint32(s)-1].Who == who {
			return int(uint32(s) - 1)
		}
	}
}

// add notes the last node of a list, which was not in it before.
func (x *nodeIndex) add(in []entry) {
	const least = 16
	if x.n++; 2*x.n > len(x.slots) {
		x.slots = make([]uint64, max(least, 2*len(x.slots)))
		x.placeAll(in)
	} else if x.put(in[len(in)-1].Who, len(in)) > farthest {
		x.way = x.way*0xbf58476d1ce4e5b9 + 1
		clear(x.slots)
		x.placeAll(in)
	}
}

func (x *nodeIndex) placeAll(in []entry) {
	for i := range in {
		x.put(in[i].Who, i+1)
	}
}

// put places one, and returns how far from its own slot.
func (x *nodeIndex) put(who core.NodeID, place int) (far int) {
	h := x.hash(who)
	mask := uint64(len(x.slots) - 1)
	i := h & mask
	for ; x.slots[i] != 0; far++ {
		i = (i + 1) & mask
	}
	x.slots[i] = h>>32<<32 | uint64(place)
	return far
}
