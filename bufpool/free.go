package bufpool

// A freeList holds the idle slabs of one class, the latest released on top. It is guarded by Pool.mu.
type freeList struct {
	top, bottom *Slab // linked by Slab.below and Slab.above; both nil if empty
}

func (l *freeList) push(s *Slab) {
	s.below = l.top
	if l.top == nil {
		l.bottom = s
	} else {
		l.top.above = s
	}
	l.top = s
}

// pop takes the latest released slab; nil if the list is empty.
func (l *freeList) pop() *Slab {
	s := l.top
	if s != nil {
		l.unlink(s)
	}
	return s
}

// popBottom takes the slab that has been idle for longest; nil if the list is empty.
func (l *freeList) popBottom() *Slab {
	s := l.bottom
	if s != nil {
		l.unlink(s)
	}
	return s
}

func (l *freeList) unlink(s *Slab) {
	if s.above == nil {
		l.top = s.below
	} else {
		s.above.below = s.below
	}
	if s.below == nil {
		l.bottom = s.above
	} else {
		s.below.above = s.above
	}
	s.above, s.below = nil, nil
}
