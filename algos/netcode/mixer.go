package netcode

import (
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/coding"
	"github.com/ioverlay/ioverlay/core"
)

// Mixer recodes by a fixed rate: for every n packets that bring something new to its
// generation it sends m new combinations of all that has come of it. There is no feedback;
// m above n makes up for loss, and a slow downstream slows the upstream down. Make it with
// NewMixer.
type Mixer struct {
	algos.Base
	n, m  int
	to    []core.NodeID
	turn  int // of the downstream that gets the next packet
	mixes [mixerWindow]mix
	made  []*core.Msg
	dsts  [][]byte
	stats MixerStats
}

// mixerWindow is how many generations a Mixer works on: the newest, and one that is still
// coming in on a slower lane.
const mixerWindow = 2

// idAt is where in a packet its generation's number is (docs/coding.md).
const idAt = 4

// mix is one generation at a Mixer.
type mix struct {
	rec  coding.Recoder
	kept []*core.Msg
	due  int // packets that have come since the last were made
}

// MixerStats are what a Mixer has counted.
type MixerStats struct {
	Received   uint64
	Innovative uint64 // of them
	Sent       uint64
	Stale      uint64 // of older generations than it works on
	Bad        uint64 // that made no sense: nothing else was done about them
}

// NewMixer makes a node that sends m packets for n to the given nodes in turn.
func NewMixer(n, m int, to ...core.NodeID) *Mixer {
	if n < 1 || m < 1 || n > coding.MaxK || m > coding.MaxK || len(to) == 0 {
		panic(fmt.Sprintf("netcode: a Mixer of %d packets for %d to %d nodes: want 1 to %d packets and a node", m, n, len(to), coding.MaxK))
	}
	return &Mixer{n: n, m: m, to: to, made: make([]*core.Msg, m), dsts: make([][]byte, m)}
}

// Counters are the counters so far.
func (x *Mixer) Counters() MixerStats { return x.stats }

// Process implements core.Algorithm.
func (x *Mixer) Process(m *core.Msg) core.Verdict {
	if m.Type() != TypeCoded {
		return x.Base.Process(m)
	}
	x.stats.Received++
	b := m.Payload()
	if len(b) < idAt+4 {
		x.stats.Bad++
		return core.Done
	}
	id := be.Uint32(b[idAt:])
	g := &x.mixes[id%mixerWindow]
	// The recoder looks at the whole header; here the number is enough to know that the
	// packet is of another generation than the last.
	if was := g.rec.Generation(); was.K == 0 || was.ID != id {
		if p, err := coding.Parse(b); err != nil {
			x.stats.Bad++
			return core.Done
		} else if !x.begin(g, p.Generation, m.App()) {
			return core.Done
		}
	}
	r, err := g.rec.Add(b)
	switch {
	case err != nil:
		x.stats.Bad++
	case r == coding.Innovative:
		x.stats.Innovative++
		x.Retain(m)
		g.kept = append(g.kept, m)
		if g.due++; g.due == x.n {
			x.emit(g, m.App(), x.m)
			g.due = 0
		}
	}
	return core.Done
}

// begin gives a place to a new generation. What came last of the one before, fewer than n
// packets, gets its part first.
func (x *Mixer) begin(g *mix, next coding.Generation, app uint32) bool {
	was := g.rec.Generation()
	if was.K > 0 && was.Stream == next.Stream && int32(next.ID-was.ID) < 0 {
		x.stats.Stale++
		return false
	}
	if g.due > 0 {
		x.emit(g, app, (g.due*x.m+x.n-1)/x.n)
	}
	for i, m := range g.kept {
		x.Release(m)
		g.kept[i] = nil
	}
	g.kept, g.due = g.kept[:0], 0
	if g.rec.Seed == 0 {
		g.rec.Seed = x.Rand().Uint64()
	}
	if err := g.rec.Reset(next); err != nil {
		x.stats.Bad++
		return false
	}
	return true
}

// emit sends count new packets of a generation.
func (x *Mixer) emit(g *mix, app uint32, count int) {
	size := g.rec.Generation().VectorLen()
	for i := range count {
		x.made[i] = x.NewMsg(TypeCoded, app, size)
		x.dsts[i] = x.made[i].Payload()
	}
	if err := g.rec.RecodeAll(x.dsts[:count]); err != nil {
		panic("netcode: recode: " + err.Error()) // there is something, and its shape was checked
	}
	for i, m := range x.made[:count] {
		m.SetSeq(x.stats.Sent)
		x.Send(m, x.to[x.turn])
		x.made[i], x.dsts[i] = nil, nil
		x.stats.Sent++
		if x.turn++; x.turn == len(x.to) {
			x.turn = 0
		}
	}
}
