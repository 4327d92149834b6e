package plumtree

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/hyparview"
	"github.com/ioverlay/ioverlay/algos/pack"
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
	Missing algos.Wants     // messages that neighbours have announced; Wait is how long they may take to come
	Batch   time.Duration   // how long announcements are gathered
	Deliver func(*core.Msg) // is handed each message once

	Duplicates uint64 // messages that came again

	lazy algos.View   // the neighbours that are told of messages, and not sent them
	news algos.MsgIDs // what they are told next
}

// New makes a node.
func New() *Plumtree {
	p := &Plumtree{HyParView: *hyparview.New(), Batch: 100 * time.Millisecond, Deliver: func(*core.Msg) {}}
	p.Recent.Max, p.Missing.Wait, p.Missing.Again = 128, time.Second, time.Second/2
	return p
}

// Bind implements core.Algorithm.
func (p *Plumtree) Bind(n *core.Node) {
	p.HyParView.Bind(n)
	p.OnNeighbour = p.neighbour
	p.Missing.Base, p.Missing.Ask = &p.Base, p.graft
	p.lazy = algos.View{Max: p.Active, Not: func(id core.NodeID) bool { return !slices.Contains(p.Neighbours(), id) }}
	algos.On(&p.Base, typeHave, p.announced)
	algos.On(&p.Base, typeGraft, p.grafted)
	p.Handle(typePrune, func(m *core.Msg) { p.lazy.Add(m.From()) })
	p.Handle(wire.TypeData, p.received)
	p.Handle(wire.TypeBrokenSource, func(*core.Msg) { p.Repair() }) // as grafting will
}

// neighbour has a new neighbour told of all that is kept; then it is sent everything.
func (p *Plumtree) neighbour(peer core.NodeID, up bool) {
	if ids := p.Recent.IDs(pack.MaxList); up && len(ids) > 0 {
		p.Post(peer, typeHave, &ids)
	}
	p.lazy.Remove(peer)
}

func (p *Plumtree) received(m *core.Msg) {
	from, id := m.From(), algos.IDOf(m)
	if !p.Recent.Keep(p.Node, m) {
		p.Duplicates++
		p.lazy.Add(from)
		p.Post(from, typePrune, nil)
		return
	}
	p.Missing.Got(id)
	p.lazy.Remove(from)
	for _, peer := range p.Neighbours() {
		switch {
		case peer == from || p.lazy.Has(peer):
		case p.Full(peer, id.App) && !from.IsZero():
			p.Post(peer, typeHave, &algos.MsgIDs{id})
		default:
			p.Send(m, peer)
		}
	}
	if len(p.news) == 0 {
		p.AfterFunc(p.Batch, p.announce)
	}
	if p.news = append(p.news, id); len(p.news) == pack.MaxList {
		p.announce()
	}
	p.Deliver(m)
}

func (p *Plumtree) announce() {
	if len(p.news) > 0 {
		p.PostAll(p.lazy.All(), typeHave, &p.news)
	}
	p.news = p.news[:0]
}

func (p *Plumtree) announced(m *core.Msg, ids *algos.MsgIDs) {
	for _, id := range *ids {
		if !p.Recent.Seen(id) {
			p.Missing.Announced(id, m.From())
		}
	}
}

// graft asks a neighbour for a message, and for all that follow.
func (p *Plumtree) graft(peer core.NodeID, id algos.MsgID) bool {
	p.lazy.Remove(peer)
	return slices.Contains(p.Neighbours(), peer) && p.Post(peer, typeGraft, &id)
}

func (p *Plumtree) grafted(m *core.Msg, id *algos.MsgID) {
	p.lazy.Remove(m.From())
	if kept := p.Recent.Get(*id); kept != nil {
		p.Send(kept, m.From())
	}
}
