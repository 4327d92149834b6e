package netcode

import (
	"time"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// downstream is what a node knows of one that it sends to.
type downstream struct {
	below

	start uint32 // where it begins if it knows nothing of the stream
	heard bool   // it has said what it needs
	base  uint32 // it has all generations before this one
	needs []need // by generation modulo the window

	cur         uint32        // the generation that its link works on; those before are closed
	open        bool          // it has begun with it
	waits       bool          // there was nothing to begin with when its time was over
	end         time.Duration // when its time is over
	repairs     bool          // its last packets were for generations that it had closed
	at          time.Duration // when they were made
	endless     bool          // its period is not known: until there is no more to send
	part        int           // packets sent since it began
	rate        int64         // what the link carries, packets in rateUnit
	cut         bool          // the generation before cur was closed with more to send, or came so
	told        uint32        // cur, as it was told last
	toldStarved bool          // whether this node is starved, as it was told last

	sent  uint32   // number of the last packet sent to it
	acked uint32   // number of the last one that it has answered for: it came, or was lost
	log   []uint32 // generation of each packet between, by number modulo its length
	quiet int      // beats without an answer
	news  bool     // since the last beat
}

// need is what a downstream needs of one generation.
type need struct {
	id      uint32
	known   bool
	missing uint16 // to complete it
	want    uint16 // of it, from here, after its links have closed it
	got     uint16 // from here
	deficit uint16 // what a receiver there lacked when its links had closed it
	doubt   bool   // what came there of it was false: it is sent only what was checked here
	signed  bool   // its digests were sent there
	flying  uint16 // sent from here, and not answered for
}

// fresh is how many more packets of a generation may bring the downstream something new,
// if this node has rank of k: what it has not been sent, or if it has less than there is
// here, at least the difference.
func (n *need) fresh(rank, k int) int {
	left := rank - int(n.got)
	if n.known {
		left = max(left, rank-(k-min(int(n.missing), k)))
	}
	return max(0, left-int(n.flying))
}

func (m *Multicast) newDown(id core.NodeID) *downstream {
	v := &downstream{below: below{id: id}, needs: make([]need, m.s.Window), log: make([]uint32, 64)}
	if m.known {
		v.restart(m.newcomer())
	}
	return v
}

// newcomer is the generation that a downstream begins with that comes now: the first that
// no other has had anything of.
func (m *Multicast) newcomer() uint32 {
	next := m.base
	for _, v := range m.downs {
		at := v.cur
		if v.open {
			at++
		}
		if !v.failed && !v.idle && v.heard && int32(at-next) > 0 {
			next = at
		}
	}
	return next
}

// restart begins with a downstream of which nothing is known, at a generation.
func (v *downstream) restart(at uint32) {
	v.answered(v.sent)
	clear(v.needs)
	v.idle, v.other, v.heard, v.open = false, false, false, false
	v.start, v.base, v.cur, v.told = at, at, at, at
	v.hello, v.quiet = true, 0
}

// need is what is known of a generation of the window.
func (v *downstream) need(id uint32) *need {
	n := &v.needs[id%uint32(len(v.needs))]
	if n.id != id {
		*n = need{id: id}
	}
	return n
}

// has reports whether the downstream has said that it needs nothing of a generation.
func (v *downstream) has(id uint32) bool {
	if int32(v.base-id) > 0 {
		return true
	}
	n := v.need(id)
	return n.known && n.missing == 0
}

// over reports whether the downstream, and all below it, have a generation, or are not to
// get it.
func (v *downstream) over(id uint32) bool { return int32(v.base-id) > 0 }

// flying is how many packets have been sent and not answered for.
func (v *downstream) flying() uint32 { return v.sent - v.acked }

// hear takes a downstream's answer.
func (m *Multicast) hear(msg *core.Msg) {
	v, there := m.downstream(msg.From())
	a := &m.asked
	if !there || !a.parse(msg.Payload(), MaxWindow) || int32(uint32(msg.Seq())-v.sent) > 0 {
		m.stats.Bad++
		return
	}
	same := m.known && a.Stream == m.id.nonce
	if same && a.flags&answerFresh == 0 && m.begun && int32(a.Base-m.collect.id) > 0 {
		m.stats.Bad++ // claims to have what was not even made
		return
	}
	v.failed, v.probe = false, false
	m.pause = retryDown
	switch idle := a.flags&answerUse == 0; {
	case !m.known || m.fresh:
		v.idle = idle
	case idle:
		v.answered(v.sent)
		v.idle, v.other = true, false
	case a.flags&answerFresh != 0:
		if v.heard || v.idle {
			v.restart(m.newcomer())
		}
		v.idle, v.hello = false, true
	case !same:
		v.answered(v.sent)
		v.idle, v.other, v.news = true, true, false
		m.refute(a.seen)
	default:
		if v.idle && !v.other { // what it was told last is out of date
			v.restart(m.newcomer())
			break
		}
		v.idle, v.other, v.heard = false, false, true
		if a.seen > m.id.epoch {
			m.refute(a.seen)
		}
		m.note(v, a, uint32(msg.Seq()))
	}
	m.advance()
	m.wake()
}

// note takes what a downstream needs of each generation.
func (m *Multicast) note(v *downstream, a *answer, upTo uint32) {
	v.answered(upTo)
	v.base = a.Base
	for i, missing := range a.Missing {
		id := a.Base + uint32(i)
		if id-m.base >= uint32(m.s.Window) {
			continue
		}
		nd, e := v.need(id), a.each[i]
		nd.known, nd.missing = true, min(missing, coding.MaxK)
		nd.want, nd.got = e.want, e.got
		if e.flags&answerDigests != 0 {
			nd.signed = false
		}
		m.doubted(v, m.slot(id), nd, e.flags&answerDoubt != 0)
		if lacked := min(e.deficit, coding.MaxK); lacked > nd.deficit {
			nd.deficit, m.tell = lacked, true
			if m.begun {
				m.tooShort(m.slot(id), int(lacked))
			}
		}
		if s := m.slot(id); int(e.want)-int(nd.flying) > nd.fresh(s.rank(), m.sizeOf(s)) {
			m.tell = true // it has to come from above
		}
	}
}

// answered books the packets up to a number as come or lost. They may have been already,
// if the answer took long.
func (v *downstream) answered(upTo uint32) {
	if int32(upTo-v.acked) <= 0 {
		return
	}
	v.news = true
	for ; v.acked != upTo; v.acked++ {
		id := v.log[(v.acked+1)%uint32(len(v.log))]
		if n := &v.needs[id%uint32(len(v.needs))]; n.id == id && n.flying > 0 {
			n.flying--
		}
	}
}

// sends books a packet of a generation under the next number.
func (v *downstream) sends(id uint32) uint32 {
	if v.flying() == uint32(len(v.log)) {
		v.grow()
	}
	v.sent++
	v.log[v.sent%uint32(len(v.log))] = id
	v.need(id).flying++
	return v.sent
}

func (v *downstream) grow() {
	log := make([]uint32, 2*len(v.log))
	for i := v.acked + 1; i != v.sent+1; i++ {
		log[i%uint32(len(log))] = v.log[i%uint32(len(v.log))]
	}
	v.log = log
}

// maxFlying bounds the packets under way to a downstream that does not answer.
const maxFlying = 1 << 14

// lost books all that was sent to a downstream as lost, and begins with it anew.
func (m *Multicast) lost(v *downstream) {
	v.answered(v.sent)
	if m.known && !m.fresh {
		v.restart(m.newcomer())
	}
}

// lookAfter is a downstream's part of the beat. Packets that it has not answered for after
// some beats, with nothing of them waiting here, are lost, or their answer is. If none are
// under way, it has to be reminded that its answer is waited for.
func (m *Multicast) lookAfter(v *downstream) {
	_, waiting := m.Queued(v.id, m.s.App)
	if v.news || waiting > 0 || !m.waitsFor(v) {
		v.news, v.quiet = false, 0
		return
	}
	if v.quiet++; v.quiet >= patience {
		v.quiet = 0
		v.answered(v.sent)
		v.poke = true
		m.wake()
	}
}

// waitsFor reports whether a downstream has something to answer for.
func (m *Multicast) waitsFor(v *downstream) bool {
	if v.other {
		return !v.failed && m.busy()
	}
	return !v.failed && !v.idle && (v.flying() > 0 || m.known && !m.fresh && m.owesTo(v))
}

// owesTo reports whether there is a generation that a downstream has not said it is through with,
// and of which there is something here, or that its link has closed without: that it has to be
// told.
func (m *Multicast) owesTo(v *downstream) bool {
	for i := range uint32(m.s.Window) {
		id := m.base + i
		if !v.over(id) && (int32(v.cur-id) > 0 || m.slot(id).rank() > 0) {
			return true
		}
	}
	return false
}
