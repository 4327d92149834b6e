package emul

// turn is the place of a flow among those of its link, or of a link among those of its
// direction.
type turn struct {
	tag int64 // start-time fair queueing: what it has had, by its share
	pos int   // in its heap, while it waits there

	asFlow *Flow   // whose turn it is, or
	asLink *Shared // whose
}

// turns is a heap of those that wait: the least tag is first.
type turns []*turn

func (h turns) less(i, j int) bool { return h[i].tag < h[j].tag }

func (h turns) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i, j
}

func (h *turns) push(t *turn) {
	t.pos = len(*h)
	*h = append(*h, t)
	h.up(t.pos)
}

func (h *turns) remove(t *turn) {
	i, last := t.pos, len(*h)-1
	h.swap(i, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	if i < last {
		h.fix(i)
	}
}

// fix puts one in its place whose tag has changed.
func (h turns) fix(i int) {
	h.up(i)
	h.down(i)
}

func (h turns) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h turns) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h.less(child+1, child) {
			child++
		}
		if !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
