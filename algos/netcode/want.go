package netcode

import (
	"encoding/binary"
	"time"
)

var be = binary.BigEndian

// What a node asks of its upstreams. Links bring what they can of each generation by
// themselves (pace.go), and no more than is missing. What is missing still when all of
// them have closed it is asked for: by a receiver what it lacks, by a relay what it is
// asked for and cannot give out of what is here.

// plan writes what an upstream is told of each generation.
func (m *Multicast) plan(u *upstream, a *answer) {
	for i := range uint32(m.s.Window) {
		id := m.base + i
		missing, s := m.missingOf(id), m.slot(id)
		e := answerOf{got: uint16(u.gotOf(id)), deficit: uint16(m.deficit(id))}
		switch {
		case !s.doubt:
			e.want = uint16(m.want(u, id, missing))
		case s.supplier == u.id:
			e.want, e.flags = uint16(missing), answerDoubt
		default:
			missing = 0
		}
		if m.s.Trust != nil && len(s.signed) == 0 && u.gotOf(id) > 0 && (s.complete() || m.passed(id)) {
			e.flags |= answerDigests
			missing = max(missing, 1) // or it would count as complete, and be over
		}
		a.Missing = append(a.Missing, uint16(missing))
		a.each = append(a.each, e)
	}
}

// missingOf is how many packets would complete a generation, of which nothing may be here
// yet, or 0 if nobody needs it.
func (m *Multicast) missingOf(id uint32) int {
	s := m.slot(id)
	switch {
	case s.used && s.role == roleSource, !m.needed(id):
		return 0
	case s.used:
		return s.gen.K - s.rank()
	}
	return m.usualK()
}

// needed reports whether this node, or one below, has use for packets of a generation.
func (m *Multicast) needed(id uint32) bool {
	if m.s.Deliver != nil || m.slot(id).doubt {
		return true // nothing is missing if it is complete
	}
	for _, v := range m.downs {
		if !v.failed && !v.idle && !v.has(id) {
			return true
		}
	}
	return false
}

// usualK is the size of a generation, as far as known.
func (m *Multicast) usualK() int {
	for i := range m.slots {
		if s := &m.slots[i]; s.used && s.gen.K > 0 {
			return s.gen.K
		}
	}
	if m.lastK > 0 {
		return m.lastK
	}
	return m.s.K
}

// want is what an upstream is asked for of a generation: its part of what is missing after
// all have closed it. Who has which part changes with time, in case one cannot give it.
func (m *Multicast) want(u *upstream, id uint32, missing int) int {
	if missing == 0 || !u.carries || !m.passed(id) {
		return 0
	}
	all := missing
	if m.s.Deliver == nil {
		all = m.wantBelow(id, missing)
	}
	n, at := 0, 0
	for _, o := range m.ups {
		if o == u {
			at = n
		}
		if o.carries {
			n++
		}
	}
	turn := int(m.Now()/(turnBeats*m.s.Beat)) + int(id)
	at = (at + turn) % n
	return all*(at+1)/n - all*at/n
}

// turnBeats is after how many beats another upstream is asked for what is missing.
const turnBeats time.Duration = 3

// wantBelow is the most that a downstream asks for and cannot be given out of what is
// here.
func (m *Multicast) wantBelow(id uint32, missing int) int {
	s, most := m.slot(id), 0
	for _, v := range m.downs {
		if v.failed || v.idle || v.has(id) {
			continue
		}
		n := v.need(id)
		if !n.known {
			continue
		}
		asked := int(n.want) - int(n.flying)
		most = max(most, asked-n.fresh(s.rank(), m.sizeOf(s)))
	}
	return min(most, missing)
}

// deficit is the most that a receiver here or below lacked of a generation when its links
// had closed it.
func (m *Multicast) deficit(id uint32) int {
	most := m.slot(id).deficit
	for _, v := range m.downs {
		if n := v.need(id); !v.failed && !v.idle {
			most = max(most, int(n.deficit))
		}
	}
	return most
}

func (m *Multicast) sizeOf(s *slot) int {
	if s.used {
		return s.gen.K
	}
	return m.usualK()
}
