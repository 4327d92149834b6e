package emul

import (
	"slices"
	"time"
)

// Shared is what the flows of one link share: the link's own rate, if it has one, and
// the link's share of the node's. All lanes of a link together count as one: as the
// heaviest of those that compete. Its flows are all of one direction
// of one [Shaper].
type Shared struct {
	limit  *Limiter // nil: none
	active []*Flow  // those that wait or have been granted credit

	dir     Direction
	claimed bool // by a flow: dir is set

	turn          // its place among the links, by what all of its flows have had
	waiting turns // its flows that wait for their turn
	now     int64 // virtual time on the link: the tag of the flow that was granted last
}

// NewShared is a link without a rate of its own.
func NewShared() *Shared {
	s := &Shared{}
	s.asLink = s
	return s
}

// SetRate gives the link a rate, or takes it away.
func (s *Shared) SetRate(r Rate, interval, now time.Duration) {
	s.limit = adjusted(s.limit, r, interval, now)
}

// Limited reports whether the link has a rate of its own.
func (s *Shared) Limited() bool { return s.limit != nil }

// claim says of which direction the link is.
func (s *Shared) claim(d Direction) {
	if s.claimed && s.dir != d {
		panic("emul: the flows of a Shared are all of one direction")
	}
	s.dir, s.claimed = d, true
}

func (s *Shared) enter(f *Flow) { s.active = append(s.active, f) }

func (s *Shared) leave(f *Flow) {
	if i := slices.Index(s.active, f); i >= 0 {
		s.active = slices.Delete(s.active, i, i+1)
	}
}

// cost is how far bytes move the link's tag on among the links. Its share is the weight
// of the heaviest lane that competes.
func (s *Shared) cost(bytes int64) int64 {
	heaviest := int64(1)
	for _, f := range s.active {
		heaviest = max(heaviest, f.weight)
	}
	return mulDiv(bytes, tagScale, heaviest)
}
