package netcode

// meet takes a hello: an upstream says which stream it brings, and where a newcomer begins.
func (m *Multicast) meet(u *upstream, start uint32, id streamID) {
	u.since = max(u.since, feedbackEvery) // it is answered
	if m.begun {
		m.stats.Refused++ // a source has its own
		return
	}
	switch replaced, refused := m.member.meet(&u.above, id, max(staleAfter, 4*m.period), func() { m.adopt(start, id) }); {
	case refused:
		m.stats.Refused++
	case replaced:
		m.stats.Replaced++
	}
}

// adopt begins with a stream at a generation, and forgets the one before.
func (m *Multicast) adopt(start uint32, id streamID) {
	for i := range m.slots {
		m.clear(&m.slots[i])
	}
	m.enter(id)
	m.base, m.next, m.judged, m.period = start, start, start, 0
	for _, u := range m.ups {
		*u = upstream{above: above{id: u.id, since: u.since, at: m.Now()}, seq: u.seq, horizon: start, cursor: start, latest: start}
	}
	for _, v := range m.downs {
		v.restart(start)
	}
	m.wake()
}
