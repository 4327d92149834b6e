// Package plumtree broadcasts over a tree that it finds in an overlay, and mends:
// J. Leitão, J. Pereira, L. Rodrigues, "Epidemic broadcast trees", SRDS 2007.
//
// It embeds HyParView, whose neighbours are eager or lazy. A message is sent to eager
// neighbours at once; lazy ones are told its name. A message that comes a second time makes
// the link that it came on lazy, so that what is left is a tree over which each message goes
// to each node once. A name whose message does not come makes a link eager again.
//
// # Messages
//
//	data    what sources make, unchanged: its maker, application and number are its name
//	have    control: names of messages (IHAVE), gathered for Batch
//	graft   control: send me this message, and all that follow
//	prune   control: do not send, tell
//
// # What waits
//
// In an overlay with circles, data that waits for room in a queue can come to wait for
// itself, and a node that has stopped would stop everybody (docs/algorithm.md, package gossip).
// So a node sends a message to those eager neighbours whose queues have room, and the others
// are told its name, and ask for it. Only a source waits, if none of its node's
// neighbours has room: it goes as fast as the fastest of them takes its messages.
//
// # Guarantees
//
//   - Each message is delivered at most once to each life of a node, however late copies come.
//   - It is delivered to all nodes that a neighbour which keeps it can tell of it, whatever
//     was lost before: names are told once to lazy neighbours, all that are kept to every new
//     neighbour, and to one neighbour each Period. A node keeps the last messages of each stream
//     (Recent.Max, Recent.MaxBytes); so who was cut off for longer has missed what came before them.
//   - In quiet times each node gets each message once. Copies that came again count in Consumed.
//
// # Limits
//
// Messages do not come in order, after failures above all. Who joins late gets what his
// neighbours keep. A source that begins again has to number on (algos.Recent). What is
// sent faster than the slowest links carry does not reach the nodes behind them, and is
// counted there (Missing.GivenUp, Missing.Ignored) as far as it is announced. Members are not authenticated;
// names, and requests for messages, are taken from neighbours only.
//
// # Deviations from the paper
//
//   - The optimisation compares times and not hops, for data is not written to on its way: a
//     lazy neighbour who announced a message so much earlier than it came (Faster) becomes eager
//     in place of the one that sent it. It is off by default.
//   - All that is kept is announced to new neighbours, and regularly: the paper announces a
//     message once, so what is lost with the announcement is lost.
package plumtree

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/hyparview"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	typeHave core.Type = wire.FirstAlgorithmType + 40 + iota
	typeGraft
	typePrune
)

// Plumtree is the algorithm of one node. Make it with New; fields may be changed before
// the node starts.
type Plumtree struct {
	hyparview.HyParView
	Recent  algos.Recent    // messages that were delivered; Max is how many of each stream are kept
	Missing algos.Wants     // messages that were announced; Wait is how long they may take to come
	Batch   time.Duration   // how long names are gathered before they are told
	Faster  time.Duration   // how much earlier than a message its name must come for another tree; 0: off
	Deliver func(*core.Msg) // is handed each message once

	lazy algos.View     // the neighbours that are told of messages, and not sent them
	push algos.LazyPush // to them
}

// New makes a node.
func New() *Plumtree {
	return &Plumtree{HyParView: *hyparview.New(), Batch: 100 * time.Millisecond, Deliver: func(*core.Msg) {},
		Recent: algos.Recent{Max: 128}, Missing: algos.Wants{Wait: time.Second}}
}

// Bind implements core.Algorithm.
func (p *Plumtree) Bind(n *core.Node) {
	p.HyParView.Bind(n)
	eager := func(peer core.NodeID) { p.lazy.Remove(peer) }
	p.lazy = algos.View{Max: p.Active, Not: func(id core.NodeID) bool { return !p.IsNeighbour(id) }}
	p.Peering().OnChange(func(peer core.NodeID, _ bool) { eager(peer) })
	p.push = algos.LazyPush{
		Base: &p.Base, Peers: p.Peering(), Kept: &p.Recent, Wants: &p.Missing,
		TypeHave: typeHave, TypeWant: typeGraft, Wait: p.Batch, To: p.lazy.All, OnWant: eager,
	}
	p.push.Open()
	p.Handle(typePrune, func(m *core.Msg) { p.lazy.Add(m.From()) })
	p.Handle(wire.TypeData, p.received)
	p.Handle(wire.TypeBrokenSource, func(*core.Msg) { p.Repair() })                  // as grafting will
	p.Handle(wire.TypeStarted, func(*core.Msg) { p.Every(p.Period, p.push.Remind) }) // for what announcements have been lost
}

func (p *Plumtree) received(m *core.Msg) {
	from, id := m.From(), algos.IDOf(m)
	if !m.Sender().Dialable() {
		return // a maker that there cannot be: its name could be told to nobody
	}
	if !p.Recent.Keep(m) {
		p.prune(from)
		return
	}
	p.lazy.Remove(from)
	if first, ago := p.Missing.Got(id); p.Faster > 0 && ago >= p.Faster && p.lazy.Has(first) {
		p.push.Ask(first, algos.MsgID{}) // what follows, and not this message again
		p.prune(from)
	}
	p.Offer(m, p.Neighbours(), p.lazy.Has, func(peer core.NodeID) { p.push.Tell(peer, id) })
	p.push.Add(id)
	p.Deliver(m)
}

// prune has a neighbour tell, and not send.
func (p *Plumtree) prune(peer core.NodeID) {
	p.lazy.Add(peer)
	p.Post(peer, typePrune, nil)
}
