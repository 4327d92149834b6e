package netcode

import "slices"

// timer reports whether a timer was one of ours.
func (m *Window) timer(id uint64) bool {
	switch id {
	case beatTimer:
		m.armed = false
		m.beat()
	case retryTimer:
		m.retry()
	case expireTimer:
		m.expiring = false
		m.expire()
	default:
		return false
	}
	return true
}

// settle ends a call: those upstream are told what has changed, and timers go on if something is waited for.
func (m *Window) settle() {
	m.rest()
	for _, u := range m.ups {
		if m.tell || u.since >= m.every() {
			m.say(u)
		}
	}
	if m.tell {
		m.tell, m.told = false, m.base
	}
	if !m.armed && m.expects() {
		m.armed = true
		m.After(m.s.Beat, beatTimer)
	}
	if !m.retrying && m.owes() {
		m.retrying = true
		m.After(m.pause, retryTimer)
		m.pause = min(2*m.pause, retryMost)
	}
	if d := m.shape.deadline; d > 0 && !m.expiring && m.known && !m.fresh && m.base < m.end {
		m.expiring = true
		m.After(max(m.born[m.base%uint64(len(m.born))]+d-m.Now(), 0), expireTimer)
	}
}

// owes reports whether there is something for a downstream that has failed, or does not answer.
func (m *Window) owes() bool {
	for _, v := range m.downs {
		if v.failed || v.mute {
			return m.known && (m.base < m.end || m.resting && len(m.ups) > 0)
		}
	}
	return false
}

// expects reports whether something is under way: packets from above, or an answer from below.
func (m *Window) expects() bool {
	if slices.ContainsFunc(m.downs, m.waitsFor) {
		return true
	}
	if m.silent() {
		return false
	}
	for _, u := range m.ups {
		if u.since > 0 {
			return true // the last packets have to be answered for too
		}
	}
	if !m.known || m.resting || len(m.ups) == 0 {
		return false
	}
	return m.fresh || m.told != m.base || m.lacking() > 0
}

// beat says again what is needed, and asks those that do not answer.
func (m *Window) beat() {
	m.tell = true
	for _, v := range m.downs {
		m.lookAfter(v)
	}
	m.wake()
}
