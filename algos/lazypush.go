package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// LazyPush is the half of an epidemic broadcast that tells of messages in place of sending them (lazy push; IHAVE and IWANT): peers
// are told the names of those that are new, whoever misses one asks for it (Wants), and gets it from what is kept (Recent). Names are
// told again as well, so that nothing is lost with a message that names it: all that are kept to every new peer, and to one whenever
// Remind is called. The other half, which sends messages at once to some peers or to all (Base.Offer), is the algorithm's; without it
// each message comes after Wants.Wait.
//
//	have  control: names of messages. Those that are new are gathered for Wait
//	want  control: send me this message
//
// Both are for peers only: who sends one and is none is told so.
//
// Set the fields, and call Open in Bind. Of each message that comes, Kept has to know (Recent.Keep), and Wants (Wants.Got).
type LazyPush struct {
	Base     *Base
	Peers    *Peering
	Kept     *Recent
	Wants    *Wants        // of which Open sets Base, Have and Ask
	TypeHave core.Type     // of the control messages: what is here, and
	TypeWant core.Type     // what is wanted
	Wait     time.Duration // how long names are gathered before they are told, and between two pages of what is kept

	To     func() []core.NodeID   // the peers that are told of what is new; nil: all
	OnWant func(peer core.NodeID) // is told of each peer that is asked for a message, or asks for one, before one is sent; nil: nobody is

	news    Gather[MsgID]
	telling Telling
}

// Open begins to tell all who become peers.
func (l *LazyPush) Open() {
	l.Wants.Base, l.Wants.Have, l.Wants.Ask = l.Base, l.Kept.Seen, l.Ask
	l.news = Gather[MsgID]{Base: l.Base, Wait: l.Wait, Most: pack.MaxList, Flush: l.tell}
	l.telling = Telling{Base: l.Base, Kept: l.Kept, Wait: l.Wait, Type: l.TypeHave}
	l.Peers.OnChange(func(peer core.NodeID, up bool) {
		if up {
			l.telling.Tell(peer)
		} else {
			l.telling.End(peer)
		}
	})
	OnLent(l.Base, l.TypeHave, func(m *core.Msg, names *MsgIDs) {
		if l.Peers.Knows(m.From()) {
			l.Wants.Announced(m.From(), *names...)
		}
	})
	On(l.Base, l.TypeWant, l.wanted)
}

// Add has peers told of a message, with others.
func (l *LazyPush) Add(id MsgID) { l.news.Add(id) }

func (l *LazyPush) tell(ids []MsgID) {
	to := l.Peers.All
	if l.To != nil {
		to = l.To
	}
	l.Base.PostAll(to(), l.TypeHave, (*MsgIDs)(&ids))
}

// Tell tells a peer of a message at once, as of one that there was no room to send.
func (l *LazyPush) Tell(peer core.NodeID, id MsgID) {
	l.Base.Post(peer, l.TypeHave, &MsgIDs{id})
}

// Remind tells a peer, which is drawn, of all that is kept: now and then, for names that have been lost.
func (l *LazyPush) Remind() { l.telling.Tell(One(l.Base.Rand(), l.Peers.All())) }

// Telling is how many peers are being told of all that is kept, and have not been told of all yet.
func (l *LazyPush) Telling() int { return l.telling.Len() }

// Ask asks a peer for a message, and reports whether it did: who is none is not asked.
func (l *LazyPush) Ask(peer core.NodeID, id MsgID) bool {
	if !l.Peers.Has(peer) {
		return false
	}
	l.used(peer)
	return l.Base.Post(peer, l.TypeWant, &id)
}

// wanted sends a peer a message that it asks for, if it is kept.
func (l *LazyPush) wanted(m *core.Msg, id *MsgID) {
	if !l.Peers.Knows(m.From()) {
		return
	}
	l.used(m.From())
	if kept := l.Kept.Get(l.Base.Node, *id); kept != nil {
		l.Base.Send(kept, m.From())
	}
}

func (l *LazyPush) used(peer core.NodeID) {
	if l.OnWant != nil {
		l.OnWant(peer)
	}
}
