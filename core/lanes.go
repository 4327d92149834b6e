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
	if old := n.inLane(from, app); old != nil {
		n.endIn(old, ReasonReplaced, nil)
	}
	n.isUp(from)
	l := n.newInLane(from, app, tr)
	if p, ok := tr.(Prover); ok {
		l.unproven = !p.Proven()
	}
	n.watchIn(l)
	n.post(event{typ: wire.TypeLinkUp, peer: from, app: app, dir: Upstream})
	return l
}

// Before is the transport of the lane that Accept would end for a new one, or nil.
func (s *Switch) Before(from NodeID, app uint32) InTransport {
	if l := s.node.inLane(from, app); l != nil {
		return l.tr
	}
	return nil
}

func (n *Node) newInLane(from NodeID, app uint32, tr InTransport) *InLane {
	l := &InLane{node: n, from: from, app: app, tr: tr, weight: n.weights.of(from, app)}
	l.maxSize = uint64(n.shard.cfg.MaxPayload)
	if n.batches == nil || app == 0 || app == wire.SharedApp || n.shard.cfg.Lanes == LaneShared {
		l.single = neverBatch
	}
	l.age.from = l
	n.ins.add(l)
	n.indexIn(l)
	n.weigh(l)
	if n.pace != nil {
		n.pace.paceIn(l)
	}
	return l
}

// weightRules are the weights that were set, kept for lanes that come later.
type weightRules map[laneKey]int

func (r weightRules) of(from NodeID, app uint32) int {
	if w, ok := r[laneKey{from, app}]; ok {
		return w
	}
	return 1
}

// forget drops the rules of a peer. Like every walk over the rules, it does the same in
// any order.
func (r weightRules) forget(from NodeID) {
	for k := range r {
		if k.from == from {
			delete(r, k)
		}
	}
}

// SetWeight sets the share of one upstream and application when lanes compete
// (paper, section 2.2: weighted round robin with dynamically tunable weights).
// Weights are relative: 1 (the default) to [MaxWeight]. A local source is the
// upstream with the zero NodeID. It holds for lanes that come later too, until
// CloseUpstream; of upstreams that are not there only the last thousand or so are
// remembered. Lanes share an emulated downlink by the same weights.
func (n *Node) SetWeight(from NodeID, app uint32, weight int) {
	if weight < 1 || weight > MaxWeight {
		panic("core: SetWeight with a weight outside 1..MaxWeight")
	}
	n.setRule(laneKey{from, app}, weight)
	if !from.IsZero() {
		if l := n.inLane(from, app); l != nil {
			n.reweighLane(l, weight)
		}
		return
	}
	for l := range n.ofApp(app) {
		if l.from.IsZero() {
			n.reweighLane(l, weight)
		}
	}
}

// reweighLane gives a lane another weight.
func (n *Node) reweighLane(l *InLane, weight int) {
	n.lighten(l)
	l.weight = weight
	n.weigh(l)
	if l.flow != nil {
		n.pace.shaper.SetWeight(l.flow, weight)
	}
}

func (n *Node) setRule(k laneKey, weight int) {
	if weight == 1 {
		delete(n.weights, k) // the default
		return
	}
	if n.weights == nil {
		n.weights = make(weightRules)
	}
	n.weights[k] = weight
	if n.strangers++; n.strangers < maxWeightRules {
		return
	}
	n.strangers = 0
	here := make(map[laneKey]bool, n.ins.n)
	for l := range n.ins.all() {
		here[laneKey{l.from, l.app}] = true
	}
	for k := range n.weights {
		if !here[k] {
			delete(n.weights, k)
		}
	}
}

// weigh sets the quantum of a lane that has come, or has another weight. The others'
// change only if it is heavier than all of them.
func (n *Node) weigh(l *InLane) {
	switch {
	case l.weight > n.heaviest:
		n.reweigh()
		return
	case l.weight == n.heaviest:
		n.heavy++
	}
	l.quantum = max(1, n.shard.cfg.Quantum*l.weight/n.heaviest)
}

// lighten is called before a lane goes or gets another weight. The others' quanta
// change only if it was the last of the heaviest.
func (n *Node) lighten(l *InLane) {
	if l.weight != n.heaviest {
		return
	}
	l.weight = 1
	if n.heavy--; n.heavy == 0 && n.heaviest > 1 {
		n.reweigh()
	}
}

// reweigh sets each lane's quantum: the heaviest lane gets Config.Quantum a
// turn, the others in proportion.
func (n *Node) reweigh() {
	n.heaviest, n.heavy = 1, 0
	for l := range n.ins.all() {
		if l.weight > n.heaviest {
			n.heaviest, n.heavy = l.weight, 0
		}
		if l.weight == n.heaviest {
			n.heavy++
		}
	}
	for l := range n.ins.all() {
		l.quantum = max(1, n.shard.cfg.Quantum*l.weight/n.heaviest)
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
	n.ins.remove(l)
	n.unindexIn(l)
	n.lighten(l)
	if sl, ok := l.tr.(*sourceLane); ok {
		n.dropSource(sl)
	}
	l.age.leave()
	past, gone := &n.past.In, &n.gone.in
	if l.from.IsZero() {
		past, gone = &n.past.Source, &n.gone.source
	}
	past.add(Tally{l.msgs, l.bytes})
	gone.add(Tally{msgs, bytes})
	if n.state == nodeStopping {
		n.shard.ready.push(n)
	}
}
