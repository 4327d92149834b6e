package algos

import "github.com/ioverlay/ioverlay/core"

// Rows are a routing table: for each of some places on the ring of keys the node that owns it, as far as it is known. Which places is
// the overlay's: at 2^i after the node (Chord's fingers), under each other digit of its key (the rows of Plaxton, Pastry and
// Tapestry), anywhere at distances of a certain distribution (Symphony). Owners are looked up through the overlay itself, one after another:
// Fill does it once for all, Repair for one at a time, for ever, as others come and go. Make it with NewRows.
type Rows struct {
	place  func(row int) Key
	covers func(place Key) bool
	lookup func(key Key, fn func(*Found, error))

	peers Peers
	next  int // row that was repaired last
}

// NewRows is a table of n rows without owners. A row is at a place, which stays; those at places that are covered need no
// owner, as the node knows otherwise who is there (Arc.Covers), and those below them neither: higher rows lead further. Owners
// are found by a function like Router.Lookup.
func NewRows(n int, place func(row int) Key, covers func(place Key) bool, lookup func(key Key, fn func(*Found, error))) Rows {
	return Rows{place: place, covers: covers, lookup: lookup, peers: make(Peers, n)}
}

// All are the owners, by row; of rows whose owners are not known, nobody. The slice is a view: read it, and do not keep it.
func (t *Rows) All() Peers { return t.peers }

// Forget empties the rows of a node, which has failed.
func (t *Rows) Forget(id core.NodeID) { t.peers.Forget(id) }

// Fill looks up the owner of the highest row, when that is found the one below if that row was empty, and so on.
func (t *Rows) Fill() { t.fill(len(t.peers) - 1) }

// Repair looks up the owner of the next row, from the highest to those that are covered, and then from the highest again; and
// fills those below, as Fill does, if it was empty.
func (t *Rows) Repair() {
	if t.next--; t.next < 0 || t.covers(t.place(t.next)) {
		t.next = len(t.peers) - 1
	}
	t.fill(t.next)
}

func (t *Rows) fill(row int) {
	if row < 0 || t.covers(t.place(row)) {
		return
	}
	t.lookup(t.place(row), func(found *Found, err error) {
		if err != nil {
			return // there is a next time
		}
		was := t.peers[row]
		if t.peers[row] = found.Owner; was.None() {
			t.fill(row - 1)
		}
	})
}
