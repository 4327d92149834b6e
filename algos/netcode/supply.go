package netcode

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Packets are made when their link has room, not before: then they hold as much as is
// known here by then, and no queue grows. A message that is sent while a source's message
// is processed stops that source if the link is full, so each downstream has a source of
// its own at this node, whose messages say no more than "now".

// turns is the source of a downstream's turns.
type turns struct {
	m     *Multicast
	index int
	slab  *bufpool.Slab // of the one message that there is
}

// Produce implements core.Source.
func (t *turns) Produce(n *core.Node) core.Supply {
	if _, count := t.m.choose(t.m.downs[t.index]); count <= 0 {
		return core.Supply{} // until WakeSource
	}
	h := wire.Header{Type: typeTurn, Sender: n.ID(), App: turnApp, Seq: uint64(t.index)}
	size := wire.HeaderLen(h.Sender)
	if t.slab == nil {
		slab, err := n.Pool().GetSize(size)
		if err != nil {
			return core.Supply{Wake: n.Now() + time.Millisecond} // out of memory for now
		}
		t.slab = slab
		h.Size = size - wire.HeaderSize
		wire.PutHeader(slab.Bytes()[:size], h)
	}
	t.slab.Retain()
	return core.Supply{Run: core.Run{Slab: t.slab, Len: uint32(size), Msgs: 1}}
}

// Close implements core.Source.
func (t *turns) Close() {
	if t.slab != nil {
		t.slab.Release()
		t.slab = nil
	}
}

// serve sends a downstream what it needs most: as many packets as its queue has room for.
func (m *Multicast) serve(index uint64) {
	if index >= uint64(len(m.downs)) {
		m.stats.Bad++
		return
	}
	v := m.downs[index]
	s, n := m.choose(v)
	if n <= 0 {
		return // something has changed meanwhile
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
}

// code fills m.dsts with packets of a generation.
func (m *Multicast) code(s *slot) error {
	if s.role == roleSource {
		return s.enc.CodedAll(m.dsts)
	}
	return s.rec.RecodeAll(m.dsts)
}
