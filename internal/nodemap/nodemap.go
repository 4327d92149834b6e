// Package nodemap finds what a node keeps of others, by node and application: its links and lanes.
//
// In a world of thousands of nodes no node's tables are in a cache, so that a look-up costs what it touches. Go's map has a directory,
// groups of control bytes and groups of keys, which are three misses; this has one row with keys and values side by side, which is one.
package nodemap

import (
	"math/bits"
	"math/rand/v2"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Map is a map from a node and an application to a value: open addressing, linear probing, at most half full. It has no way to walk it,
// since an order that is random must not decide anything. The zero value is an empty map. It belongs to one goroutine.
type Map[V any] struct {
	slots []slot[V] // length is 0 or a power of two
	n     int
}

// slot is a place of the row: 32 bytes with a pointer, so that none lies in two lines of a cache.
type slot[V any] struct {
	key
	v V
}

// key is a node and an application. The zero key is a free place.
type key struct{ hi, lo, rest uint64 }

func keyOf(id wire.NodeID, app uint32) key {
	hi, lo, port := id.Words()
	return key{hi, lo, 1<<63 | uint64(port)<<32 | uint64(app)}
}

func (k *key) free() bool { return k.rest == 0 }

// Peers choose their IDs. They do not know these numbers, and so cannot choose IDs that meet in one place. Each process has others, as
// with Go's maps, and nothing depends on them but where an entry lies: a Map cannot be walked.
var secret, secret2, secret3 = rand.Uint64(), rand.Uint64(), rand.Uint64()

// least is the length of the smallest row, and few that of the longest that is kept when the map is empty.
const least, few = 2, 8

// Len is how many entries there are.
func (m *Map[V]) Len() int { return m.n }

// Get is the value of a node and an application, or the zero value.
func (m *Map[V]) Get(id wire.NodeID, app uint32) (v V) {
	if i, there := m.find(keyOf(id, app)); there {
		return m.slots[i].v
	}
	return v
}

// Put sets it. It panics if the node is the zero NodeID.
func (m *Map[V]) Put(id wire.NodeID, app uint32, v V) {
	if id.IsZero() {
		panic("nodemap: an entry for the zero NodeID, which is no node")
	}
	k := keyOf(id, app)
	i, there := m.find(k)
	if there {
		m.slots[i].v = v
		return
	}
	if m.n++; 2*m.n > len(m.slots) {
		m.grow()
		i, _ = m.find(k)
	}
	m.slots[i] = slot[V]{k, v}
}

// Delete forgets it, if it is there.
func (m *Map[V]) Delete(id wire.NodeID, app uint32) {
	gap, there := m.find(keyOf(id, app))
	if !there {
		return
	}
	if m.n--; m.n == 0 && len(m.slots) > few {
		m.slots = nil
		return
	}
	// What follows without a gap moves up, unless its own place lies behind the gap (Knuth, volume 3, section 6.4, algorithm R).
	for i := m.next(gap); !m.slots[i].free(); i = m.next(i) {
		if own := m.own(m.slots[i].key); (i-own)&m.mask() >= (i-gap)&m.mask() {
			m.slots[gap] = m.slots[i]
			gap = i
		}
	}
	m.slots[gap] = slot[V]{}
}

// find is the place of an entry, or the free one at which to put it if the map does not grow.
func (m *Map[V]) find(k key) (i uint64, there bool) {
	if len(m.slots) == 0 {
		return 0, false
	}
	for i = m.own(k); ; i = m.next(i) {
		switch s := &m.slots[i]; {
		case s.key == k:
			return i, true
		case s.free():
			return i, false
		}
	}
}

func (m *Map[V]) mask() uint64         { return uint64(len(m.slots) - 1) }
func (m *Map[V]) next(i uint64) uint64 { return (i + 1) & m.mask() }

// own is the place at which an entry would be if nothing else were there: two rounds of folded multiplication with what nobody knows, as
// in Wang Yi's wyhash.
func (m *Map[V]) own(k key) uint64 {
	high, low := bits.Mul64(k.lo^secret, k.hi^secret2)
	high, low = bits.Mul64(high^low^k.rest, secret3|1)
	return (high ^ low) & m.mask()
}

func (m *Map[V]) grow() {
	before := m.slots
	m.slots = make([]slot[V], max(least, 2*len(before)))
	for i := range before {
		if s := &before[i]; !s.free() {
			at, _ := m.find(s.key)
			m.slots[at] = *s
		}
	}
}
