package netcode

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// extend notes that there are packets up to a number, the newest of which is so old. What an upstream says goes no further than
// the window.
func (m *Window) extend(end uint64, age time.Duration) {
	m.reach(min(end, m.dec.Next()+uint64(m.shape.window)), max(m.Now()-age, 0))
}

// reach notes that there are packets up to a number, and when the newest was born.
func (m *Window) reach(end uint64, born time.Duration) {
	if end <= m.end {
		return
	}
	for m.end = max(m.end, end-min(end, uint64(len(m.born)))); m.end < end; m.end++ {
		m.born[m.end%uint64(len(m.born))] = born
		for _, v := range m.downs {
			v.sent[m.end%uint64(len(v.sent))] = false
		}
	}
	if m.pending == 0 && m.s.Deliver != nil && !m.begun {
		m.pending = max(m.Now(), 1)
	}
}

// deliver hands over what is known, in order, and counts what was given up. A relay only moves on.
func (m *Window) deliver() {
	for m.known {
		seq, p, ok := m.dec.Deliver()
		if n := seq - m.next; n > 0 {
			m.next, m.moved = seq, m.Now()
			if m.s.Deliver != nil && !m.begun {
				m.stats.Skipped += n
			}
		}
		if !ok {
			break
		}
		if m.next++; m.s.Deliver != nil && !m.begun {
			m.handOver(seq, p)
		}
	}
	if m.reach(m.next, m.Now()); m.end == m.next {
		m.pending = 0
	}
}

// handOver hands over a packet.
func (m *Window) handOver(seq uint64, p []byte) {
	n := int(be.Uint16(p))
	if n > len(p)-lengthLen {
		m.stats.Bad++ // false, or of a source that makes no sense
		m.stats.Skipped++
		return
	}
	m.stats.Delivered++
	m.stats.Bytes += uint64(n)
	now := max(m.Now(), 1)
	if m.pending > 0 {
		m.stats.Silence = max(m.stats.Silence, now-m.pending)
	}
	m.pending = now
	m.s.Deliver(seq, p[lengthLen:lengthLen+n])
}

// advance moves the window past what nobody needs any more.
func (m *Window) advance() {
	if !m.known || m.fresh {
		return
	}
	m.deliver()
	low := m.lowest()
	if low <= m.base {
		return
	}
	m.reach(low, m.Now())
	m.base = low
	if m.base-m.told >= uint64(m.every()) {
		m.tell = true
	}
	m.drain()
	m.wake()
}

// lowest is the oldest packet that is needed here or below.
func (m *Window) lowest() uint64 {
	low, live := m.end, false
	// What is more than a window behind has been forgotten here. Its source has let go of it: it is no further ahead of what it keeps.
	kept := max(m.base, m.next-min(m.next, uint64(m.shape.window)), m.gone)
	if m.s.Deliver != nil && !m.begun {
		low, live = m.next, true
	}
	if m.shape.rateless { // nobody says what he needs: what there is room for is kept until it is too old
		return max(kept, m.end-min(m.end, uint64(m.shape.window)))
	}
	for _, v := range m.downs {
		if v.live() {
			low, live = min(low, v.base), true
		}
	}
	if !live {
		return kept // a source keeps its packets until somebody has them, or they are too old
	}
	return max(low, kept)
}

// expire gives up what is older than the deadline.
func (m *Window) expire() {
	if m.shape.deadline == 0 || !m.known || m.fresh {
		return
	}
	floor := m.base
	for floor < m.end && m.born[floor%uint64(len(m.born))]+m.shape.deadline <= m.Now() {
		floor++
	}
	if floor == m.base {
		return
	}
	if m.begun {
		if !m.shape.rateless {
			m.stats.Expired += floor - m.base
		}
		m.base = floor
	} else {
		m.dec.SkipTo(floor)
		m.deliver()
		m.base = max(m.base, floor)
	}
	m.tell = true
	m.drain()
	m.wake()
}

// DeliverTo hands messages to a sink as data messages of the session with the source's numbers, in place of
// WindowSession.Deliver. It copies each, which Deliver does not. Call it before the node starts.
func (m *Window) DeliverTo(sink core.Sink) {
	m.receives = true
	m.s.Deliver = func(seq uint64, message []byte) {
		msg := m.NewMsg(wire.TypeData, m.s.App, len(message))
		copy(msg.Payload(), message)
		msg.SetSeq(seq)
		sink.Consume(m.Node, msg)
	}
}
