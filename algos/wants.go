package algos

import (
	"cmp"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Wants are the messages that others have announced and this node has not got. Each may
// come by itself for a while; then those who announced it are asked, one after another.
// Set the fields before it is used, and say with Got what has come.
type Wants struct {
	Base  *Base
	Wait  time.Duration                         // for a message to come by itself, above 0
	Again time.Duration                         // for one that was asked for, before another node is asked; 0: half of Wait
	Have  func(id MsgID) bool                   // whether a message has come
	Ask   func(peer core.NodeID, id MsgID) bool // asks a node for a message; false: it is of no use to wait for it

	wanted  map[MsgID]*want
	givenUp uint64
	ignored uint64
}

type want struct {
	from  []core.NodeID // announced it, and were not asked yet
	first core.NodeID   // who announced it first, and when
	since time.Duration
	timer Timer
}

// Announced notes that a node has messages. Those that are not here are waited for; beyond
// MaxWants they are not noted, and Ignored counts them.
func (w *Wants) Announced(by core.NodeID, ids ...MsgID) {
	for _, id := range ids {
		if w.Have(id) {
			continue // so most are, by the time that they are announced
		}
		switch x := w.wanted[id]; {
		case x != nil && len(x.from) < maxAnnouncers && !slices.Contains(x.from, by):
			x.from = append(x.from, by)
		case x == nil && len(w.wanted) < MaxWants:
			w.want(id, by)
		case x == nil:
			w.ignored++
		}
	}
}

func (w *Wants) want(id MsgID, by core.NodeID) {
	if w.wanted == nil {
		w.wanted = make(map[MsgID]*want)
	}
	x := &want{from: []core.NodeID{by}, first: by, since: w.Base.Now()}
	w.wanted[id] = x
	x.timer = w.Base.AfterFunc(w.Wait, func() { w.ask(id, x) })
}

// Got notes that a message has come. It returns who had announced it first, zero if nobody
// had, and how long ago that was.
func (w *Wants) Got(id MsgID) (first core.NodeID, ago time.Duration) {
	if len(w.wanted) == 0 {
		return first, 0 // what most messages meet
	}
	x := w.wanted[id]
	if x == nil {
		return first, 0
	}
	delete(w.wanted, id)
	x.timer.Stop()
	return x.first, w.Base.Now() - x.since
}

// Len is how many messages are wanted.
func (w *Wants) Len() int { return len(w.wanted) }

// GivenUp is how many messages nobody was left to ask for. They are wanted again when somebody
// announces them anew.
func (w *Wants) GivenUp() uint64 { return w.givenUp }

// Ignored is how many announcements of messages were not noted, as MaxWants others are wanted. Whoever announces
// them again may have better luck.
func (w *Wants) Ignored() uint64 { return w.ignored }

func (w *Wants) ask(id MsgID, x *want) {
	if w.wanted[id] != x {
		return // it has come
	}
	for len(x.from) > 0 {
		peer := x.from[0]
		x.from = x.from[1:]
		if w.Ask(peer, id) {
			x.timer = w.Base.AfterFunc(cmp.Or(w.Again, w.Wait/2), func() { w.ask(id, x) })
			return
		}
	}
	w.givenUp++
	delete(w.wanted, id)
}
