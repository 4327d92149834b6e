package core

import "github.com/ioverlay/ioverlay/core/wire"

// The upstream lanes of a node: how they come, what they weigh, how they end.

// Accept makes the receiving end of a lane that an upstream node has opened. A
// lane that the same upstream opened before for the same application ends: its
// connection is dead, the node only has not noticed yet.
func (s *Switch) Accept(from NodeID, app uint32, tr InTransport) *InLane {
	n := s.node
	if n.state != nodeRunning {
		return nil
	}
	for _, old := range n.ins {
		if old.from == from && old.app == app && !from.IsZero() {
			n.endIn(old, ReasonReplaced, nil)
			break
		}
	}
	l := n.newInLane(from, app, tr)
	n.post(event{typ: wire.TypeLinkUp, peer: from, app: app, dir: Upstream})
	return l
}

func (n *Node) newInLane(from NodeID, app uint32, tr InTransport) *InLane {
	l := &InLane{node: n, from: from, app: app, tr: tr, weight: 1}
	l.maxSize = uint64(n.shard.cfg.MaxPayload)
	for _, w := range n.weights {
		if w.from == from && w.app == app {
			l.weight = w.weight
		}
	}
	n.ins = append(n.ins, l)
	n.reweigh()
	if n.pace != nil {
		n.pace.paceIn(l)
	}
	return l
}

// weightRule is a weight that was set, kept for lanes that come later.
type weightRule struct {
	from   NodeID
	app    uint32
	weight int
}

// SetWeight sets the share of one upstream and application when lanes compete
// (paper, section 2.2: weighted round robin with dynamically tunable weights).
// Weights are relative: 1 (the default) to [MaxWeight]. A local source is the
// upstream with the zero NodeID. It holds for lanes that come later too. Lanes share
// an emulated downlink by the same weights.
func (n *Node) SetWeight(from NodeID, app uint32, weight int) {
	if weight < 1 || weight > MaxWeight {
		panic("core: SetWeight with a weight outside 1..MaxWeight")
	}
	n.setRule(weightRule{from, app, weight})
	for _, l := range n.ins {
		if l.from == from && l.app == app {
			l.weight = weight
			if l.flow != nil {
				n.pace.shaper.SetWeight(l.flow, weight)
			}
		}
	}
	n.reweigh()
}

func (n *Node) setRule(w weightRule) {
	for i := range n.weights {
		if n.weights[i].from == w.from && n.weights[i].app == w.app {
			n.weights[i] = w
			return
		}
	}
	n.weights = append(n.weights, w)
}

// reweigh sets each lane's quantum: the heaviest lane gets Config.Quantum a
// turn, the others in proportion.
func (n *Node) reweigh() {
	heaviest := 1
	for _, l := range n.ins {
		heaviest = max(heaviest, l.weight)
	}
	for _, l := range n.ins {
		l.quantum = max(1, n.shard.cfg.Quantum*l.weight/heaviest)
	}
}

// End is called when nothing more will come on the lane: its upstream closed it
// or failed. What was received whole is still switched, unless the peer broke
// the protocol. err is for the log and may be nil.
func (l *InLane) End(why Reason, err error) {
	switch {
	case l.closed:
	case l.slab != nil && why != ReasonProtocol:
		l.ending = why
	default:
		l.node.endIn(l, why, err)
	}
}

// endIn ends an upstream lane: its transport is told, what it still had is
// counted, and the algorithm gets LinkDown, or SourceEnd for a local source.
func (n *Node) endIn(l *InLane, why Reason, err error) {
	if l.closed {
		return
	}
	n.removeIn(l)
	if err != nil {
		n.shard.rt.Warn(&n.sw, l, err)
	}
	how := CloseGraceful
	if why == ReasonProtocol {
		how = CloseAbort
	}
	l.tr.Close(l, how)
	t := wire.TypeLinkDown
	if l.from.IsZero() {
		t = wire.TypeSourceEnd
	}
	n.post(event{typ: t, peer: l.from, app: l.app, reason: why, dir: Upstream, lost: l.droppedMsgs})
	n.breakFlows(l, why)
}

// removeIn takes a lane out of the node and counts what it still had.
func (n *Node) removeIn(l *InLane) {
	l.closed = true
	if l.active {
		n.active.remove(l)
		l.active = false
	}
	if l.flow != nil {
		n.pace.dropIn(l)
	}
	msgs, bytes := l.drop()
	l.droppedMsgs, l.droppedBytes = msgs, bytes
	n.gone.inMsgs += msgs
	n.gone.inBytes += bytes
	for i := range n.ins {
		if n.ins[i] == l {
			n.ins = append(n.ins[:i], n.ins[i+1:]...)
			break
		}
	}
	for i, sl := range n.sources {
		if sl.lane == l {
			n.shard.rt.StopTimer(&n.sw, sl.timer)
			n.sources = append(n.sources[:i], n.sources[i+1:]...)
			break
		}
	}
	n.reweigh()
	if n.state == nodeStopping {
		n.shard.ready.push(n)
	}
}
