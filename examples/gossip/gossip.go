package main

import (
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

const (
	ask      = wire.FirstUserType // asks for what comes from its number on
	askEvery = 200 * time.Millisecond
	memory   = 1024 // messages that a node keeps
	answers  = 64   // most messages in answer to one ask
)

// Gossip is a multicast without a tree. Whoever sees a message for the first time
// passes it on, and asks its neighbours, time and again, for what it lacks.
type Gossip struct {
	algos.Base
	Neighbours []core.NodeID
	next       uint64            // the first that this node lacks
	kept       [memory]*core.Msg // a message is at the place of its number
}

// Process implements core.Algorithm.
func (g *Gossip) Process(m *core.Msg) core.Verdict {
	switch {
	case m.Type() == wire.TypeData && !g.keep(m):
		return core.Done // seen before: this is what ends the flood
	case m.Type() == wire.TypeData:
		g.Disseminate(m, 1, g.Neighbours...)
	case m.Type() == wire.TypeStarted:
		g.Every(askEvery, g.ask)
	case m.Type() == ask:
		for i := range uint64(answers) {
			if kept := g.kept[(m.Seq()+i)%memory]; kept != nil && kept.Seq() == m.Seq()+i {
				g.Send(kept, m.From())
			}
		}
		return core.Done
	}
	return g.Base.Process(m)
}

// ask asks all neighbours for what comes from the first message that is lacking.
func (g *Gossip) ask() {
	question := g.NewMsg(ask, 0, 0)
	question.SetSeq(g.next)
	g.Disseminate(question, 1, g.Neighbours...)
}

// keep remembers a message, and reports whether it was new.
func (g *Gossip) keep(m *core.Msg) bool {
	place := &g.kept[m.Seq()%memory]
	if *place != nil {
		if (*place).Seq() >= m.Seq() {
			return false
		}
		g.Release(*place)
	}
	g.Retain(m)
	*place = m
	for kept := g.kept[g.next%memory]; kept != nil && kept.Seq() >= g.next; kept = g.kept[g.next%memory] {
		g.next++
	}
	return true
}
