package core

import "github.com/ioverlay/ioverlay/core/emul"

// Lanes from upstream under an emulated limit. A lane asks for credit when its turn
// has come and it has none; until it gets some it is blocked as by a full queue, so
// that its transport stops reading and the upstream node feels it. With credit it has
// its turns as ever, and no turn goes beyond the credit by more than a message.

// paceIn puts a lane from an upstream node under the node's limits, or takes it out.
// Local sources are no traffic.
func (p *pacer) paceIn(l *InLane) {
	limited := p.shaper.Limits(emul.In) && !l.from.IsZero()
	switch {
	case limited && l.flow == nil:
		l.flow = p.shaper.NewFlow(l, emul.In, p.join(l.from), l.weight)
	case !limited && l.flow != nil:
		throttled := l.throttled
		p.dropIn(l)
		if throttled {
			l.unblock()
		}
	}
}

// dropIn ends the emulation of a lane.
func (p *pacer) dropIn(l *InLane) {
	p.settleIn(l)
	p.shaper.Drop(l.flow)
	p.part(l.from)
	l.flow, l.throttled = nil, false
}

// servePaced gives a lane its turn, as serveLane, as far as it has credit.
func (n *Node) servePaced(l *InLane) {
	if l.credit <= 0 {
		l.throttled, l.active = true, false
		l.blocked++
		n.pace.shaper.Ask(l.flow, n.Now())
		n.pace.run(n.Now()) // which may put it back into the round at once
		return
	}
	if l.deficit <= 0 {
		l.grant(1)
	}
	spare := max(0, l.deficit-int(min(l.credit, int64(l.deficit))))
	l.deficit -= spare
	before := l.bytes
	n.serveLane(l)
	l.deficit += spare
	if !l.active && l.blocked == 0 {
		l.deficit = min(l.deficit, 0) // an idle lane saves nothing up
	}
	if l.flow == nil {
		return // the algorithm has lifted the limit, or the lane is gone
	}
	switched := int64(l.bytes - before)
	l.passed += switched
	l.credit -= switched
	if !l.active || l.credit <= 0 {
		n.pace.settleIn(l)
	}
}

// settleIn ends the lane's grant.
func (p *pacer) settleIn(l *InLane) {
	p.shaper.Settle(l.flow, l.passed, p.node.Now())
	l.credit, l.passed = 0, 0
}

// Granted implements emul.Taker.
func (l *InLane) Granted(credit int64) {
	l.credit, l.passed = credit, 0
	if l.throttled {
		l.throttled = false
		l.unblock()
	}
}

// join and part count the lanes of an upstream node, which share its part.
func (p *pacer) join(from NodeID) *emul.Shared {
	for i := range p.upstreams {
		if u := &p.upstreams[i]; u.from == from {
			u.lanes++
			return u.shared
		}
	}
	p.upstreams = append(p.upstreams, upShare{from: from, shared: emul.NewShared(), lanes: 1})
	return p.upstreams[len(p.upstreams)-1].shared
}

func (p *pacer) part(from NodeID) {
	for i := range p.upstreams {
		if u := &p.upstreams[i]; u.from == from {
			if u.lanes--; u.lanes == 0 {
				last := len(p.upstreams) - 1
				p.upstreams[i] = p.upstreams[last]
				p.upstreams[last] = upShare{}
				p.upstreams = p.upstreams[:last]
			}
			return
		}
	}
}
