package netcode

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// slot is one generation at a node: the packets that were kept, and what codes them. It
// is used again for the generation a window later.
type slot struct {
	used bool // its shape is known
	lost bool // it cannot be completed any more
	gen  coding.Generation
	kept []*core.Msg

	signed     []byte         // its digests, as its source signed them
	sums       coding.Digests // the same
	verified   bool           // it is what they say
	doubt      bool           // it was not, and is taken again, from
	supplier   core.NodeID    // this one alone
	suppliedAt time.Duration  // when something came from it
	evidence   []*core.Msg    // what came before

	period  time.Duration // for which each link is to carry it
	deficit int           // the most that a receiver lacked when it was closed, as far as known here
	sent    int           // at the source: packets, to all downstreams
	began   time.Duration // at the source: when its first link began with it
	took    time.Duration // at the source: until the first was through

	enc  coding.Encoder // at the source, once the generation is whole
	rec  coding.Recoder // at a relay
	dec  coding.Decoder // at a receiver
	role role
}

// role is what a slot's rank is read from.
type role uint8

const (
	roleSource role = iota
	roleRelay
	roleReceiver // which may relay too
)

// rank is how many independent packets there are to send.
func (s *slot) rank() int {
	switch {
	case !s.used:
		return 0
	case s.role == roleSource:
		return s.gen.K // 0 while it is being filled
	case s.role == roleRelay:
		return s.rec.Rank()
	}
	return s.dec.Rank()
}

func (s *slot) complete() bool { return s.used && s.gen.K > 0 && s.rank() == s.gen.K }

// slot is the place of a generation of the window, or nil for one outside.
func (m *Multicast) slot(id uint32) *slot {
	if id-m.base >= uint32(m.s.Window) {
		return nil
	}
	return &m.slots[id%uint32(m.s.Window)]
}

// open makes a slot ready for packets of a generation.
func (m *Multicast) open(s *slot, g coding.Generation) error {
	s.role = roleRelay
	if m.s.Deliver != nil {
		s.role = roleReceiver
		if err := s.dec.Reset(g); err != nil {
			return err
		}
	}
	if len(m.downs) > 0 || s.role == roleRelay {
		s.rec.Code, s.rec.Seed = m.s.Code, m.Rand().Uint64()
		if err := s.rec.Reset(g); err != nil {
			return err
		}
	}
	s.used, s.gen = true, g
	return nil
}

// add gives a packet to the slot's coders. All that is kept stays as it is until clear.
func (m *Multicast) add(s *slot, b []byte) (r coding.Result, err error) {
	if s.role == roleReceiver {
		if r, err = s.dec.Add(b); err != nil || r == coding.Redundant {
			return r, err
		}
		if s.rec.Generation() == s.gen {
			return s.rec.Add(b)
		}
		return r, nil
	}
	return s.rec.Add(b)
}

// clear ends a generation.
func (m *Multicast) clear(s *slot) {
	if s.gen.K > 0 {
		m.lastK = s.gen.K
	}
	for i, msg := range s.kept {
		m.Release(msg)
		s.kept[i] = nil
	}
	s.kept, s.used, s.gen = s.kept[:0], false, coding.Generation{}
	for _, msg := range s.evidence {
		m.Release(msg)
	}
	clear(s.evidence)
	s.evidence, s.signed, s.verified, s.doubt, s.supplier = s.evidence[:0], s.signed[:0], false, false, core.NodeID{}
	s.lost, s.period, s.deficit, s.sent, s.began, s.took = false, 0, 0, 0, 0, 0
}

// receive takes a message from upstream.
func (m *Multicast) receive(msg *core.Msg) {
	b := msg.Payload()
	if slices.Contains(m.shunned, msg.From()) {
		m.stats.Shunned++
		return
	}
	if !m.mayBring(msg.From()) {
		m.stats.Strangers++
		return
	}
	h, ok := parseHead(b)
	if !ok {
		m.stats.Bad++
		return
	}
	switch h.kind {
	case kindPacket:
		m.packet(msg, h)
	case kindDigests:
		m.digests(msg)
	case kindHello:
		start, id, ok := parseHello(b)
		if !ok {
			m.stats.Bad++
			return
		}
		u := m.upstream(msg.From())
		if h.flags&flagProbe != 0 {
			u.since = feedbackEvery
			return
		}
		m.meet(u, start, id)
		if m.known && id.is(m.id) {
			m.heardAt = m.Now()
			m.heardOf(u, msg, h)
			m.catchUp()
		}
	default:
		m.stats.Bad++
	}
}

// packet takes a coded packet.
func (m *Multicast) packet(msg *core.Msg, h head) {
	p, err := coding.Parse(msg.Payload()[headLen:])
	horizon := uint32(msg.Seq() >> 32)
	if err != nil || m.begun || p.ID-horizon >= MaxWindow {
		m.stats.Bad++
		return
	}
	u := m.upstream(msg.From())
	if !m.known || p.Stream&^padded != m.id.nonce {
		u.since++
		m.stats.Foreign++ // its hello was lost, or it is to be told that this node is elsewhere
		return
	}
	m.carries(&u.above) // its hello was lost, or was said before its link rested
	m.heardAt = m.Now()
	m.stats.Received++
	u.count(p.ID)
	m.heardOf(u, msg, h)
	if m.resting || m.fresh {
		m.stats.Useless++
		return
	}
	m.catchUp()
	m.store(msg, h, &p)
}

// store keeps a packet if it brings something new.
func (m *Multicast) store(msg *core.Msg, h head, p *coding.Packet) {
	s := m.slot(p.ID)
	switch {
	case int32(p.ID-m.base) < 0, s != nil && s.lost:
		m.stats.Stale++
		return
	case s == nil:
		m.stats.Ahead++
		return
	case !s.used:
		if err := m.open(s, p.Generation); err != nil {
			m.stats.Bad++
			return
		}
	}
	if !m.admitsPacket(s, msg.From(), h) {
		m.stats.Stale++
		return
	}
	if h.period > 0 && h.period <= maxPeriod {
		s.period, m.period = h.period, h.period
	}
	r, err := m.add(s, msg.Payload()[headLen:])
	switch {
	case err != nil: // of another shape than the first packet of its generation
		m.stats.Bad++
		return
	case r != coding.Innovative:
		return
	}
	m.stats.Innovative++
	m.Retain(msg)
	s.kept = append(s.kept, msg)
	s.suppliedAt = m.Now()
	m.wake()
	if s.complete() {
		if s.doubt && !m.check(s) {
			return
		}
		m.tell = true
		m.deliver()
		m.advance()
	}
}

// advance moves the window past generations that nobody needs any more.
func (m *Multicast) advance() {
	moved := false
	for m.known && !m.fresh && m.done(m.base) {
		s := m.slot(m.base)
		if s.used && m.begun {
			m.calmer(s)
		}
		m.clear(s)
		m.base++
		if int32(m.base-m.collect.due) > 0 {
			m.collect.due = m.base
		}
		moved = true
	}
	if moved {
		m.tell = true
		m.drain()
		m.wake()
	}
}

// done reports whether a generation is complete here, if it is received here, and below.
func (m *Multicast) done(id uint32) bool {
	s := m.slot(id)
	if int32(id-m.newest()) > 0 {
		return false // it may not even be made
	}
	if m.s.Deliver != nil && !m.begun && int32(m.next-id) <= 0 {
		return false
	}
	if s.lost {
		return true
	}
	live := false
	for _, v := range m.downs {
		if v.failed || v.idle {
			continue
		}
		live = true
		if !v.over(id) { // not only it, but all below it must have no use for more
			return false
		}
	}
	if m.begun {
		return live // a source keeps its data until somebody has it
	}
	return s.used || live
}

// newest is the newest generation that is known to exist: one that something has come of, or
// that an upstream has closed. Nothing comes here of what those below have from others.
func (m *Multicast) newest() uint32 {
	if m.begun {
		return m.collect.id - 1
	}
	newest := m.base - 1
	for _, u := range m.ups {
		if int32(u.latest-newest) > 0 && u.received {
			newest = u.latest
		}
		if u.carries && int32(u.cursor-1-newest) > 0 {
			newest = u.cursor - 1
		}
	}
	return newest
}
