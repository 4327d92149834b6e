package netcode

import "fmt"

// Packets are made when their link has room, not before: then they hold as much as is
// known here by then, and no queue grows. So each downstream has a pull hook at the node.

// serve sends a downstream what it needs most: as many packets as its queue has room for.
// It reports whether it has; if not, wake has it asked again when something has changed.
func (m *Multicast) serve(v *downstream) bool {
	s, n := m.choose(v)
	if n <= 0 {
		v.rests = true
		return false
	}
	if !v.bound {
		v.bound = true
		m.SetLaneQueue(v.id, m.s.App, m.s.Queue)
	}
	_, waiting := m.Queued(v.id, m.s.App)
	n = min(n, batch, max(1, m.s.Queue-waiting))
	v.poke = false
	if v.failed {
		n, v.probe = 1, false
	}
	size := s.gen.VectorLen()
	if s.role == roleSource {
		size = s.gen.SeededLen()
	}
	m.dsts = m.dsts[:0]
	for i := range n {
		m.made[i] = m.NewMsg(TypeCoded, m.s.App, size)
		m.dsts = append(m.dsts, m.made[i].Payload())
	}
	if err := m.code(s); err != nil {
		panic(fmt.Sprintf("netcode: code generation %d: %v", s.gen.ID, err)) // its shape was checked
	}
	for i, msg := range m.made[:n] {
		msg.SetSeq(uint64(m.base)<<32 | uint64(v.sends(s.gen.ID)))
		m.stats.Sent++
		m.Send(msg, v.id)
		m.made[i] = nil
	}
	m.settle() // there are packets under way that were not before
	return true
}

// wake has those downstreams served that needed nothing.
func (m *Multicast) wake() {
	for _, v := range m.downs {
		if v.rests {
			v.rests = false
			m.WakePull(v.id, m.s.App)
		}
	}
}

// code fills m.dsts with packets of a generation.
func (m *Multicast) code(s *slot) error {
	if s.role == roleSource {
		return s.enc.CodedAll(m.dsts)
	}
	return s.rec.RecodeAll(m.dsts)
}
