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

// cost is how far bytes move the flow's tag on: the more, the smaller its share. The
// link's share, the weight of its heaviest lane, is divided among its active lanes by
// their weights.
func (f *Flow) cost(bytes int64) int64 {
	var sum, heaviest int64
	for _, o := range f.link.active {
		sum += o.weight
		heaviest = max(heaviest, o.weight)
	}
	if sum == 0 {
		sum, heaviest = f.weight, f.weight
	}
	return mulDiv(mulDiv(bytes, tagScale, heaviest), sum, f.weight)
}

// tagScale is how many steps of a tag one byte of a flow of weight 1 takes: as many
// as the largest weight, so that no flow's bytes are free.
const tagScale = 1024

// flowHeap orders waiting flows by tag, then by when they asked.
type flowHeap struct {
	flows []*Flow
}

func (h *flowHeap) less(i, j int) bool { return h.flows[i].tag < h.flows[j].tag }

func (h *flowHeap) swap(i, j int) {
	h.flows[i], h.flows[j] = h.flows[j], h.flows[i]
	h.flows[i].pos, h.flows[j].pos = i, j
}

func (h *flowHeap) push(f *Flow) {
	f.pos = len(h.flows)
	h.flows = append(h.flows, f)
	h.up(f.pos)
}

func (h *flowHeap) remove(f *Flow) {
	i, last := f.pos, len(h.flows)-1
	h.swap(i, last)
	h.flows[last] = nil
	h.flows = h.flows[:last]
	if i < last {
		h.up(i)
		h.down(i)
	}
}

func (h *flowHeap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *flowHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.flows) {
			return
		}
		if child+1 < len(h.flows) && h.less(child+1, child) {
			child++
		}
		if !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
