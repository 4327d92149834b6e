package netcode

// When a member tells whom: at the end of a call, at beats while something is waited for, and, further and further apart, whether those that failed
// are there again.

// timer reports whether a timer was one of a member's.
func (m *member[U, D]) timer(id uint64) bool {
	switch id {
	case beatTimer:
		m.armed = false
		m.of.beat()
	case retryTimer:
		m.retry()
	default:
		return false
	}
	return true
}

// retry sends those that failed, or do not answer, a hello, to see whether they are there again. The engine
// dials when it is sent something, but not at once after a failure, and does not say so.
func (m *member[U, D]) retry() {
	m.retrying = false
	for _, d := range m.downs {
		if v := d.down(); v.failed || v.mute {
			m.of.lost(d)
			v.probe = true
		}
	}
	m.wake()
}

// speak tells those upstream what has changed, and those that have sent so many messages. It reports whether all were told.
func (m *member[U, D]) speak(every int) (all bool) {
	for _, u := range m.ups {
		if m.tell || u.up().since >= every {
			m.of.say(u)
		}
	}
	all, m.tell = m.tell, false
	return all
}

// arm has timers go on if something is waited for.
func (m *member[U, D]) arm() {
	if !m.armed && m.expects() {
		m.armed = true
		m.After(m.interval, beatTimer)
	}
	if !m.retrying && m.owes() {
		m.retrying = true
		m.After(m.pause, retryTimer)
		m.pause = min(2*m.pause, retryMost)
	}
}

// owes reports whether there is something for a downstream that has failed, or does not answer.
func (m *member[U, D]) owes() bool {
	for _, d := range m.downs {
		if v := d.down(); v.failed || v.mute {
			return m.of.busy() || m.known && m.resting && len(m.ups) > 0
		}
	}
	return false
}

// expects reports whether something is under way: packets from above, or an answer from below.
func (m *member[U, D]) expects() bool {
	for _, v := range m.downs {
		if m.of.waitsFor(v) {
			return true
		}
	}
	for _, u := range m.ups {
		if u.up().since > 0 {
			return true // the last packets have to be answered for too
		}
	}
	return m.known && !m.resting && len(m.ups) > 0 && m.of.incomplete()
}
