package netcode

import (
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// upstream is what a node knows of one that sends to it.
type upstream struct {
	id       core.NodeID
	seq      uint64 // number of its last message: its oldest generation, and a count
	horizon  uint32 // its oldest generation
	since    int    // packets since it was told what is needed
	received bool   // anything
	latest   uint32 // newest generation that it has brought something of
	flow     int    // packets a generation that it brings, in flowUnits; -1 before it is known
	got      [MaxWindow]got
}

// got is how many packets of a generation have come from an upstream, new or not.
type got struct {
	id    uint32
	count uint16
}

// flowUnit is the resolution of upstream.flow. Integers, so that every machine computes
// the same.
const flowUnit = 256

func (u *upstream) heardOf(seq uint64) {
	u.seq, u.horizon = seq, uint32(seq>>32)
	u.since++
}

func (u *upstream) count(id uint32) {
	if int32(id-u.latest) > 0 || !u.received {
		u.latest, u.received = id, true
	}
	g := &u.got[id%MaxWindow]
	if g.id != id {
		*g = got{id: id}
	}
	if g.count < 1<<16-1 {
		g.count++
	}
}

func (u *upstream) gotOf(id uint32) int {
	if g := &u.got[id%MaxWindow]; g.id == id {
		return int(g.count)
	}
	return 0
}

// upstream finds an upstream, or begins to know it.
func (m *Multicast) upstream(id core.NodeID) *upstream {
	for _, u := range m.ups {
		if u.id == id {
			return u
		}
	}
	u := &upstream{id: id, flow: -1, horizon: m.base, latest: m.base, since: feedbackEvery} // to be told at once
	m.ups = append(m.ups, u)
	return u
}

// upstreamIs notes that a link from upstream is there, or gone.
func (m *Multicast) upstreamIs(id core.NodeID, up bool) {
	if up {
		m.upstream(id)
		m.tell = true
		return
	}
	m.ups = slices.DeleteFunc(m.ups, func(u *upstream) bool { return u.id == id })
	m.tell = true // the others have to make up for it
}

// measure learns from a generation that is over how much of one each upstream brings.
func (m *Multicast) measure(id uint32) {
	for _, u := range m.ups {
		sample := u.gotOf(id) * flowUnit
		if u.flow < 0 {
			u.flow = sample
			continue
		}
		u.flow += (sample - u.flow) / 4
	}
}

// weight is an upstream's part among a receiver's, which only count beside each other. One
// that brings nothing keeps a little, so that it is asked again.
func (u *upstream) weight() int {
	if u.flow < 0 {
		return 8 * flowUnit
	}
	return max(u.flow, flowUnit/4)
}

// say tells an upstream what is needed: the feedback of package coding, and behind it for
// each generation how much of it that upstream should bring, and how much has come from
// it. The message's number is that of the last packet that came.
func (m *Multicast) say(u *upstream) {
	u.since = 0
	if !m.known {
		return
	}
	m.round++
	m.plan(u)
	f := &m.feedback
	n := f.Len()
	msg := m.NewMsg(TypeFeedback, 0, n+2*len(m.wants))
	if _, err := f.Put(msg.Payload()); err != nil {
		panic("netcode: " + err.Error()) // its numbers are ours
	}
	for i, w := range m.wants {
		be.PutUint16(msg.Payload()[n+2*i:], w)
	}
	msg.SetSeq(u.seq)
	m.stats.Feedbacks++
	m.Send(msg, u.id)
}
