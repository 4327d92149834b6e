package netcode

import (
	"errors"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// winUp is what a node knows of one that sends to it.
type winUp struct {
	above
	heard   bool
	seq     uint32 // number of the last packet that came, or of which it was told
	lost    uint32 // packets between that did not come
	horizon uint64
}

// answerEvery is after how many packets from an upstream it is told what is here: so often that a window of 64 is never held up by
// it, and so seldom that answers are some percents of packets of 1 KB.
const answerEvery = 4

// every is the same for the window there is.
func (m *Window) every() int { return max(1, min(answerEvery, m.shape.window/4)) }

func (m *Window) newUp(id core.NodeID) *winUp {
	return &winUp{above: above{id: id, at: m.Now()}}
}

// receive takes a message from upstream.
func (m *Window) receive(msg *core.Msg) {
	b := msg.Payload()
	if !m.mayBring(msg.From()) {
		m.stats.Strangers++
		return
	}
	h, ok := parseWinHead(b)
	if !ok || m.begun {
		m.stats.Bad++
		return
	}
	switch h.kind {
	case kindPacket:
		m.packet(msg, h)
	case kindHello:
		w, ok := parseWinHello(b, h)
		if !ok {
			m.stats.Bad++
			return
		}
		u := m.upstream(msg.From())
		if u.since = atOnce; h.flags&flagProbe != 0 {
			return
		}
		m.meet(u, &w)
		if m.known && w.id.is(m.id) {
			m.heardOf(u, uint32(msg.Seq()), h)
			m.advance()
		}
	default:
		m.stats.Bad++
	}
}

// packet takes a packet.
func (m *Window) packet(msg *core.Msg, h winHead) {
	p, err := coding.ParseWindow(msg.Payload()[winHeadLen:])
	if err != nil || p.End() > h.end {
		m.stats.Bad++
		return
	}
	u := m.upstream(msg.From())
	u.since++
	if !m.known || p.Stream != m.id.nonce {
		m.stats.Foreign++ // its hello was lost, or it is to be told that this node is elsewhere
		return
	}
	m.carries(&u.above) // its hello was lost, or was said before its link rested
	m.heardOf(u, uint32(msg.Seq()), h)
	m.stats.Received++
	if m.resting || m.fresh {
		m.stats.Useless++
		return
	}
	if w := uint64(m.shape.window); m.shape.rateless && p.End() > m.dec.Next()+w {
		m.dec.SkipTo(p.End() - w) // there is no room for both, and nobody waits
		m.deliver()
	}
	switch r, err := m.dec.Add(msg.Payload()[winHeadLen:]); {
	case errors.Is(err, coding.ErrStale):
		m.stats.Stale++
	case errors.Is(err, coding.ErrAhead):
		m.stats.Ahead++
	case err != nil: // of another size than the stream's
		m.stats.Bad++
	case r == coding.Innovative:
		m.stats.Innovative++
		m.moved = m.Now()
		m.brings()
	}
	m.advance()
}

// heardOf notes a message of an upstream. Its number is that of the last packet sent on the link.
func (m *Window) heardOf(u *winUp, seq uint32, h winHead) {
	first := !u.heard
	u.heard, u.at, u.horizon = true, m.Now(), h.horizon
	m.heardAt = m.Now()
	if gone := int32(seq - u.seq); !first && gone > 0 {
		if h.kind == kindPacket {
			gone--
		}
		if u.lost += uint32(gone); gone > 0 {
			u.since = atOnce // it makes good for it at once
		}
	}
	u.seq = seq
	if !m.resting && !m.fresh {
		m.catchUp() // before it is noted how far the stream is: there is room for a window from what is waited for
		m.makeWay(h.end)
		m.extend(h.end, h.age)
	}
}

// catchUp gives up what no upstream has any more.
func (m *Window) catchUp() {
	least, some, limit := uint64(coding.MaxSeq), false, m.Now()-silentAfter
	for _, u := range m.ups {
		if u.carries && u.heard && u.at >= limit {
			least, some = min(least, u.horizon), true
		}
	}
	if !some {
		return
	}
	m.gone = max(m.gone, least) // those below get it from elsewhere, or not at all
	if least > m.dec.Next() {
		m.dec.SkipTo(least)
		m.deliver()
	}
}

// makeWay gives up what is not needed below where there would be no room for a packet else. Not sooner: what comes may have
// a part of it still, which those below know, and without which it would be of no use here.
func (m *Window) makeWay(end uint64) {
	if w := uint64(m.shape.window); end > m.dec.Next()+w && m.base > m.dec.Next() {
		m.dec.SkipTo(min(end-w, m.base))
		m.deliver()
	}
}

// rank is how many sums of packets from base on, or of some that only this node lacks, are here.
func (m *Window) rank() int {
	_, _, rank := m.dec.Rank(min(m.base, m.dec.Next()), m.end)
	return min(rank, int(m.end-m.base))
}

// lacking is how many packets would complete all that is known of.
func (m *Window) lacking() int {
	if !m.known || m.fresh || m.resting || m.begun {
		return 0
	}
	return int(m.end-m.base) - m.rank()
}

// want is what one upstream after the other is asked for: what is lacking although nothing has come for a beat. A relay lacks
// what is lacking below.
func (m *Window) want(u *winUp) int {
	lacking := m.lacking()
	if lacking == 0 || !u.carries || m.Now()-m.moved < m.s.Beat {
		return 0
	}
	if m.s.Deliver == nil {
		below := 0
		for _, v := range m.downs {
			if v.live() && v.asked > 0 {
				below = max(below, v.asked)
			}
		}
		lacking = min(lacking, below)
	}
	n, at := 0, 0
	for _, o := range m.ups {
		if o == u {
			at = n
		}
		if o.carries {
			n++
		}
	}
	if int(m.Now()/(turnBeats*m.s.Beat))%n != at {
		return 0
	}
	return lacking
}

// silent reports whether nobody answers: the stream's source says so, or this node's session.
func (m *Window) silent() bool { return m.s.Rateless || m.known && m.shape.rateless }

// say tells an upstream what is here. The message's number is that of the last packet that came.
func (m *Window) say(u *winUp) {
	u.since = 0
	if m.silent() {
		return
	}
	a := winAnswer{seen: m.seen, lost: u.lost}
	a.Stream = m.id.nonce
	if m.useful() {
		a.flags |= answerUse
	}
	if m.sole() {
		a.flags |= answerSole
	}
	if !m.known || m.fresh {
		a.flags |= answerFresh
	} else {
		a.Next, a.End = m.base, min(m.end, m.base+coding.MaxWindow)
		a.Missing, a.want = max(int(a.End-a.Next)-m.rank(), 0), uint16(m.want(u))
	}
	msg := m.NewMsg(TypeWindowAnswer, 0, winAnswerLen)
	if err := a.put(msg.Payload()); err != nil {
		panic("netcode: " + err.Error()) // its numbers are ours
	}
	msg.SetSeq(uint64(u.seq))
	m.stats.Answers++
	m.Send(msg, u.id)
}
