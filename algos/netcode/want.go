package netcode

import "encoding/binary"

var be = binary.BigEndian

// overlap is how much more than its downstreams ask for a relay with several upstreams
// asks them for. The butterfly needs 2; more makes links carry what nobody needs.
const overlap = 2

// What a node asks of its upstreams. Missing is what would complete a generation here,
// if anybody needs that. Several upstreams that all sent it would bring it several times,
// so each is told its part:
//
//   - a receiver divides a generation among its upstreams by what their links carry, so
//     that the parts add up to a generation;
//   - a relay asks for what its downstreams ask of it and cannot be given out of what is
//     here: the most that one of them does, since all that it gets is good for each. With
//     one upstream that is what it needs. With several it asks for more: what one of them
//     brings may be what a downstream has from elsewhere, as in the butterfly.
//
// A link that has brought all parts does not wait: it goes on with what is missing of the
// oldest generation (see downstream.go), by which parts grow that are too small.

// plan writes what an upstream is told into m.feedback and m.wants.
func (m *Multicast) plan(u *upstream) {
	f := &m.feedback
	f.Stream, f.Base, f.Missing, m.wants = m.stream, m.base, f.Missing[:0], m.wants[:0]
	for i := range uint32(m.s.Window) {
		id := m.base + i
		missing := m.missingOf(id)
		f.Missing = append(f.Missing, uint16(missing))
		m.wants = append(m.wants, uint16(min(missing, m.want(u, id, missing))), uint16(u.gotOf(id)))
	}
}

// missingOf is missing for a generation of which nothing may be here yet.
func (m *Multicast) missingOf(id uint32) int {
	s := m.slot(id)
	if s.used {
		return m.missing(s)
	}
	if !m.needed(id) {
		return 0
	}
	return m.usualK()
}

// missing is how many packets would complete a generation, or 0 if nobody needs it.
func (m *Multicast) missing(s *slot) int {
	if s.role == roleSource || !m.needed(s.gen.ID) {
		return 0
	}
	return s.gen.K - s.rank()
}

// needed reports whether this node, or one below, has use for packets of a generation.
func (m *Multicast) needed(id uint32) bool {
	if m.s.Deliver != nil {
		return true // nothing is missing if it is complete
	}
	for _, v := range m.downs {
		if !v.failed && !v.has(id) {
			return true
		}
	}
	return false
}

// usualK is the size of a generation, as far as known.
func (m *Multicast) usualK() int {
	for i := range m.slots {
		if s := &m.slots[i]; s.used {
			return s.gen.K
		}
	}
	if m.lastK > 0 {
		return m.lastK
	}
	return m.s.K
}

// want is an upstream's part of what is missing of a generation.
func (m *Multicast) want(u *upstream, id uint32, missing int) int {
	if missing == 0 {
		return 0
	}
	if m.s.Deliver == nil && len(m.ups) == 1 {
		return m.wantBelow(id, missing)
	}
	k := m.usualK()
	if s := m.slot(id); s.used {
		k = s.gen.K
	}
	if m.s.Deliver == nil {
		total := 0
		for _, o := range m.ups {
			total += o.weight()
		}
		// A part of what they ask for in all, not of what is left: what came first may be what
		// they have.
		part := (overlap*m.askedBelow(id, k)*u.weight() + total - 1) / total
		if u.flow >= 0 {
			part = min(part, u.flow/flowUnit+1) // nor more than its link carries
		}
		return max(0, part-u.gotOf(id))
	}
	return m.share(u, id, k, missing)
}

// share divides a generation among the upstreams of a receiver.
func (m *Multicast) share(u *upstream, id uint32, k, missing int) int {
	total := 0
	for _, o := range m.ups {
		total += o.weight()
	}
	// Parts are cut at whole packets, each generation at another place, so that over many
	// of them they are exact.
	phase := int(id*0x9e3779b1>>16) * total >> 16
	sum, part, before := 0, 0, 0
	for _, o := range m.ups {
		from := (before*k + phase) / total
		before += o.weight()
		rest := max(0, (before*k+phase)/total-from-o.gotOf(id))
		sum += rest
		if o == u {
			part = rest
		}
	}
	if sum < missing && m.turnOf(u) {
		part += missing - sum
	}
	return part
}

// turnOf reports whether an upstream is the one to make up for packets that came twice:
// each in its turn, so that one that cannot does no harm.
func (m *Multicast) turnOf(u *upstream) bool {
	return m.ups[int(m.round/uint32(len(m.ups)))%len(m.ups)] == u
}

// wantBelow is the most that a downstream asks for and cannot be given out of what is
// here.
func (m *Multicast) wantBelow(id uint32, missing int) int {
	s, most := m.slot(id), 0
	for _, v := range m.downs {
		if v.failed || v.has(id) {
			continue
		}
		n := v.need(id)
		if !n.known {
			return missing
		}
		asked := int(n.want) - int(n.flying)
		most = max(most, asked-n.fresh(s.rank(), m.sizeOf(s)))
	}
	return min(most, missing)
}

// askedBelow is the most that a downstream asks for of a generation of k packets, with
// what it has got.
func (m *Multicast) askedBelow(id uint32, k int) (most int) {
	for _, v := range m.downs {
		if v.failed || v.has(id) {
			continue
		}
		n := v.need(id)
		if !n.known {
			return k
		}
		most = max(most, int(n.want)+int(n.got))
	}
	return most
}

func (m *Multicast) sizeOf(s *slot) int {
	if s.used {
		return s.gen.K
	}
	return m.usualK()
}
