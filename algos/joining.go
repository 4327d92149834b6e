package algos

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Joining gets a node into an overlay in which somebody has to be the first: a ring, a tree, a group with a leader. It asks the nodes
// that this one knows to take it in, one after another, until it is in. Who knows nobody is the first of an overlay. So is a
// node if nobody whom it has asked is in one, and it has the lowest ID of those that it knows and can reach: if all start at
// once, a few begin overlays. That they become one is the overlay's affair. Set the fields before it is used.
type Joining struct {
	Base  *Base
	Pause time.Duration // between two nodes that are asked, above 0; it is drawn between that and three times as long
	Lost  *View         // nodes that failed, and may be back: they are asked too, and nobody waits for them to be the first

	In    func() bool               // whether this node is in
	Ask   func(contact core.NodeID) // asks a node to take this one in, and puts it among the Lost if it cannot be reached
	Begin func()                    // makes this node the first

	asked int
	timer Timer
}

// mostAskedFirst is how many nodes are asked, or each twice if there are fewer, before one that knows of nobody lower begins.
const mostAskedFirst = 8

// Join asks the first of them now, and the others later. Call it when all are up (Base.OnUp), and when this node is in no longer.
func (j *Joining) Join() {
	if j.Pause <= 0 {
		panic(fmt.Sprintf("algos: Joining with a Pause of %v: it needs one above 0", j.Pause))
	}
	j.timer.Stop()
	j.asked = 0
	j.step()
}

func (j *Joining) step() {
	if j.In() {
		return
	}
	others := slices.Concat(j.Base.Contacts(), j.Lost.All())
	j.asked++
	if len(others) == 0 || j.asked > min(2*len(others), mostAskedFirst) && !slices.ContainsFunc(j.Base.Known(), j.isLower) {
		j.Begin()
		return
	}
	j.Ask(others[len(others)-1-j.asked%len(others)])
	j.timer = j.Base.AfterFunc(j.Pause+time.Duration(j.Base.Rand().Int64N(int64(2*j.Pause))), j.step)
}

// isLower reports whether a node is to begin rather than this one.
func (j *Joining) isLower(id core.NodeID) bool { return id.Compare(j.Base.ID()) < 0 && !j.Lost.Has(id) }
