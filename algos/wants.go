package algos

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Wants are the messages that others have announced and this node has not got. Each may
// come by itself for a while; then those who announced it are asked, one after another.
// Set the first four fields before it is used, and say with Got what has come.
type Wants struct {
	Base  *Base
	Wait  time.Duration                         // for a message to come by itself, above 0
	Again time.Duration                         // for one that was asked for, before another node is asked, above 0
	Ask   func(peer core.NodeID, id MsgID) bool // asks a node for a message; false: it is not worth to wait for
	Given uint64                                // messages that were given up: nobody is left who announced them

	wanted map[MsgID]*want
}

type want struct{ from []core.NodeID }

// MaxWants bounds the messages that are wanted, and maxAnnouncers the nodes that are
// remembered for each, since any node may announce some. With a timer each they take 2 MB.
const (
	MaxWants      = 4096
	maxAnnouncers = 8
)

// Announced notes that a node has a message, which is not here yet. Beyond MaxWants it is
// not noted.
func (w *Wants) Announced(id MsgID, by core.NodeID) {
	x := w.wanted[id]
	switch {
	case x != nil && len(x.from) < maxAnnouncers && !slices.Contains(x.from, by):
		x.from = append(x.from, by)
	case x == nil && len(w.wanted) < MaxWants:
		if w.wanted == nil {
			w.wanted = make(map[MsgID]*want)
		}
		x = &want{from: []core.NodeID{by}}
		w.wanted[id] = x
		w.Base.AfterFunc(w.Wait, func() { w.ask(id, x) })
	}
}

// Got notes that a message has come.
func (w *Wants) Got(id MsgID) {
	if len(w.wanted) > 0 {
		delete(w.wanted, id)
	}
}

// Len is how many messages are wanted.
func (w *Wants) Len() int { return len(w.wanted) }

func (w *Wants) ask(id MsgID, x *want) {
	if w.wanted[id] != x {
		return // it has come
	}
	for len(x.from) > 0 {
		peer := x.from[0]
		x.from = x.from[1:]
		if w.Ask(peer, id) {
			w.Base.AfterFunc(w.Again, func() { w.ask(id, x) })
			return
		}
	}
	w.Given++
	delete(w.wanted, id)
}
