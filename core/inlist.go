package core

import "iter"

// inList is the lanes from upstream of a node in the order in which they came. A lane
// that ends leaves a gap, so that ending costs the same however many there are; when
// gaps are most of the list, it is closed up.
type inList struct {
	lanes []*InLane // nil: a gap
	n     int
}

func (q *inList) add(l *InLane) {
	l.place = len(q.lanes)
	q.lanes = append(q.lanes, l)
	q.n++
}

func (q *inList) remove(l *InLane) {
	q.lanes[l.place] = nil
	q.n--
	for len(q.lanes) > 0 && q.lanes[len(q.lanes)-1] == nil {
		q.lanes = q.lanes[:len(q.lanes)-1]
	}
	if q.n > len(q.lanes)/2 {
		return
	}
	rest := make([]*InLane, 0, q.n)
	for _, l := range q.lanes {
		if l != nil {
			l.place = len(rest)
			rest = append(rest, l)
		}
	}
	q.lanes = rest
}

// all walks the lanes that there are when it begins; those that end on the way it may
// still come to.
func (q *inList) all() iter.Seq[*InLane] {
	return func(yield func(*InLane) bool) {
		for _, l := range q.lanes {
			if l != nil && !yield(l) {
				return
			}
		}
	}
}
