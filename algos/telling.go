package algos

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Telling tells peers of all the messages that a node keeps (Recent), the newest first, and a page at a time: who has just come
// may be anybody, and is not to be sent much at once. It is for overlays in which messages are announced, for what came before a
// peer did and for announcements that were lost. Set the fields before it is used.
type Telling struct {
	Base *Base
	Kept *Recent
	Wait time.Duration // between two pages
	Type core.Type     // of the control messages, whose payloads are MsgIDs

	under []telling
}

// telling is how far a peer has been told.
type telling struct {
	peer core.NodeID
	from uint64 // as Recent.Page has it
}

// toldAtOnce is how many messages are on a page.
const toldAtOnce = 512

// Tell tells a peer of all that is kept now: the first page at once. One that is begun anew ends the one before. Of nobody
// it does nothing.
func (t *Telling) Tell(peer core.NodeID) {
	if !peer.IsZero() {
		t.page(peer, 0)
	}
}

// End ends what a peer is being told.
func (t *Telling) End(peer core.NodeID) {
	t.under = slices.DeleteFunc(t.under, func(u telling) bool { return u.peer == peer })
}

// Len is how many peers have pages to come.
func (t *Telling) Len() int { return len(t.under) }

func (t *Telling) page(peer core.NodeID, from uint64) {
	t.End(peer)
	ids, next := t.Kept.Page(from, toldAtOnce)
	if t.Base.Post(peer, t.Type, ids); next == 0 {
		return
	}
	u := telling{peer, next}
	t.under = append(t.under, u)
	t.Base.AfterFunc(t.Wait, func() {
		if slices.Contains(t.under, u) {
			t.page(peer, next)
		}
	})
}
