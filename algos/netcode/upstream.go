package netcode

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// upstream is what a node knows of one that sends to it.
type upstream struct {
	above
	starved  bool   // it gets nothing itself
	seq      uint64 // number of its last message: its oldest generation, and a count
	horizon  uint32 // its oldest generation
	cursor   uint32 // it has closed all generations before this one
	toTest   bool   // it had sent what is false: a doubted generation is taken from it next
	strikes  int    // how often it was found to have sent what is false
	excused  uint32 // what it brings of generations before this one has the same origin
	received bool   // any packet
	latest   uint32 // newest generation that it has brought something of
	got      [MaxWindow]got
}

// got is how many packets of a generation have come from an upstream, new or not.
type got struct {
	id    uint32
	count uint16
	cut   bool // it closed it with more to send, or had it so itself
}

func (u *upstream) count(id uint32) {
	if int32(id-u.latest) > 0 || !u.received {
		u.latest, u.received = id, true
	}
	g := u.slot(id)
	if g.count < 1<<16-1 {
		g.count++
	}
}

func (u *upstream) slot(id uint32) *got {
	g := &u.got[id%MaxWindow]
	if g.id != id {
		*g = got{id: id}
	}
	return g
}

func (u *upstream) gotOf(id uint32) int {
	if g := &u.got[id%MaxWindow]; g.id == id {
		return int(g.count)
	}
	return 0
}

func (m *Multicast) newUp(id core.NodeID) *upstream {
	return &upstream{above: above{id: id, at: m.Now()}, horizon: m.base, cursor: m.base, latest: m.base}
}

// heardOf notes a message of an upstream.
func (m *Multicast) heardOf(u *upstream, msg *core.Msg, h head) {
	u.seq, u.horizon, u.at = msg.Seq(), uint32(msg.Seq()>>32), m.Now()
	u.since++
	starved := h.flags&flagStarved != 0
	if int32(h.cursor-u.cursor) > 0 || starved != u.starved {
		if h.flags&flagCut != 0 && int32(h.cursor-u.cursor) > 0 {
			u.slot(h.cursor - 1).cut = true
		}
		u.cursor, u.starved = h.cursor, starved
		m.judge()
		m.wake() // what waited for it to be closed can be sent
	}
}

// passed reports whether the upstreams have closed a generation: no more of it comes
// unasked. One that has been silent for longer than a generation takes holds nobody up.
func (m *Multicast) passed(id uint32) bool {
	some, limit := false, m.Now()-max(silentAfter, 4*m.period)
	for _, u := range m.ups {
		switch {
		case !u.carries, u.starved:
		case int32(u.cursor-id) > 0:
			some = true
		case u.at >= limit:
			return false
		}
	}
	return some
}

// silentAfter is for how long an upstream is waited for at least, that neither sends anything,
// nor says that it has nothing, nor loses its link.
const silentAfter = 10 * time.Second

// starved reports whether nothing can come here any more: there is no upstream, or only
// such as are starved themselves, or have let go of this node and so say nothing.
func (m *Multicast) starved() bool {
	limit := m.Now() - max(silentAfter, 4*m.period)
	for _, u := range m.ups {
		if u.carries && !u.starved && u.at >= limit {
			return false
		}
	}
	return !m.begun
}

// cutAbove reports whether a generation came here incomplete for want of time. If not, what is
// missing was lost, or was no news: more time would not have brought it.
func (m *Multicast) cutAbove(id uint32) bool {
	for _, u := range m.ups {
		if g := &u.got[id%MaxWindow]; u.carries && g.id == id && g.cut {
			return true
		}
	}
	return false
}

// judge notes how far from complete generations are when the last upstream closes them. The
// source has links carry the more of each.
func (m *Multicast) judge() {
	if m.s.Deliver == nil || !m.known || m.begun {
		return
	}
	if int32(m.base-m.judged) > 0 {
		m.judged = m.base
	}
	for s := m.slot(m.judged); s != nil && m.passed(m.judged); s = m.slot(m.judged) {
		if missing := m.missingOf(m.judged); missing > 0 && m.cutAbove(m.judged) {
			s.deficit, m.tell = missing, true
		}
		m.judged++
	}
}

// say tells an upstream what is needed. The message's number is that of the last that came.
func (m *Multicast) say(u *upstream) {
	u.since = 0
	a := &m.answer
	a.flags, a.seen, a.Stream, a.Base = 0, m.seen, m.id.nonce, m.base
	a.Missing, a.each = a.Missing[:0], a.each[:0]
	if m.useful() && !m.dismissing {
		a.flags |= answerUse
	}
	if !m.known || m.fresh {
		a.flags |= answerFresh
	} else {
		m.plan(u, a)
	}
	msg := m.NewMsg(TypeFeedback, 0, a.len())
	if err := a.put(msg.Payload()); err != nil {
		panic("netcode: " + err.Error()) // its numbers are ours
	}
	msg.SetSeq(u.seq)
	m.stats.Feedbacks++
	m.Send(msg, u.id)
}
