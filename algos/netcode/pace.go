package netcode

import "time"

// How links share time. A link works on one generation after the other, each for the
// generation's period, which the source chooses (control.go) and packets say. So all links
// of the session carry of a generation in proportion to what they can, as if the topology
// were one network of packets, in which random combinations reach the min cut (Ho et al., "A
// random linear network coding approach to multicast", 2006). A link begins with a
// generation when all links from upstream have closed it, or it is complete: then every
// combination is of all that there will be. It closes it, and says so in its next message,
// when the period is over, or there is nothing more to send of it.
//
// What a receiver lacks in the end it asks for, and that goes first.

// choose is the generation to send to a downstream next, and how many packets of it.
func (m *Multicast) choose(v *downstream) (s *slot, n int) {
	if v.flying() >= maxFlying {
		return nil, 0
	}
	end := uint32(m.s.Window)
	if behind := m.base - v.base; v.heard && int32(behind) > 0 {
		end -= min(end, behind) // what is beyond its window it would not take
	}
	if int32(m.base-v.cur) > 0 {
		v.cur, v.open = m.base, false
	}
	if v.repairs { // the time that it took is not that of the generation that is due
		v.end += m.Now() - v.at
		v.repairs = false
	}
	if s, n := m.repair(v); n > 0 {
		v.repairs, v.at = true, m.Now()
		return s, n
	}
	if s, n := m.slice(v, end); n > 0 {
		return s, n
	}
	return m.extra(v)
}

// repair is what a downstream asks for of generations that its link has closed.
func (m *Multicast) repair(v *downstream) (*slot, int) {
	for id := m.base; int32(v.cur-id) > 0; id++ {
		s := m.slot(id)
		if s == nil || s.rank() == 0 || v.has(id) {
			continue
		}
		if nd := v.need(id); nd.known && !(nd.doubt && !m.vouches(s)) {
			if n := min(int(nd.want)-int(nd.flying), nd.fresh(s.rank(), s.gen.K)); n > 0 {
				return s, n
			}
		}
	}
	return nil, 0
}

// slice is what the link carries of the generation whose time it is. It closes those whose
// time is over.
func (m *Multicast) slice(v *downstream, end uint32) (*slot, int) {
	for v.cur-m.base < end && m.ready(v.cur) {
		s, now := m.slot(v.cur), m.Now()
		if !v.open {
			m.begin(v, s, now)
		}
		n := m.use(v, s)
		switch {
		case n > 0 && (now < v.end || v.endless || !m.enough(s) || v.bursts(s, now)):
			return s, n
		case n <= 0 && now < v.end && !v.has(s.gen.ID):
			m.wakeAt(v.end) // what is under way may be lost, and there is time to replace it
			return nil, 0
		}
		m.took(s)
		v.learn(s, n > 0)
		v.cut = n > 0 || !s.complete() && m.cutAbove(v.cur)
		v.cur, v.open = v.cur+1, false
		if n <= 0 {
			v.end = now // what is left of its time is the next one's
		}
	}
	v.waits = true
	return nil, 0
}

// begin begins a downstream's time for a generation. It begins when that of the one before was
// over, not when the link's packet was through: so parts of packets are not lost.
func (m *Multicast) begin(v *downstream, s *slot, now time.Duration) {
	if v.waits {
		v.end = now
	}
	v.open, v.waits, v.part, v.endless = true, false, 0, false
	if s.period == 0 {
		v.end = now
		v.endless = s.role != roleSource // until there is no more to send
		return
	}
	v.end = max(v.end+s.period, now+s.period-s.period/32)
}

// use is how many packets of a generation a downstream can still use.
func (m *Multicast) use(v *downstream, s *slot) int {
	if s.rank() == 0 || v.has(s.gen.ID) {
		return 0
	}
	nd := v.need(s.gen.ID)
	if nd.doubt && !m.vouches(s) {
		return 0
	}
	n := nd.fresh(s.rank(), s.gen.K)
	if nd.known {
		n = min(n, int(nd.missing)-int(nd.flying))
	}
	return n
}

// ready reports whether a link may begin with a generation.
func (m *Multicast) ready(id uint32) bool {
	s := m.slot(id)
	switch {
	case s == nil:
		return false
	case m.begun:
		return s.rank() > 0 && m.due(s)
	}
	return s.complete() || m.passed(id)
}

// enough reports whether the source has sent a whole generation, to all together. Less can
// never be enough.
func (m *Multicast) enough(s *slot) bool {
	return s.role != roleSource || s.period > 0 || s.sent >= s.gen.K
}

// extra is what a link carries that would otherwise wait: of the oldest generation of which
// its downstream lacks something.
func (m *Multicast) extra(v *downstream) (*slot, int) {
	for id := m.base; int32(v.cur-id) > 0; id++ {
		s := m.slot(id)
		if s == nil {
			break
		}
		if n := m.use(v, s); n > 0 {
			return s, n
		}
	}
	return nil, 0
}

// A link's packets leave in bursts, and what is short beside them would be cut at random. So
// a short period is not over before the link has carried what it usually does in that time.

// burst is for how long a link may make up for having been held up.
const burst = 50 * time.Millisecond

// bursts reports whether a link has carried less of a generation than it usually does.
func (v *downstream) bursts(s *slot, now time.Duration) bool {
	if s.period > 2*burst {
		return false
	}
	usual := int64(v.rate) * int64(s.period) / rateUnit
	return int64(v.part) < usual && now < v.end+burst
}

// learn measures what the link carries, from a generation of which it could have carried
// more.
func (v *downstream) learn(s *slot, more bool) {
	if !more || s.period == 0 {
		return
	}
	sample := int64(v.part) * rateUnit / int64(s.period)
	if v.rate == 0 {
		v.rate = sample
	}
	v.rate += (sample - v.rate) / 16
}

// rateUnit is the resolution of a link's rate: packets in so many nanoseconds.
const rateUnit = 1 << 40
