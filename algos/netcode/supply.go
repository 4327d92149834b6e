package netcode

import "fmt"

// Packets are made when their link has room, not before: then they hold as much as is
// known here by then, and no queue grows. So each downstream has a pull hook at the node.

// serve sends a downstream what it needs most: as many packets as its queue has room for.
// It reports whether it has; if not, wake has it asked again when something has changed.
func (m *Multicast) serve(v *downstream) bool {
	switch {
	case !m.known, v.failed && !v.probe, !v.failed && (m.fresh || v.idle && !(v.other && v.poke)):
		return false
	case v.other: // it may have left its stream by now, and begins with what comes next
		v.restart(m.newcomer())
		v.idle, v.other = true, true
		m.greet(v)
		return true
	case v.failed, v.hello:
		m.greet(v)
		return true
	}
	if s, n := m.choose(v); n > 0 {
		m.emit(v, s, n)
		return true
	}
	if v.poke || v.told != v.cur || v.toldStarved != m.starved() {
		m.greet(v)
		return true
	}
	return false
}

// emit sends a downstream up to n packets of a generation.
func (m *Multicast) emit(v *downstream, s *slot, n int) {
	m.limit(&v.below, m.s.Queue)
	m.announce(v, s)
	_, waiting := m.Queued(v.id, m.s.App)
	n = min(n, batch, max(1, m.s.Queue-waiting))
	size := headLen + s.gen.VectorLen()
	if s.role == roleSource {
		size = headLen + s.gen.SeededLen()
	}
	m.dsts = m.dsts[:0]
	h := m.headFor(v, kindPacket)
	h.period = s.period
	if m.vouches(s) {
		h.flags |= flagVerified
	}
	for i := range n {
		m.made[i] = m.NewMsg(TypeCoded, m.s.App, size)
		b := m.made[i].Payload()
		h.put(b)
		m.dsts = append(m.dsts, b[headLen:])
	}
	if err := m.code(s); err != nil {
		panic(fmt.Sprintf("netcode: code generation %d: %v", s.gen.ID, err)) // its shape was checked
	}
	for i, msg := range m.made[:n] {
		if m.s.Tamper != nil {
			m.s.Tamper(m.dsts[i])
		}
		msg.SetSeq(uint64(m.base)<<32 | uint64(v.sends(s.gen.ID)))
		m.stats.Sent++
		s.sent++
		if s.gen.ID == v.cur && v.open {
			v.part++
		}
		m.Send(msg, v.id)
		m.made[i] = nil
	}
	v.poke = false
}

// greet tells a downstream which stream this is, where its link is, and where a newcomer
// begins. It is answered.
func (m *Multicast) greet(v *downstream) {
	m.limit(&v.below, m.s.Queue)
	msg := m.NewMsg(TypeCoded, m.s.App, helloLen)
	b := msg.Payload()
	h := m.headFor(v, kindHello)
	if m.fresh {
		h.flags |= flagProbe
	}
	h.put(b)
	putHello(b, v.start, m.id)
	msg.SetSeq(uint64(m.base)<<32 | uint64(v.sent))
	m.stats.Hellos++
	m.Send(msg, v.id)
	v.hello, v.probe, v.poke = false, false, false
}

// headFor is a head that tells a downstream where its link is.
func (m *Multicast) headFor(v *downstream, k kind) head {
	h := head{kind: k, cursor: v.cur}
	v.told, v.toldStarved = v.cur, m.starved()
	if v.cut {
		h.flags |= flagCut
	}
	if v.toldStarved {
		h.flags |= flagStarved
	}
	return h
}

// code fills m.dsts with packets of a generation.
func (m *Multicast) code(s *slot) error {
	if s.role == roleSource {
		return s.enc.CodedAll(m.dsts)
	}
	return s.rec.RecodeAll(m.dsts)
}
