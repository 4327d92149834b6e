package host

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// books are what the switch counts and this host has reported of it.
type books struct {
	failed          uint64        // links and sends that failed for want of descriptors or memory
	crashAt         time.Duration // Node.Now when the algorithm panicked
	lostOut, lostIn uint64
	lanes           map[lane]uint64     // messages lost, of lanes that have lost some
	waiting         map[core.NodeID]int // messages that wait, of downstreams for which some do
}

// noRoom notes that the process is out of descriptors or memory.
func (b *books) noRoom(m *core.Msg) {
	if m.Link().Reason == core.ReasonNoRoom {
		b.failed++
	}
}

// Count reads what has changed since it was last called. It allocates; it is for
// reports.
func (h *Host) Count() Counters {
	now := h.node.Now()
	s := h.node.Stats()
	c := Counters{At: now, Ended: h.node.Ended(), CrashAt: h.books.crashAt}
	for _, src := range h.sources {
		c.Late = max(c.Late, src.report(&h.tally, now))
	}
	c.Apps = h.tally.apps.take(func(a *AppCount) AppCount {
		out := *a
		*a = AppCount{App: a.App}
		return out
	})
	c.In = h.tally.in.take(func(in *InCount) InCount {
		out := *in
		*in = InCount{From: in.From, App: in.App}
		return out
	})
	b := &h.books
	c.LostOut, b.lostOut = grown(b.lostOut, s.Lost.OutMsgs+s.Lost.EmulMsgs)
	c.LostIn, b.lostIn = grown(b.lostIn, s.Lost.InMsgs)
	c.NoRoom, b.failed = b.failed, 0
	c.Out = b.downstreams(s.Downstream)
	return c
}

// grown is by how much a counter has grown, and what it is now. One that has begun
// again, with what it counts, has grown from 0.
func grown(was, is uint64) (by, now uint64) {
	if is < was {
		return is, is
	}
	return is - was, is
}

// forget drops the losses of lanes that are no more: one that is made again counts from 0.
func (b *books) forget(lanes []core.LaneOut) {
	if len(b.lanes) == 0 {
		return
	}
	there := make(map[lane]bool, len(b.lanes))
	for _, l := range lanes {
		there[lane{l.To, l.App}] = true
	}
	for k := range b.lanes {
		if !there[k] {
			delete(b.lanes, k)
		}
	}
}

// downstreams reports those whose waiting messages or losses have changed.
func (b *books) downstreams(lanes []core.LaneOut) (out []OutCount) {
	changed := make(map[core.NodeID]*OutCount)
	at := func(id core.NodeID) *OutCount {
		o, ok := changed[id]
		if !ok {
			o = &OutCount{To: id}
			changed[id] = o
		}
		return o
	}
	for id := range b.waiting {
		at(id) // to be told when nothing waits any more
	}
	b.forget(lanes)
	for _, l := range lanes {
		if l.App == 0 {
			continue
		}
		if n := l.QueuedMsgs + l.Waiting; n > 0 {
			at(l.To).Queued += n
		}
		k := lane{l.To, l.App}
		if by, now := grown(b.lanes[k], l.LostMsgs+l.EmulMsgs); by > 0 {
			if b.lanes == nil {
				b.lanes = make(map[lane]uint64)
			}
			b.lanes[k] = now
			at(l.To).Lost += by
		}
	}
	for id, o := range changed {
		if o.Queued == b.waiting[id] && o.Lost == 0 {
			continue
		}
		out = append(out, *o)
		switch {
		case o.Queued == 0:
			delete(b.waiting, id)
		default:
			if b.waiting == nil {
				b.waiting = make(map[core.NodeID]int)
			}
			b.waiting[id] = o.Queued
		}
	}
	slices.SortFunc(out, func(x, y OutCount) int { return x.To.Compare(y.To) })
	return out
}
