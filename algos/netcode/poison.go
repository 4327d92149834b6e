package netcode

import (
	"bytes"
	"crypto/ed25519"
	"slices"

	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// Against packets that are not the sum that they say (docs/coding.md, section 8). A source
// with a key signs the digests of each generation, and they go ahead of it on every link. A
// receiver that knows the key checks what it has decoded. If that is false, it sets aside all
// that came of the generation and takes it again from one upstream alone, and from the next
// if that one lies too. An upstream that is asked so must have checked the generation itself,
// and to that end asks its own upstreams in the same way, up to the source. So every node finds
// out whether the neighbour that it has the generation from tells the truth:
//
//   - what one upstream alone has vouched for and is false is a lie: it is shunned for good;
//   - whoever had sent something false before, of what is now known, may have had it from
//     others. It is named, and shunned for good only if the same happens again and again.
//
// What that costs is bounded: a generation is fetched once more on each link that doubts it,
// and doubts end when the liars' neighbours have shunned them.

// vouches reports whether a generation has been checked here, or was made here.
func (m *Multicast) vouches(s *slot) bool {
	return s.role == roleSource || s.verified || m.s.Tamper != nil // who lies, lies about that too
}

// sign makes the message with a generation's digests.
func (m *Multicast) sign(s *slot, packets [][]byte) {
	if m.s.Sign == nil {
		return
	}
	if err := s.sums.Sum(s.gen, coding.SHA256, packets); err != nil {
		panic("netcode: digests of our own: " + err.Error())
	}
	n := s.sums.Len()
	s.signed = slices.Grow(s.signed[:0], n+ed25519.SignatureSize)[:n]
	if _, err := s.sums.Put(s.signed); err != nil {
		panic("netcode: " + err.Error())
	}
	s.signed = append(s.signed, ed25519.Sign(m.s.Sign, s.signed)...)
}

// digests takes a message with a generation's digests.
func (m *Multicast) digests(msg *core.Msg) {
	b := msg.Payload()[headLen:]
	u := m.upstream(msg.From())
	if m.s.Trust == nil || m.resting || m.fresh || !u.carries || len(b) <= ed25519.SignatureSize {
		return
	}
	split := len(b) - ed25519.SignatureSize
	d, err := coding.ParseDigests(b[:split])
	s := m.slot(d.ID)
	if err != nil || d.Stream&^padded != m.id.nonce || d.Hash != coding.SHA256 {
		m.stats.Bad++
		return
	}
	if s == nil || len(s.signed) > 0 {
		return
	}
	if !ed25519.Verify(m.s.Trust, b[:split], b[split:]) {
		m.stats.Forged++
		m.shun(msg.From())
		return
	}
	s.signed = append(s.signed[:0], b...)
	if s.sums, err = coding.ParseDigests(s.signed[:split]); err != nil {
		panic("netcode: digests that were read before: " + err.Error())
	}
	if s.used && s.gen != s.sums.Generation { // of another shape than the source made: all of it is false
		m.reopen(s)
	}
	if s.doubt {
		m.check(s)
	}
	m.deliver()
	m.advance()
	m.wake()
}

// announce sends a downstream a generation's digests, ahead of the generation.
func (m *Multicast) announce(v *downstream, s *slot) {
	nd := v.need(s.gen.ID)
	if len(s.signed) == 0 || nd.signed {
		return
	}
	nd.signed = true
	msg := m.NewMsg(TypeCoded, m.s.App, headLen+len(s.signed))
	h := m.headFor(v, kindDigests)
	h.put(msg.Payload())
	copy(msg.Payload()[headLen:], s.signed)
	msg.SetSeq(uint64(m.base)<<32 | uint64(v.sent))
	m.Send(msg, v.id)
}

// check reports whether a generation is complete, and what its source has signed. If it is
// false, it is doubted from now on.
func (m *Multicast) check(s *slot) bool {
	switch {
	case m.s.Trust == nil || s.verified:
		return true
	case !s.complete() || s.role != roleReceiver || len(s.signed) == 0:
		return false
	}
	m.decode(s, s.gen.ID != m.next || s.role != roleReceiver || s.doubt)
	if s.dec.Verify(&s.sums) == nil {
		s.verified, s.doubt = true, false
		m.accuse(s)
		m.wake()
		return true
	}
	m.stats.Poisoned++
	if s.doubt { // it came from one alone, who vouched for it
		m.shun(s.supplier)
	}
	m.doubt(s)
	return false
}

// doubt sets aside what came of a generation, and takes it again from one upstream.
func (m *Multicast) doubt(s *slot) {
	if !s.doubt {
		s.evidence, s.kept = append(s.evidence, s.kept...), s.kept[:0]
	}
	s.doubt = true
	m.reopen(s)
	m.nextSupplier(s)
	m.stats.Doubted++
}

// reopen forgets what came of a generation.
func (m *Multicast) reopen(s *slot) {
	for _, msg := range s.kept {
		m.Release(msg)
	}
	clear(s.kept)
	s.kept, s.role, s.gen = s.kept[:0], roleReceiver, s.sums.Generation
	if err := s.dec.Reset(s.gen); err != nil {
		panic("netcode: " + err.Error()) // its shape was checked
	}
	s.rec.Code, s.rec.Seed = m.s.Code, m.Rand().Uint64()
	if err := s.rec.Reset(s.gen); err != nil {
		panic("netcode: " + err.Error())
	}
	s.used = true
	for _, u := range m.ups {
		u.slot(s.gen.ID).count = 0
	}
	m.tell = true
}

// nextSupplier takes a doubted generation from another upstream.
func (m *Multicast) nextSupplier(s *slot) {
	if len(m.ups) == 0 {
		return
	}
	at := int(s.gen.ID) % len(m.ups) // so that each is put to the test
	for i, u := range m.ups {
		if u.id == s.supplier {
			at = i
		}
	}
	for i, u := range m.ups {
		if s.supplier.IsZero() && u.toTest {
			at, u.toTest = i-1+len(m.ups), false
			break
		}
	}
	s.supplier, s.suppliedAt = core.NodeID{}, m.Now()
	for i := range m.ups {
		if u := m.ups[(at+1+i)%len(m.ups)]; u.carries && !u.starved {
			s.supplier = u.id
			break
		}
	}
	m.tell = true
}

// patienceBeats is for how many beats a supplier may bring nothing before another is asked. It
// may have to ask its own first.
const patienceBeats = 100

// lookAfterDoubts has other suppliers asked where one brings nothing.
func (m *Multicast) lookAfterDoubts() {
	for i := range m.slots {
		s := &m.slots[i]
		if s.used && s.doubt && m.Now()-s.suppliedAt > patienceBeats*m.s.Beat {
			if s.rank() > 0 {
				m.reopen(s)
			}
			m.nextSupplier(s)
		}
	}
}

// admitsPacket reports whether a packet of a generation may be used.
func (m *Multicast) admitsPacket(s *slot, from core.NodeID, h head) bool {
	if !s.doubt {
		return true
	}
	return from == s.supplier && h.flags&flagVerified != 0
}

// accuse compares what came of a generation before it was doubted with what is known now.
func (m *Multicast) accuse(s *slot) {
	if len(s.evidence) == 0 {
		return
	}
	packets := make([][]byte, s.gen.K)
	for i := range packets {
		packets[i] = s.dec.Packet(i)
	}
	var truth coding.Encoder
	if err := truth.Reset(s.gen, packets); err != nil {
		panic("netcode: a generation that was checked: " + err.Error())
	}
	vector, made := make([]byte, s.gen.K), make([]byte, s.gen.VectorLen())
	for _, msg := range s.evidence {
		p, err := coding.Parse(msg.Payload()[headLen:])
		if err == nil && p.Generation == s.gen {
			p.Vector(vector)
			_, err = truth.Combine(made, vector)
		}
		if sum := made[len(made)-s.gen.Size:]; err != nil || p.Generation != s.gen || !bytes.Equal(sum[:len(p.Payload)], p.Payload) {
			m.suspect(msg.From(), s.gen.ID)
		}
		m.Release(msg)
	}
	clear(s.evidence)
	s.evidence = s.evidence[:0]
}

// suspect notes that an upstream had sent something false, perhaps without knowing. Whoever
// does so again after that was found out, and again, is shunned, as long as somebody is left.
func (m *Multicast) suspect(id core.NodeID, gen uint32) {
	i := slices.IndexFunc(m.ups, func(u *upstream) bool { return u.id == id })
	if i < 0 {
		return
	}
	u := m.ups[i]
	if u.toTest = true; int32(gen-u.excused) < 0 {
		return
	}
	// What is on the way now has the same origin, and those above need their time to find it out:
	// each time more, as there may be more of them.
	u.excused = u.latest + uint32(m.s.Window)<<u.strikes
	u.strikes++
	m.stats.Suspected++
	if u.strikes > maxStrikes && len(m.ups) > 1 {
		m.shun(id)
	}
}

// maxStrikes is how often an upstream may pass on what is false. Its own neighbours' lies are
// found out meanwhile.
const maxStrikes = 3

// shun takes nothing from a node any more.
func (m *Multicast) shun(id core.NodeID) {
	if slices.Contains(m.shunned, id) || len(m.shunned) >= maxShunned {
		return
	}
	m.shunned = append(m.shunned, id)
	for i, u := range m.ups {
		if u.id != id {
			continue
		}
		m.dismissing = true // it is told that there is no use for it
		m.say(u)
		m.dismissing = false
		m.ups = slices.Delete(m.ups, i, i+1)
		break
	}
	for i := range m.slots {
		if s := &m.slots[i]; s.doubt && s.supplier == id {
			m.reopen(s)
			m.nextSupplier(s)
		}
	}
	if m.s.OnShun != nil {
		m.s.OnShun(id)
	}
	m.judge()
	m.tell = true
	m.wake()
}

// maxShunned bounds the nodes that are remembered as liars.
const maxShunned = 1024

// doubted takes a downstream's word that what came of a generation is false.
func (m *Multicast) doubted(v *downstream, s *slot, nd *need, is bool) {
	nd.doubt = is
	if is && s != nil && len(s.signed) > 0 && !s.doubt && !m.vouches(s) {
		if s.used && s.complete() && s.role == roleReceiver && m.check(s) || s.doubt {
			return
		}
		m.doubt(s)
	}
}
