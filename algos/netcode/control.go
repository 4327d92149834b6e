package netcode

import "time"

// The source chooses for how long links carry each generation: the shortest time in which
// all receivers get a whole one. It learns from what they lack when their links have closed
// a generation. That share more time is what it would have taken; and while nothing is
// lacking, the time shrinks by steps, which become smaller whenever they went too far, and
// greater when that is long ago. What was enough before much more was needed is tried again at once.

const (
	// maxPeriod bounds a generation's time.
	maxPeriod = 10 * time.Minute
	// The period shrinks by one part of so many with each generation that came whole.
	leastStep, mostStep = 128, 4096
	// What was good before a generation needed much longer, since a relay or a link was lost, is tried again
	// when so many generations came whole: tryAfter, and twice as many whenever that was too soon. It is
	// forgotten when more than tryMost would have to.
	tryAfter, tryMost = 2, 256
	// calmFaster is after how many of those in a row it shrinks by steps of twice the size.
	calmFaster = 48
)

// tooShort notes that a receiver lacked something of a generation.
func (m *Multicast) tooShort(s *slot, lacked int) {
	if !s.used || lacked <= s.deficit {
		return
	}
	m.calm, s.deficit = 0, lacked

	switch {
	case int32(s.gen.ID-m.raised) >= 0: // it was begun after the last such news had been heard
		m.step = min(2*max(m.step, leastStep), mostStep)
		m.raised, m.judgedBy = m.newcomer(), s.gen.ID
		if m.trying { // it was too soon
			m.trying = false
			if m.patience *= 2; m.patience > tryMost {
				m.good = 0
			}
		}
	case s.gen.ID != m.judgedBy: // those on the way then suffer from its repair
		return
	}
	was, k := s.period, s.gen.K
	if was == 0 {
		was = s.took
	}
	most := min(2*was, maxPeriod)
	need := was * time.Duration(k) / time.Duration(max(k-lacked, 1))
	if lacked <= 1+k/32 { // that may be chance
		need = was + (need-was)/4
	}
	if m.good == 0 && m.proven > 0 && need > m.proven+m.proven/16 {
		m.good, m.patience = m.proven, tryAfter
	}
	m.period = max(m.period, min(need, most))
}

// calmer notes that a generation is over.
func (m *Multicast) calmer(s *slot) {
	if s.deficit > 0 || m.period == 0 {
		return
	}
	m.step = max(m.step, leastStep)
	if m.calm++; m.calm >= calmFaster {
		m.calm, m.step = 0, max(m.step/2, leastStep)
	}
	m.proven = s.period
	switch {
	case int32(s.gen.ID-m.raised) < 0: // it says nothing of the period that is now
		if int32(s.gen.ID-m.judgedBy) > 0 && s.period < m.period {
			m.period = s.period // but that a shorter one is enough: what was lost is back
		}
	case m.good > 0 && m.period > m.good+m.good/16:
		if m.calm >= m.patience {
			m.period, m.raised, m.trying = m.good, m.newcomer(), true
		}
	default:
		m.good, m.trying = 0, false
		m.period -= m.period / m.step
	}
}

// took notes how long the source has taken for a first generation.
func (m *Multicast) took(s *slot) {
	if s.role == roleSource && s.took == 0 {
		s.took = m.Now() - s.began
		if m.period == 0 {
			m.period = max(s.took, time.Microsecond)
		}
	}
}

// due reports whether it is time for the source's links to begin with a generation: when the
// time of the one before is over, even if a fast link has nothing more to send of it. So all
// of them stay together.
func (m *Multicast) due(s *slot) bool {
	now := m.Now()
	switch {
	case s.began > 0:
		return true
	case now < m.nextAt:
		m.wakeAt(m.nextAt)
		return false
	}
	s.began, s.period = max(now, 1), m.period
	m.nextAt = max(m.nextAt+m.period, now+m.period-m.period/32)
	m.collect.due = s.gen.ID + 1
	m.drain()
	return true
}

// wakeAt has links that rest asked again at a time, if not before.
func (m *Multicast) wakeAt(at time.Duration) {
	switch {
	case m.alarm == 0:
	case m.alarm <= at:
		return
	default:
		m.Cancel(paceTimer)
	}
	m.alarm = at
	m.After(max(at-m.Now(), 0), paceTimer)
}
