package netcode

import "fmt"

// What is sent to whom. Packets are made when their link has room, as of Multicast (supply.go).

// serve sends a downstream what it needs most, and reports whether there was anything; if not, wake has it asked again when
// something has changed.
func (m *Window) serve(v *winDown) bool {
	switch {
	case !m.known, (v.failed || v.mute) && !v.probe, !v.failed && !v.mute && (m.fresh || v.idle && !(v.other && v.poke)):
		return false
	case v.other: // it may have left its stream by now, and begins with what comes next
		m.restart(v)
		v.idle, v.other = true, true
		m.greet(v)
		return true
	case v.failed, v.mute, v.hello, m.shape.rateless && m.Now()-v.greeted >= greetBeats*m.s.Beat && m.due(v):
		m.greet(v)
		return true
	}
	if p, ok := m.choose(v); ok {
		m.emit(v, p)
		return true
	}
	if v.poke {
		m.greet(v)
		return true
	}
	return false
}

// greetBeats is after how many beats a downstream that does not answer is told again which stream this is.
const greetBeats = 5

// pick is a packet to be sent: one as it is, or a sum.
type pick struct {
	coded  bool
	extra  bool   // unasked
	repair bool   // of what was lost, or asked for
	seq    uint64 // of a packet as it is
	to     uint64 // a sum is of packets seq to below to
}

// due reports whether there is anything to send.
func (m *Window) due(v *winDown) bool {
	_, ok := m.choose(v)
	return ok
}

// choose is what to send to a downstream next.
func (m *Window) choose(v *winDown) (p pick, ok bool) {
	switch {
	case v.number-v.acked >= maxFlying && !m.shape.rateless:
		return p, false
	case m.shape.rateless:
		return m.unasked(v)
	case v.sole:
		return m.inOrder(v)
	}
	return m.spreadOut(v)
}

// inOrder is for a downstream that has all from here: packets as they are, one after the other; before them sums that make good
// for what was lost, and between them those that are sent unasked. Sums are of what it was sent already: else they would
// say nothing before the rest has come.
func (m *Window) inOrder(v *winDown) (pick, bool) {
	if v.repair > 0 || v.want > 0 {
		if p, ok := m.sum(v, v.high); ok {
			p.repair = true
			return p, true
		}
	}
	if v.extra >= unit {
		if p, ok := m.sum(v, v.high); ok {
			p.extra = true
			return p, true
		}
	}
	return m.unsent(v)
}

// spreadOut is for a downstream that has other upstreams, or one below it: sums of all there is, which are new whatever came from
// elsewhere; but packets as they are, which cost nothing, where that makes no difference: a source sends each to one downstream at
// least, and where nothing but the newest is lacking, that is what the sum would say.
func (m *Window) spreadOut(v *winDown) (pick, bool) {
	if lacks := m.lacks(v); v.credit >= unit && lacks > 0 {
		if m.spread = max(m.spread, v.base, m.base); m.begun && m.spread < m.end {
			return pick{seq: m.spread}, true
		}
		if last := m.end - 1; lacks == 1 && m.dec.Known(last) && !v.sent[last%uint64(len(v.sent))] {
			return pick{seq: last}, true
		}
		if p, ok := m.sum(v, m.end); ok {
			return p, true
		}
	}
	if v.want > 0 || v.extra >= unit && v.base < v.high {
		p, ok := m.sum(v, m.end)
		p.repair, p.extra = v.want > 0, v.want == 0
		return p, ok
	}
	return pick{}, false
}

// unasked is for downstreams that do not answer: as many packets as there are new ones here, and the overhead.
func (m *Window) unasked(v *winDown) (pick, bool) {
	if v.extra >= unit {
		if p, ok := m.sum(v, v.high); ok {
			p.extra = true
			return p, true
		}
	}
	if v.credit < unit {
		return pick{}, false
	}
	if p, ok := m.unsent(v); ok {
		return p, true
	}
	return m.sum(v, m.end)
}

// unsent is the oldest packet that a downstream was not sent as it is.
func (m *Window) unsent(v *winDown) (pick, bool) {
	v.low = max(v.low, m.from(v))
	for v.low < m.end && v.sent[v.low%uint64(len(v.sent))] {
		v.low++
	}
	for seq := v.low; seq < m.end; seq++ {
		if !v.sent[seq%uint64(len(v.sent))] && m.dec.Known(seq) {
			return pick{seq: seq}, true
		}
	}
	return pick{}, false
}

// sum is a sum of what is held of packets below end that a downstream may lack.
func (m *Window) sum(v *winDown, end uint64) (pick, bool) {
	first := m.sumFrom(v)
	if end <= first {
		return pick{}, false
	}
	from, to, rank := m.dec.Rank(first, min(end, first+uint64(m.shape.window)))
	return pick{coded: true, seq: from, to: to}, rank > 0
}

// from is the oldest packet that a downstream may be sent.
func (m *Window) from(v *winDown) uint64 { return max(v.base, m.base) }

// sumFrom is the oldest packet that a sum for a downstream may have a part of. What this node lacks, and it has, may be in all sums
// that there are; but where packets are given up it may not have it.
func (m *Window) sumFrom(v *winDown) uint64 {
	if m.shape.deadline > 0 {
		return m.from(v)
	}
	return max(min(m.from(v), m.dec.Next()), v.start)
}

// emit sends a downstream a packet.
func (m *Window) emit(v *winDown, p pick) {
	m.limit(&v.below, m.s.Queue)
	s := m.stream()
	size := s.SourceLen()
	if p.coded {
		size = s.VectorLen(int(p.to - p.seq))
	}
	msg := m.NewMsg(TypeWindow, m.s.App, winHeadLen+size)
	b := msg.Payload()
	m.head(kindPacket, 0).put(b)
	var err error
	if p.coded {
		m.seed++
		_, err = m.dec.Recode(b[winHeadLen:], p.seq, p.to, m.seed)
		m.stats.Coded++
		v.high = max(v.high, p.to)
	} else {
		_, err = m.dec.Source(b[winHeadLen:], p.seq)
		v.sent[p.seq%uint64(len(v.sent))] = true
		v.high = max(v.high, p.seq+1)
		if m.begun && !v.sole && p.seq == m.spread {
			m.spread++
		}
	}
	if err != nil {
		panic(fmt.Sprintf("netcode: packets from %d to %d, of %d to %d: %v", p.seq, p.to, m.base, m.end, err)) // they were looked for
	}
	m.charge(v, p)
	v.number++
	msg.SetSeq(uint64(v.number))
	m.stats.Sent++
	m.Send(msg, v.id)
	v.poke = false
}

// charge books what a packet was sent for.
func (m *Window) charge(v *winDown, p pick) {
	if p.extra {
		v.extra -= unit
		return
	}
	v.extra = min(v.extra+m.shape.overhead, MaxOverhead*unit)
	v.credit = max(v.credit-unit, 0)
	if p.repair {
		v.repair, v.want = max(v.repair-1, 0), max(v.want-1, 0)
	}
}

// brings notes that there is something new here, which downstreams may be sent.
func (m *Window) brings() {
	for _, v := range m.downs {
		v.credit = min(v.credit+unit, m.shape.window*unit)
	}
	m.wake()
}

// greet tells a downstream which stream this is, and where a newcomer begins. It is answered.
func (m *Window) greet(v *winDown) {
	m.limit(&v.below, m.s.Queue)
	msg := m.NewMsg(TypeWindow, m.s.App, winHelloLen)
	b := msg.Payload()
	var flags uint8
	if m.fresh {
		flags |= flagProbe
	}
	if m.shape.rateless {
		flags |= flagRateless
	}
	m.head(kindHello, flags).put(b)
	w := winHello{max(v.start, m.base), m.id, m.shape}
	w.put(b)
	msg.SetSeq(uint64(v.number))
	m.stats.Hellos++
	m.Send(msg, v.id)
	v.hello, v.probe, v.poke, v.greeted = false, false, false, max(m.Now(), 1)
}

// head is a head that says how far the stream is.
func (m *Window) head(k kind, flags uint8) winHead {
	h := winHead{kind: k, flags: flags, horizon: m.base, end: m.end}
	if m.end > m.base {
		h.age = m.Now() - m.born[(m.end-1)%uint64(len(m.born))]
	}
	return h
}
