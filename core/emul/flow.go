package emul

import (
	"slices"
	"time"
)

// Direction says which of a node's limits a flow is under.
type Direction uint8

const (
	// Out flows leave the node: Bandwidth.Up and Total.
	Out Direction = iota
	// In flows come to it: Bandwidth.Down and Total.
	In

	directions
)

// Taker is who a flow belongs to: a lane.
type Taker interface {
	// Granted hands the flow credit: it may pass up to that many bytes, and the
	// message that it is in the middle of then. Whatever passes, the flow ends the
	// grant with [Shaper.Settle], now or later.
	Granted(credit int64)
}

// Flow is one lane under limits. It is out of the shaper's hands, has asked, or has
// been granted credit:
//
//	idle ─Ask─▶ waiting ─Granted─▶ granted ─Settle─▶ idle
//
// It belongs to the node's loop.
type Flow struct {
	taker  Taker
	dir    Direction
	link   *Shared // never nil
	weight int64

	state   flowState
	granted int64
	since   time.Duration // when it began to wait for its turn
	tag     int64         // start-time fair queueing: what it has had, by its share
	pos     int           // in its heap, while it waits there
	stays   bool          // it is idle, and has something to pass
}

type flowState uint8

const (
	flowIdle flowState = iota
	flowQueued
	flowParked // waits too, for its link's own rate
	flowGranted
)

// Waiting reports whether the flow has asked and got nothing yet.
func (f *Flow) Waiting() bool { return f.state == flowQueued || f.state == flowParked }

// Shared is what the flows of one link share: the link's own rate, if it has one, and
// the link's share of the node's. All lanes of a link together count as one: as the
// heaviest of those that compete.
type Shared struct {
	limit  *Limiter // nil: none
	active []*Flow  // those that wait or have been granted credit

	waiting flowHeap // those that wait for their turn
	tag     int64    // what all of them have had, by the link's share
	now     int64    // the tag of the flow that was granted last
	pos     int      // in its heap, while a flow of its waits there
}

// NewShared is a link without a rate of its own.
func NewShared() *Shared { return &Shared{} }

// SetRate gives the link a rate, or takes it away.
func (s *Shared) SetRate(r Rate, interval, now time.Duration) {
	s.limit = adjusted(s.limit, r, interval, now)
}

// Limited reports whether the link has a rate of its own.
func (s *Shared) Limited() bool { return s.limit != nil }

// adjusted is a limiter with another rate; nil for none.
func adjusted(l *Limiter, r Rate, interval, now time.Duration) *Limiter {
	switch {
	case r == Unlimited:
		return nil
	case l == nil:
		return NewLimiter(r, interval, now)
	}
	l.SetRate(r, interval, now)
	return l
}

func (s *Shared) enter(f *Flow) { s.active = append(s.active, f) }

func (s *Shared) leave(f *Flow) {
	if i := slices.Index(s.active, f); i >= 0 {
		s.active = slices.Delete(s.active, i, i+1)
	}
}

// cost is how far bytes move the flow's tag on among those of its link: the more, the
// smaller its share.
func (f *Flow) cost(bytes int64) int64 { return mulDiv(bytes, tagScale, f.weight) }

// cost is how far bytes move the link's tag on among the links. Its share is the weight of
// the heaviest lane that competes.
func (s *Shared) cost(bytes int64) int64 {
	heaviest := int64(1)
	for _, f := range s.active {
		heaviest = max(heaviest, f.weight)
	}
	return mulDiv(bytes, tagScale, heaviest)
}

// tagScale is how many steps of a tag one byte of a flow of weight 1 takes: as many
// as the largest weight, so that no flow's bytes are free.
const tagScale = 1024

// tagged is what waits in the order of tags.
type tagged[T any] interface {
	key() *int64 // its tag
	place() *int // in the heap
	*T
}

func (f *Flow) key() *int64   { return &f.tag }
func (f *Flow) place() *int   { return &f.pos }
func (s *Shared) key() *int64 { return &s.tag }
func (s *Shared) place() *int { return &s.pos }

// tagHeap orders what waits by tag.
type tagHeap[T any, P tagged[T]] struct{ all []P }

type (
	flowHeap = tagHeap[Flow, *Flow]
	linkHeap = tagHeap[Shared, *Shared]
)

func (h *tagHeap[T, P]) less(i, j int) bool { return *h.all[i].key() < *h.all[j].key() }

func (h *tagHeap[T, P]) swap(i, j int) {
	h.all[i], h.all[j] = h.all[j], h.all[i]
	*h.all[i].place(), *h.all[j].place() = i, j
}

func (h *tagHeap[T, P]) push(p P) {
	*p.place() = len(h.all)
	h.all = append(h.all, p)
	h.up(*p.place())
}

func (h *tagHeap[T, P]) remove(p P) {
	i, last := *p.place(), len(h.all)-1
	h.swap(i, last)
	h.all[last] = nil
	h.all = h.all[:last]
	if i < last {
		h.up(i)
		h.down(i)
	}
}

// fix puts one in its place whose tag has changed.
func (h *tagHeap[T, P]) fix(p P) {
	h.up(*p.place())
	h.down(*p.place())
}

func (h *tagHeap[T, P]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *tagHeap[T, P]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.all) {
			return
		}
		if child+1 < len(h.all) && h.less(child+1, child) {
			child++
		}
		if !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
