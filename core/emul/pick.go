package emul

import "time"

// Whose turn it is, and how much it may pass.

// pick chooses whose turn it is and how much it may pass; nil if nobody may.
func (s *Shaper) pick(now time.Duration) (*Flow, int64) {
	total := creditOf(s.total, 0, now)
	var best *Flow
	var most int64
	for d := range directions {
		if len(s.queue[d]) == 0 {
			s.held[d] = 0
			continue
		}
		way := creditOf(s.way[d], s.heldFor(d, now), now)
		switch {
		case way <= 0:
			s.held[d] = 0
		case total <= 0:
			s.hold(d, now)
		default:
			if f, credit := s.first(d, min(way, total), now); f != nil && (best == nil || f.shared.tag < best.shared.tag) {
				best, most = f, credit
			}
		}
	}
	if best != nil {
		s.held[best.dir] = 0
	}
	return best, most
}

// hold notes that a direction could go on but for the node's total. Times are kept 1
// ns up, so that 0 stands for none.
func (s *Shaper) hold(d Direction, now time.Duration) {
	if s.held[d] == 0 {
		s.held[d] = now + 1
	}
}

func (s *Shaper) heldFor(d Direction, now time.Duration) time.Duration {
	if s.held[d] == 0 {
		return 0
	}
	return now + 1 - s.held[d]
}

// first is the flow of a direction whose turn it is, with its part of the credit.
// Those whose own links have none step aside.
func (s *Shaper) first(d Direction, credit int64, now time.Duration) (*Flow, int64) {
	q := &s.queue[d]
	for len(*q) > 0 {
		f := (*q)[0].asLink.waiting[0].asFlow
		own := creditOf(f.shared.limit, now-f.since, now)
		if own > 0 {
			return f, min(own, s.part(f, credit))
		}
		s.dequeue(f)
		f.state = flowParked
		s.parked = append(s.parked, f)
	}
	return nil, 0
}

// minGrant is the least that is granted if there is as much: a grant costs some
// 100 ns, which should buy a few messages.
const minGrant = 4096

// part is a flow's part of the credit that there is for its direction.
func (s *Shaper) part(f *Flow, credit int64) int64 {
	others := s.weight[Out] + s.weight[In]
	if s.total == nil {
		others = s.weight[f.dir]
	}
	if others <= f.weight {
		return credit
	}
	return min(max(mulDiv(credit, f.weight, others), minGrant), credit)
}
