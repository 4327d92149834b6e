package netcode

import (
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// downstream is what a node knows of one that it sends to.
type downstream struct {
	id     core.NodeID
	failed bool // its link is down, and so is what it needs
	probe  bool // it is sent one packet, to see whether it is there again
	rests  bool // it needed nothing when it was asked for

	heard bool   // it has said what it needs
	base  uint32 // it has all generations before this one
	needs []need // by generation modulo the window

	poke  bool     // it is sent one packet, needed or not, so that it answers
	bound bool     // its lane's queue is
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
	want    uint16 // of it from here
	got     uint16 // from here
	flying  uint16 // sent from here, and not answered for
}

// fresh is how many more packets of a generation may bring the downstream something new,
// if this node has rank of k: what it has not been sent, or if it has less than there is
// here, at least the difference.
func (n *need) fresh(rank, k int) int {
	left := rank - int(n.got)
	if n.known {
		left = max(left, rank-(k-int(n.missing)))
	}
	return max(0, left-int(n.flying))
}

func (m *Multicast) addDown(id core.NodeID) {
	if id == m.ID() {
		panic("netcode: a node that is its own downstream")
	}
	if m.down(id) != nil {
		return
	}
	v := &downstream{id: id, base: m.base, needs: make([]need, m.s.Window), log: make([]uint32, 64)}
	m.downs = append(m.downs, v)
	m.Pull(id, m.s.App, func() bool { return m.serve(v) })
}

func (m *Multicast) down(id core.NodeID) *downstream {
	for _, v := range m.downs {
		if v.id == id {
			return v
		}
	}
	return nil
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
	if v.over(id) {
		return true
	}
	n := v.need(id)
	return n.known && n.missing == 0
}

// over reports whether the downstream, and all below it, have a generation.
func (v *downstream) over(id uint32) bool { return v.heard && int32(v.base-id) > 0 }

// flying is how many packets have been sent and not answered for.
func (v *downstream) flying() uint32 { return v.sent - v.acked }

// hear takes a downstream's feedback.
func (m *Multicast) hear(msg *core.Msg) {
	b := msg.Payload()
	v := m.down(msg.From())
	if v == nil || len(b) < 12 || !m.known {
		m.stats.Bad++
		return
	}
	n := int(b[2])
	size := 12 + 2*n // the feedback of package coding, then two numbers for each generation
	f := &m.feedback
	if n > m.s.Window || len(b) != size+4*n || f.Parse(b[:size]) != nil || f.Stream != m.stream ||
		m.collect.begun && int32(f.Base-m.collect.id) > 0 || // claims to have what was not even made
		int32(uint32(msg.Seq())-v.sent) > 0 {
		m.stats.Bad++
		return
	}
	v.failed, v.probe, v.heard = false, false, true
	v.answered(uint32(msg.Seq()))
	v.base = f.Base
	for i, missing := range f.Missing {
		if id := f.Base + uint32(i); id-m.base < uint32(m.s.Window) {
			nd := v.need(id)
			nd.known, nd.missing = true, min(missing, coding.MaxK)
			nd.want, nd.got = be.Uint16(b[size+4*i:]), be.Uint16(b[size+4*i+2:])
		}
	}
	m.advance()
	m.wake()
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

// downstreamIs notes that a link to downstream is there, or gone. What was on it is lost.
func (m *Multicast) downstreamIs(id core.NodeID, up bool) {
	v := m.down(id)
	switch {
	case v == nil:
		return
	case up:
		v.failed, v.probe = false, false
	default:
		v.failed, v.probe, v.heard = true, false, false
		v.answered(v.sent)
		clear(v.needs) // whoever answers next may have forgotten all
		m.advance()
	}
	m.tell = true
	m.wake()
}

// retry sends those that failed a packet, to see whether they are there again. The engine
// dials when it is sent something, but not at once after a failure, and does not say so.
func (m *Multicast) retry() {
	m.retrying = false
	for _, v := range m.downs {
		if v.failed {
			v.answered(v.sent)
			v.probe = true
		}
	}
	m.wake()
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
	return !v.failed && (v.flying() > 0 || m.known && m.owed(v) != nil)
}

// owed is the oldest generation here that a downstream has not said it is through with.
func (m *Multicast) owed(v *downstream) *slot {
	for i := range uint32(m.s.Window) {
		if s := m.slot(m.base + i); s.rank() > 0 && !v.over(s.gen.ID) {
			return s
		}
	}
	return nil
}

// choose is the generation to send to a downstream next, and how many packets of it: of
// the oldest that it wants some of from here. If it wants none, the link would wait; then
// the oldest of which it misses something.
func (m *Multicast) choose(v *downstream) (s *slot, n int) {
	if v.failed && !v.probe || !m.known || v.flying() >= maxFlying {
		return nil, 0
	}
	end := uint32(m.s.Window)
	if behind := m.base - v.base; v.heard && behind < end {
		end -= behind // what is beyond its window it would not take
	}
	for of := ofBudget; of <= ofMissing; of++ {
		for i := range end {
			if s, n := m.offer(v, m.base+i, of); n > 0 {
				return s, n
			}
		}
	}
	if v.poke {
		if s := m.owed(v); s != nil {
			return s, 1
		}
	}
	return nil, 0
}

// part is what a packet is sent of.
type part uint8

const (
	// ofBudget: of what a downstream wants, as long as the source has not sent a whole
	// generation's packets to all of them together. Its links may be the bottleneck, and
	// then all that it sends must be new to everybody.
	ofBudget part = iota
	// ofWant: of what a downstream wants.
	ofWant
	// ofMissing: of what a downstream lacks, although it has not asked for it here.
	ofMissing
)

// offer is how many packets of a generation to send to a downstream, of one of its parts.
func (m *Multicast) offer(v *downstream, id uint32, of part) (*slot, int) {
	s := m.slot(id)
	rank := s.rank()
	if rank == 0 || v.has(id) {
		return nil, 0
	}
	nd := v.need(id)
	asked := s.gen.K
	switch {
	case nd.known && (of == ofBudget || of == ofWant):
		asked = int(nd.want)
	case nd.known:
		asked = int(nd.missing)
	}
	n := min(asked-int(nd.flying), nd.fresh(rank, s.gen.K))
	if n > 0 && of == ofBudget && s.role == roleSource {
		n = min(n, rank-m.spent(id))
	}
	if n > 0 && !s.ripe {
		n = min(n, m.ripe(s, nd))
	}
	return s, n
}

// spent is how many packets of a generation have reached downstreams, or are on the way.
func (m *Multicast) spent(id uint32) (n int) {
	for _, v := range m.downs {
		if nd := v.need(id); !v.failed {
			n += int(nd.got) + int(nd.flying)
		}
	}
	return n
}

// ripe is how many packets of a generation may be sent to a downstream while it is still
// coming in. A combination of what one upstream has brought says nothing to whoever has
// that from elsewhere, so of what is wanted no larger part is made than has come of what
// the slowest upstream brings.
func (m *Multicast) ripe(s *slot, nd *need) int {
	if len(m.ups) < 2 || s.role == roleSource || s.complete() {
		return s.gen.K
	}
	total := s.gen.K
	if nd.known {
		total = int(nd.want) + int(nd.got)
	}
	least := total
	for _, u := range m.ups {
		if u.flow < flowUnit || int32(u.latest-s.gen.ID) > 0 {
			continue
		}
		least = min(least, total*u.gotOf(s.gen.ID)*flowUnit/u.flow)
	}
	return least - int(nd.got) - int(nd.flying)
}
