package protocoltest

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Types of the protocol's messages, besides data.
const (
	ask    = wire.FirstUserType + iota // number of the question
	answer                             // likewise
	query                              // number, and how often it may still be passed on
	flood                              // number; its sender is who began it
)

// hops is how often a query is passed on.
const hops = 3

// Peer is the algorithm of one life of a node.
type Peer struct {
	plan  *Plan
	index int
	node  *core.Node

	Sent     uint64 // messages handed to Send
	Received uint64 // messages that came from other nodes
	Told     uint64 // losses that events told of
	Asked    uint64 // questions, of both kinds
	Answered uint64

	numbers uint64
	seen    map[core.NodeID]uint64 // the newest flood of each
	held    []*core.Msg            // questions to be answered later, and data to be passed on
	running bool                   // a source
}

// NewPeer is a life of the node with that index. It begins when it is started, or with
// [Peer.Begin] if the plan is not made yet.
func NewPeer(p *Plan, index int) *Peer {
	return &Peer{plan: p, index: index, seen: make(map[core.NodeID]uint64)}
}

// Follow gives a life that has none a plan, once its node has been started.
func (p *Peer) Follow(plan *Plan) { p.plan = plan }

// Begin has it do things of its own accord, once all others have their plan as well.
func (p *Peer) Begin() { p.again() }

// Bind implements core.Algorithm.
func (p *Peer) Bind(n *core.Node) { p.node = n }

// Node is the life itself; for tests, on its loop.
func (p *Peer) Node() *core.Node { return p.node }

// Process implements core.Algorithm.
func (p *Peer) Process(m *core.Msg) core.Verdict {
	if !m.From().IsZero() {
		p.Received++
	}
	switch t := m.Type(); t {
	case wire.TypeStarted:
		if p.plan != nil {
			p.again()
		}
	case wire.TypeTimer:
		p.tick()
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeSendFailed:
		p.Told += m.Link().Lost
	case wire.TypeSourceEnd:
		p.running = false
	case ask, query:
		return p.question(m)
	case answer:
		p.Answered++
	case flood:
		p.spread(m)
	case wire.TypeData:
		return p.pass(m)
	}
	return core.Done
}

func (p *Peer) send(m *core.Msg, to core.NodeID) {
	p.Sent++
	p.node.Send(m, to)
}

func (p *Peer) dice(n int) int { return p.node.Rand().IntN(n) }

// neighbour is one at random.
func (p *Peer) neighbour() core.NodeID {
	k := p.plan.Knows[p.index]
	return p.plan.Nodes[k[p.dice(len(k))]]
}

// again sets the next tick, or the last, which lets go of everything.
func (p *Peer) again() {
	p.node.After(1+time.Duration(p.node.Rand().Int64N(int64(p.plan.Tick))), 1)
}

// tick lets go of what is held, and does something.
func (p *Peer) tick() {
	p.letGo()
	if p.node.Now() >= p.plan.Until {
		p.node.StopSource(uint32(p.index + 1))
		return
	}
	p.act(p.plan.Does[p.dice(len(p.plan.Does))])
	p.again()
}

func (p *Peer) act(a Act) {
	switch a {
	case Ask:
		to := p.neighbour()
		for range 1 + p.dice(p.plan.Burst) {
			p.say(ask, 0, to)
		}
	case Query:
		for range 1 + p.dice(p.plan.Burst) {
			p.say(query, hops, p.neighbour())
		}
	case Flood:
		m := p.number(flood, 0)
		p.seen[p.node.ID()] = m.Seq() >> 8
		p.toAll(m, core.NodeID{})
	case Stream:
		if !p.running {
			p.running = true
			p.node.AddSource(uint32(p.index+1), &source{peer: p, left: p.dice(8 * p.plan.Burst)})
		}
	case Push:
		root := p.dice(len(p.plan.Nodes))
		for _, child := range p.plan.Trees[root][p.index] {
			p.send(p.node.NewMsg(wire.TypeData, uint32(root+1), p.plan.Payload), p.plan.Nodes[child])
		}
	case Close:
		if p.dice(2) == 0 {
			p.node.CloseLink(p.neighbour())
		} else {
			p.node.CloseUpstream(p.neighbour())
		}
	case Quit:
		p.node.StopSource(uint32(p.index + 1))
	case Weigh:
		p.node.SetWeight(p.neighbour(), uint32(p.dice(len(p.plan.Nodes)+1)), 1+p.dice(5))
	}
}

// number makes a numbered message: its number, above what a query still has to go.
func (p *Peer) number(t core.Type, left uint64) *core.Msg {
	m := p.node.NewMsg(t, 0, p.plan.Payload)
	p.numbers++
	m.SetSeq(p.numbers<<8 | left)
	return m
}

// say asks a question.
func (p *Peer) say(t core.Type, left uint64, to core.NodeID) {
	p.Asked++
	p.send(p.number(t, left), to)
}

// question answers one, now or later, or passes it on.
func (p *Peer) question(m *core.Msg) core.Verdict {
	if m.Type() == query && m.Seq()&0xff > 0 {
		c := p.node.Clone(m)
		c.SetSeq(m.Seq() - 1)
		p.send(c, p.neighbour())
		return core.Done
	}
	if p.dice(8) == 0 && p.node.Now() < p.plan.Until {
		p.held = append(p.held, m)
		return core.Hold
	}
	p.reply(m)
	return core.Done
}

// reply answers whoever began to ask.
func (p *Peer) reply(m *core.Msg) {
	a := p.node.NewMsg(answer, 0, p.plan.Payload)
	a.SetSeq(m.Seq())
	p.send(a, m.Sender())
}

// spread passes a flood on, once.
func (p *Peer) spread(m *core.Msg) {
	if n := m.Seq() >> 8; n > p.seen[m.Sender()] {
		p.seen[m.Sender()] = n
		p.toAll(m, m.From())
	}
}

func (p *Peer) toAll(m *core.Msg, but core.NodeID) {
	for _, k := range p.plan.Knows[p.index] {
		if id := p.plan.Nodes[k]; id != but {
			p.send(m, id)
		}
	}
}

// pass hands data to those below: as it is, made anew, or later.
func (p *Peer) pass(m *core.Msg) core.Verdict {
	if p.dice(16) == 0 && p.node.Now() < p.plan.Until {
		p.held = append(p.held, m)
		return core.Hold
	}
	p.down(m)
	return core.Done
}

func (p *Peer) down(m *core.Msg) {
	root := int(m.App()) - 1
	if root >= len(p.plan.Trees) {
		return
	}
	for _, child := range p.plan.Trees[root][p.index] {
		if p.dice(2) == 0 {
			p.send(m, p.plan.Nodes[child])
		} else {
			p.send(p.node.Clone(m), p.plan.Nodes[child])
		}
	}
}

// letGo answers and passes on what is held.
func (p *Peer) letGo() {
	held := p.held
	p.held = nil
	for _, m := range held {
		if m.Type() == wire.TypeData {
			p.down(m)
		} else {
			p.reply(m)
		}
		p.node.Release(m)
	}
}

// source is data of a limited length.
type source struct {
	peer *Peer
	left int
	seq  uint64
}

// Produce implements core.Source.
func (s *source) Produce(n *core.Node) core.Supply {
	if s.left == 0 {
		return core.Supply{End: true}
	}
	size := wire.HeaderLen(n.ID()) + s.peer.plan.Payload
	slab, err := n.Pool().GetSize(size)
	if err != nil {
		return core.Supply{Wake: n.Now() + time.Millisecond} // memory pressure
	}
	wire.PutHeader(slab.Bytes(), wire.Header{Type: wire.TypeData, Sender: n.ID(), App: uint32(s.peer.index + 1), Seq: s.seq, Size: s.peer.plan.Payload})
	s.left--
	s.seq++
	return core.Supply{Run: core.Run{Slab: slab, Len: uint32(size), Msgs: 1}}
}

// Close implements core.Source.
func (s *source) Close() { s.left = 0 }
