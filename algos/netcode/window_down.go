package netcode

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// winDown is what a node knows of one that it sends to.
type winDown struct {
	below

	greeted time.Duration // when it was told last which stream this is
	heard   bool          // it has answered since
	start   uint64        // where it begins if it knows nothing of the stream
	base    uint64        // it, and all below it, need nothing before this one
	rank    int           // of what it has from base on, as it said last
	sole    bool          // each node from there on down has one upstream
	asked   int           // what it wants
	want    int           // of that, what has not been sent yet

	credit int // packets that it has not been sent of those that are new here, in 1/unit
	extra  int // coded packets that it may be sent unasked, the same
	repair int // packets to it that were lost, and are to be made good

	sent []bool // which packets it was sent as they are, by number
	low  uint64 // all before it were, or are not to be
	high uint64 // after the newest packet that it was sent something of

	number   uint32 // of the last packet sent to it
	acked    uint32 // number of the last one that it has answered for: it came, or was lost
	lost     uint32 // packets that it said were lost
	unheard  int    // beats without an answer
	news     bool   // since the last beat
	quiet    int    // beats without an answer for what is under way
	progress bool   // since the last beat
}

// unit is one packet of credit.
const unit = 256

func (v *winDown) flying() int { return int(v.number - v.acked) }

func (m *Window) newDown(id core.NodeID) *winDown {
	v := &winDown{below: below{id: id}, sole: true}
	if m.known {
		m.restart(v)
	}
	return v
}

// restart begins with a downstream of which nothing is known, at the oldest packet that there is.
func (m *Window) restart(v *winDown) {
	if len(v.sent) != 2*m.shape.window {
		v.sent = make([]bool, 2*m.shape.window)
	}
	at := m.base
	clear(v.sent)
	*v = winDown{
		below: below{id: v.id, failed: v.failed, probe: v.probe, mute: v.mute, rests: v.rests, bound: v.bound, hello: true},
		sole:  true, start: at, base: at, low: at, high: at, credit: int(m.end-at) * unit, sent: v.sent, number: v.number, acked: v.number, lost: v.lost,
	}
}

// hear takes a downstream's answer.
func (m *Window) hear(msg *core.Msg) {
	v, there := m.downstream(msg.From())
	var a winAnswer
	if !there || !a.parse(msg.Payload()) || int32(uint32(msg.Seq())-v.number) > 0 {
		m.stats.Bad++
		return
	}
	same := m.known && a.Stream == m.id.nonce
	if same && !m.fresh && a.flags&answerFresh == 0 && m.begun && a.End > m.end {
		m.stats.Bad++ // claims to have what was not even made
		return
	}
	v.failed, v.probe, v.mute, v.news = false, false, false, true
	m.pause = retryDown
	switch idle := a.flags&answerUse == 0; {
	case !m.known || m.fresh:
		v.idle = idle
	case idle:
		v.acked = v.number
		v.idle, v.other = true, false
	case a.flags&answerFresh != 0:
		if v.greeted > 0 || v.idle { // it has taken the hello, and forgotten, or not got it
			m.restart(v)
		}
		v.idle, v.hello = false, true
	case !same:
		v.acked = v.number
		v.idle, v.other, v.news = true, true, false
		m.refute(a.seen)
	default:
		if v.idle && !v.other { // what it was told last is out of date
			m.restart(v)
		}
		v.idle, v.other, v.heard = false, false, true
		if a.seen > m.id.epoch {
			m.refute(a.seen)
		}
		m.note(v, &a, uint32(msg.Seq()))
	}
	m.advance()
	m.wake()
}

// note takes what a downstream has.
func (m *Window) note(v *winDown, a *winAnswer, upTo uint32) {
	if int32(upTo-v.acked) > 0 {
		v.acked, v.progress = upTo, true
	}
	if gone := int32(a.lost - v.lost); gone > 0 && int(gone) <= 2*m.shape.window {
		v.repair = min(v.repair+int(gone), m.shape.window)
		v.credit += int(gone) * unit
	}
	v.lost = a.lost
	if sole := a.flags&answerSole != 0; sole != v.sole {
		v.sole, m.tell = sole, true // those above have to know
	}
	// It may be far ahead, if it has other upstreams, and nothing came here. Nobody is believed more than a window of that.
	v.base, v.rank = max(v.base, min(a.Next, m.dec.Next()+uint64(m.shape.window))), int(a.End-a.Next)-a.Missing
	v.low, v.high = max(v.low, v.base), max(v.high, v.base)
	v.asked, v.want = int(a.want), max(0, int(a.want)-v.flying())
	lacks := m.lacks(v)
	_, _, rank := m.dec.Rank(m.sumFrom(v), m.end)
	v.credit = min(max(v.credit, (rank-v.rank-v.flying())*unit), max(lacks, 0)*unit) // so many at least are new there, and so many at most
	if v.base >= v.high || lacks+v.flying() == 0 {
		v.repair, v.extra = 0, 0 // it has it all
	}
}

// lacks is how many packets a downstream lacks of all that is known of here, when what is under way has come.
func (m *Window) lacks(v *winDown) int { return int(int64(m.end)-int64(v.base)) - v.rank - v.flying() }

// lost begins anew with a downstream to which all that was sent is lost.
func (m *Window) lost(v *winDown) {
	if m.known && !m.fresh {
		m.restart(v)
	}
}

// muteAfter is for how long a downstream may leave unanswered what it is asked again and again. A link that loses nine of ten
// messages each way lets one question through in that time.
const muteAfter = 10 * time.Second

// lookAfter is a downstream's part of the beat. Packets that it has not answered for after some beats, with nothing of them
// waiting here, are lost, or their answer is: it is asked.
func (m *Window) lookAfter(v *winDown) {
	_, queued := m.Queued(v.id, m.s.App)
	if !m.waitsFor(v) || queued > 0 {
		v.news, v.progress, v.unheard, v.quiet = false, false, 0, 0
		return
	}
	v.unheard++
	if v.news {
		v.unheard = 0
	}
	v.quiet++
	if v.progress || v.news && v.flying() == 0 {
		v.quiet = 0
	}
	v.news, v.progress = false, false
	if time.Duration(v.unheard)*m.s.Beat >= muteAfter {
		v.mute, v.unheard, v.quiet = true, 0, 0
		m.stats.Muted++
		m.advance()
		return
	}
	if v.quiet >= pokeAfter {
		v.poke, v.quiet = true, 0
		m.wake()
	}
}

// pokeAfter is after how many beats without such an answer one is asked for.
const pokeAfter = 2

// waitsFor reports whether a downstream has something to answer for.
func (m *Window) waitsFor(v *winDown) bool {
	switch {
	case m.shape.rateless || v.failed || v.mute || !m.known || m.fresh:
		return false
	case v.other:
		return m.base < m.end
	}
	return !v.idle && (v.flying() > 0 || !v.heard || v.base < m.end)
}
