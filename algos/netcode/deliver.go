package netcode

import (
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// deliver decodes generations that are complete, in order, and hands their packets over.
func (m *Multicast) deliver() {
	for m.s.Deliver != nil {
		s := m.slot(m.next)
		switch {
		case s == nil:
			return
		case s.lost:
			m.stats.Skipped++
			m.next++
			continue
		case !s.complete() || s.role != roleReceiver:
			return
		case !m.check(s):
			return
		}
		m.decode(s, false)
		g := s.gen
		for i := range g.K {
			if g.Stream&padded != 0 && i == g.K-1 {
				break
			}
			p := s.dec.Packet(i)
			m.stats.Delivered++
			m.stats.Bytes += uint64(len(p))
			m.s.Deliver(g, i, p)
		}
		m.stats.Decoded++
		m.next++
	}
}

// decode computes what was not received as it is: into the node's buffer, or into one of its
// own if it is to be kept.
func (m *Multicast) decode(s *slot, keep bool) {
	g, buffer := s.gen, m.buffer
	if keep || cap(buffer) < g.Bytes() {
		buffer = make([]byte, g.Bytes())
	}
	if !keep {
		m.buffer = buffer
	}
	dsts, err := g.Split(m.views[:0], buffer[:g.Bytes()])
	if err == nil {
		m.views = dsts
		err = s.dec.Decode(dsts)
	}
	if err != nil {
		panic("netcode: a complete generation that cannot be decoded: " + err.Error())
	}
}

// catchUp gives up what is incomplete of generations that no upstream has any more: this
// node was away when they were there.
func (m *Multicast) catchUp() {
	ahead := int32(1<<31 - 1)
	for _, u := range m.ups {
		if u.carries {
			ahead = min(ahead, int32(u.horizon-m.base))
		}
	}
	if len(m.ups) == 0 || ahead <= 0 {
		return
	}
	if ahead > int32(m.s.Window) { // nothing of what is here will be completed
		m.stats.Skipped += m.behind(m.base + uint32(ahead))
		for i := range m.slots {
			m.clear(&m.slots[i])
		}
		m.base += uint32(ahead)
		m.tell = true
		return
	}
	for i := range uint32(ahead) {
		if s := m.slot(m.base + i); !s.complete() {
			s.lost = true
		}
	}
	m.deliver()
	m.advance()
}

// behind moves a receiver on to a generation and returns how many it has missed.
func (m *Multicast) behind(to uint32) uint64 {
	n := int32(to - m.next)
	if n <= 0 || m.s.Deliver == nil {
		return 0
	}
	m.next = to
	return uint64(n)
}

// DeliverTo hands packets to a sink as data messages of the session, numbered from 0 on,
// in place of Session.Deliver. It copies each packet, which Deliver does not. Call it
// before the node starts.
func (m *Multicast) DeliverTo(sink core.Sink) {
	seq := uint64(0)
	m.receives = true
	m.s.Deliver = func(_ coding.Generation, _ int, packet []byte) {
		msg := m.NewMsg(wire.TypeData, m.s.App, len(packet))
		copy(msg.Payload(), packet)
		msg.SetSeq(seq)
		seq++
		sink.Consume(m.Node, msg)
	}
}
