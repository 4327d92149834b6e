package netcode

import (
	"slices"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// collector makes generations out of the messages of the session's local source. The
// messages stay where they are: while there is room in the window they are retained;
// beyond it they are held, so that the source waits.
type collector struct {
	id      uint32      // of the generation being filled
	due     uint32      // the first that no link has begun with
	backlog []*core.Msg // held
	packets [][]byte
}

// pad is the last packet of a generation that would have only one.
var pad = []byte{0}

// take takes a message of the source.
func (m *Multicast) take(msg *core.Msg) core.Verdict {
	n := len(msg.Payload())
	switch {
	case !msg.From().IsZero() || n == 0:
		m.stats.Bad++
		return core.Done
	case n > coding.MaxSize:
		m.stats.TooLong++
		return core.Done
	}
	c := &m.collect
	if !m.begun {
		m.adopt(m.base, streamID{source: m.ID(), epoch: m.seen + 1, nonce: m.Rand().Uint32() &^ padded})
		m.begun, c.id, c.due = true, m.base, m.base
	}
	if len(c.backlog) > 0 || !m.fits(n) {
		c.backlog = append(c.backlog, msg)
		return core.Hold
	}
	m.Retain(msg)
	m.fill(msg)
	return core.Done
}

// fits reports whether there is room for a message of n bytes: in the window, and not too far
// ahead of the links, where it would only grow old. One that is longer than those of its
// generation begins the next.
func (m *Multicast) fits(n int) bool {
	id := m.collect.id
	if s := m.slot(id); s != nil && len(s.kept) > 0 && n > s.gen.Size {
		id++
	}
	return m.slot(id) != nil && int32(id-m.collect.due) < readAhead
}

// readAhead is how many generations that no link has begun with a source may fill: one is
// next, and one is being filled.
const readAhead = 2

// fill adds a message to the generation being filled. A shorter one is its last, and a
// longer one the first of the next.
func (m *Multicast) fill(msg *core.Msg) {
	c, n := &m.collect, len(msg.Payload())
	s := m.slot(c.id)
	if len(s.kept) > 0 && n > s.gen.Size {
		m.flush()
		s = m.slot(c.id)
	}
	if len(s.kept) == 0 {
		s.role, s.used = roleSource, true
		s.gen = coding.Generation{Stream: m.id.nonce, ID: c.id, Size: n}
		m.After(m.s.Linger, lingerTimer)
	}
	s.kept = append(s.kept, msg)
	if s.gen.Last = n; n < s.gen.Size || len(s.kept) == m.s.K {
		m.flush()
	}
}

// flush ends the generation being filled, and it can be coded.
func (m *Multicast) flush() {
	c := &m.collect
	s := m.slot(c.id)
	if !m.begun || s == nil || len(s.kept) == 0 {
		return
	}
	m.Cancel(lingerTimer)
	c.packets = c.packets[:0]
	for _, msg := range s.kept {
		c.packets = append(c.packets, msg.Payload())
	}
	if len(s.kept) == 1 {
		c.packets = append(c.packets, pad)
		s.gen.Last = len(pad)
		s.gen.Stream |= padded
	}
	s.gen.K = len(c.packets)
	s.enc.Code, s.enc.Seed = m.s.Code, m.Rand().Uint32()
	if err := s.enc.Reset(s.gen, c.packets); err != nil {
		panic("netcode: a generation of our own: " + err.Error())
	}
	m.sign(s, c.packets)
	c.id++
	m.wake()
}

// drain lets messages in that waited for room in the window.
func (m *Multicast) drain() {
	c := &m.collect
	i := 0
	for ; i < len(c.backlog) && m.fits(len(c.backlog[i].Payload())); i++ {
		m.Uncharge(c.backlog[i])
		m.fill(c.backlog[i])
	}
	c.backlog = slices.Delete(c.backlog, 0, i)
}
