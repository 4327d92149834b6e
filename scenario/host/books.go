package host

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// books are what the switch counts and this host has reported of it. Most lanes have
// nothing to report, so only those that have are remembered, and a reading of the
// others costs a look at each.
type books struct {
	failed          uint64        // links and sends that failed for want of descriptors, memory or ports
	crashAt         time.Duration // Node.Now when the algorithm panicked
	lostOut, lostIn uint64
	round           uint64                      // of readings
	lanes           map[lane]laneBook           // lanes that have lost something or whose pipe was full
	waiting         map[core.NodeID]waitingBook // downstreams for which messages wait
}

// laneBook is what has been reported of a lane, as of a reading.
type laneBook struct {
	lost  uint64
	full  time.Duration
	round uint64
}

type waitingBook struct {
	msgs  int
	round uint64
}

// noRoom notes that the process is out of descriptors, memory or ports.
func (b *books) noRoom(m *core.Msg) {
	if m.Link().Reason == core.ReasonNoRoom {
		b.failed++
	}
}

// Count reads what has changed since it was last called. It allocates what it reports
// and no more.
func (h *Host) Count() Counters {
	now := h.node.Now()
	c := Counters{At: now, Ended: h.node.Ended(), CrashAt: h.books.crashAt, Metrics: h.node.TakeMetrics()}
	for _, src := range h.sources {
		c.Late = max(c.Late, src.report(&h.tally, now))
	}
	h.tally.follow.take(&c)
	h.told.take(&c)
	c.Apps = h.tally.apps.take(func(a *AppCount) AppCount {
		out := *a
		*a = AppCount{App: a.App}
		return out
	})
	c.In = h.tally.in.take(func(in *InCount) InCount {
		out := *in
		*in = InCount{From: in.From, App: in.App, Slot: in.Slot}
		return out
	})
	b := &h.books
	lost := b.downstreams(h.node, &c)
	c.LostOut, b.lostOut = grown(b.lostOut, lost.OutMsgs+lost.EmulMsgs)
	c.LostIn, b.lostIn = grown(b.lostIn, lost.UnswitchedMsgs())
	c.NoRoom, b.failed = b.failed, 0
	c.Broken, c.BrokeAt = h.guard.take(h.node)
	return c
}

// grown is by how much a counter has grown, and what it is now. One that has begun
// again, with what it counts, has grown from 0.
func grown[N uint64 | time.Duration](was, is N) (by, now N) {
	if is < was {
		return is, is
	}
	return is - was, is
}

// downstreams reports those whose waiting messages, losses or full pipes have changed,
// and returns what the node has lost.
func (b *books) downstreams(n *core.Node, c *Counters) core.LossStats {
	b.round++
	var of OutCount // the lanes of a node come one after another
	lost := n.Backlogs(func(l core.Backlog) {
		if l.App == 0 {
			return
		}
		if of.To != l.To {
			b.tell(of, c)
			of = OutCount{To: l.To}
		}
		of.Queued += l.Msgs
		if l.Lost > 0 || l.PipeFull > 0 {
			b.lane(l, &of)
		}
	})
	b.tell(of, c)
	b.forget(c)
	slices.SortFunc(c.Out, func(x, y OutCount) int { return x.To.Compare(y.To) })
	return lost
}

// lane adds what a lane has lost, and for how long its pipe was full, since it was read last.
func (b *books) lane(l core.Backlog, of *OutCount) {
	k := lane{l.To, l.App}
	was := b.lanes[k]
	lost, isLost := grown(was.lost, l.Lost)
	full, isFull := grown(was.full, l.PipeFull)
	of.Lost += lost
	of.PipeFull += full
	if b.lanes == nil {
		b.lanes = make(map[lane]laneBook)
	}
	b.lanes[k] = laneBook{isLost, isFull, b.round}
}

// tell reports a downstream node if something has changed.
func (b *books) tell(o OutCount, c *Counters) {
	if o.To.IsZero() || o.Queued == 0 && len(b.waiting) == 0 && o.Lost == 0 && o.PipeFull == 0 {
		return
	}
	if o.Queued != b.waiting[o.To].msgs || o.Lost > 0 || o.PipeFull > 0 {
		c.Out = append(c.Out, o)
	}
	switch {
	case o.Queued == 0:
		delete(b.waiting, o.To)
	default:
		if b.waiting == nil {
			b.waiting = make(map[core.NodeID]waitingBook)
		}
		b.waiting[o.To] = waitingBook{o.Queued, b.round}
	}
}

// forget drops what was not there in this reading: for a downstream without lanes nothing
// waits any more, and a lane that is made again counts from 0.
func (b *books) forget(c *Counters) {
	//ioverlay:impure what waits is kept by node, whatever the order
	for to, w := range b.waiting {
		if w.round != b.round {
			delete(b.waiting, to)
			c.Out = append(c.Out, OutCount{To: to})
		}
	}
	for k, l := range b.lanes {
		if l.round != b.round {
			delete(b.lanes, k)
		}
	}
}
