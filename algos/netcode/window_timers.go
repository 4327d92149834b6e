package netcode

// timer reports whether a timer was one of ours.
func (m *Window) timer(id uint64) bool {
	if id != expireTimer {
		return m.member.timer(id)
	}
	m.expiring = false
	m.expire()
	return true
}

// settle ends a call: those upstream are told what has changed, and timers go on if something is waited for.
func (m *Window) settle() {
	m.rest()
	if m.speak(m.every()) {
		m.told = m.base
	}
	m.arm()
	if d := m.shape.deadline; d > 0 && !m.expiring && m.known && !m.fresh && m.base < m.end {
		m.expiring = true
		m.After(max(m.born[m.base%uint64(len(m.born))]+d-m.Now(), 0), expireTimer)
	}
}

// busy reports whether there is something that somebody below may need.
func (m *Window) busy() bool { return m.known && m.base < m.end }

// incomplete reports whether something is to come from above, and would be if it was asked for.
func (m *Window) incomplete() bool {
	return !m.silent() && (m.fresh || m.told != m.base || m.lacking() > 0)
}

// beat says again what is needed, and asks those that do not answer.
func (m *Window) beat() {
	m.tell = true
	for _, v := range m.downs {
		m.lookAfter(v)
	}
	m.wake()
}
