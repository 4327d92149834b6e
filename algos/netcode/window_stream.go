package netcode

import "time"

// meet takes a hello: an upstream says which stream it brings, and where a newcomer begins.
func (m *Window) meet(u *winUp, w *winHello) {
	switch replaced, refused := m.member.meet(&u.above, w.id, staleAfter, func() { m.adopt(w.start, w.id, w.shape) }); {
	case refused:
		m.stats.Refused++
	case replaced:
		m.stats.Replaced++
	}
}

// adopt begins with a stream at a packet, and forgets the one before.
func (m *Window) adopt(start uint64, id streamID, sh shape) {
	m.enter(id)
	m.shape = sh
	m.began, m.gone, m.base, m.told, m.next, m.end, m.spread = start, start, start, start, start, start, start
	m.moved, m.pending = m.Now(), 0
	m.seed = m.Rand().Uint32()
	m.makeRoom()
	if err := m.dec.Reset(m.stream(), start, m.bufs); err != nil {
		panic("netcode: a stream whose shape was checked: " + err.Error())
	}
	for _, u := range m.ups {
		*u = winUp{above: above{id: u.id, since: u.since, at: m.Now()}}
	}
	for _, v := range m.downs {
		m.restart(v)
	}
	m.wake()
}

// makeRoom has buffers for the stream's shape. Those of another shape are let go of.
func (m *Window) makeRoom() {
	n, size := 2*m.shape.window, m.shape.size
	if len(m.bufs) != n || len(m.bufs[0]) != size {
		m.bufs = make([][]byte, n)
		store := make([]byte, n*size)
		for i := range m.bufs {
			m.bufs[i] = store[i*size : (i+1)*size : (i+1)*size]
		}
		s := m.stream()
		m.scratch = make([]byte, s.SourceLen())
	}
	if len(m.born) != n {
		m.born = make([]time.Duration, n)
	}
}

// sole reports whether each node from here on down has one upstream: then what one of them is sent comes from nowhere else, and
// packets are best sent as they are and in order.
func (m *Window) sole() bool {
	ups := 0
	for _, u := range m.ups {
		if u.carries {
			ups++
		}
	}
	if ups > 1 {
		return false
	}
	for _, v := range m.downs {
		if v.live() && !v.sole {
			return false
		}
	}
	return true
}
