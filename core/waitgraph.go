package core

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ioverlay/ioverlay/core/wire"
)

// Waiting in a circle. A data lane that waits for a full queue is fed by another node,
// whose own lane from upstream may wait for the next one, and so on: data that runs in
// a circle faster than it leaves it ends with everybody waiting for himself. No switch
// can mend that without losing data, but it must not look like silence. So the monitor
// of a node says what has waited at it without progress for a while, and whoever runs
// the nodes puts it together:
//
//	Node.waits          of a node: this lane from upstream waits for that queue
//	Runtime.Waits       is told of it, and when it is over
//	WaitGraph.Update    finds the circles that it closes
//	Switch.TellDeadlock tells the algorithms of those in it

// Wait is a lane from upstream that is not served, since one of its messages waits for
// room on a lane to a downstream node.
type Wait struct {
	Node  NodeID // where
	From  NodeID // the upstream node, and
	App   uint32 // the application of its lane; wire.SharedApp on a lane of all
	To    NodeID // the downstream node, and
	ToApp uint32 // the application of the lane to it
}

// String is the wait in words.
func (w Wait) String() string {
	return fmt.Sprintf("at %v application %d from %v waits for application %d to %v", w.Node, w.App, w.From, w.ToApp, w.To)
}

// Circle is a row of waits each of which waits for the next, and the last for the
// first. It begins with the least of its nodes.
type Circle []Wait

// String names its nodes, lanes and applications.
func (c Circle) String() string {
	words := make([]string, len(c))
	for i, w := range c {
		words[i] = w.String()
	}
	return strings.Join(words, "; ")
}

// Equal reports whether two circles are the same.
func (c Circle) Equal(d Circle) bool { return slices.Equal(c, d) }

// WaitGraph is what waits for what among the nodes of one world. It belongs to whoever
// runs them, and is looked at only when something has stood still for a while.
type WaitGraph struct {
	at    map[NodeID][]Wait
	known []Circle // that have been named and still stand
}

// Update replaces what waits at a node and returns the circles that are closed by it
// and were not known.
func (g *WaitGraph) Update(node NodeID, waits []Wait) (found []Circle) {
	g.known = slices.DeleteFunc(g.known, func(c Circle) bool {
		return slices.ContainsFunc(c, func(w Wait) bool { return w.Node == node && !slices.Contains(waits, w) })
	})
	if len(waits) == 0 {
		delete(g.at, node)
		return nil
	}
	if g.at == nil {
		g.at = make(map[NodeID][]Wait)
	}
	g.at[node] = slices.Clone(waits)
	for _, w := range waits {
		c := g.circle(w)
		if c == nil || slices.ContainsFunc(g.known, c.Equal) {
			continue
		}
		g.known = append(g.known, c)
		found = append(found, c)
	}
	return found
}

// circle is a circle that a wait is part of, or nil: a search in depth for a way from
// the lane that it waits for back to the lane that waits.
func (g *WaitGraph) circle(first Wait) Circle {
	seen := map[Wait]bool{first: true}
	way := Circle{first}
	var search func(w Wait) bool
	search = func(w Wait) bool {
		for _, next := range g.at[w.To] {
			if next.From != w.Node || next.App != w.ToApp {
				continue // another lane, which is served
			}
			if next == first {
				return true
			}
			if seen[next] {
				continue
			}
			seen[next] = true
			way = append(way, next)
			if search(next) {
				return true
			}
			way = way[:len(way)-1]
		}
		return false
	}
	if !search(first) {
		return nil
	}
	least := 0
	for i := range way {
		if way[i].Node.Compare(way[least].Node) < 0 {
			least = i
		}
	}
	return append(way[least:len(way):len(way)], way[:least]...)
}

// waitTicks is how many looks of the monitor a lane must have stood still for before
// those who wait for it are told of.
const waitTicks = 2

// noteWaits gathers who waits for a lane that has stood still.
func (n *Node) noteWaits(l *OutLane) {
	for _, o := range l.over[l.overHead:] {
		if o.owner == nil || o.owner.from.IsZero() {
			continue // nobody, or a source, which nobody waits for
		}
		w := Wait{Node: n.id, From: o.owner.from, App: o.owner.app, To: l.peer, ToApp: l.app}
		if !slices.Contains(n.waits, w) {
			n.waits = append(n.waits, w)
		}
	}
}

// reportWaits tells the runtime what waits, if anything does or did.
func (n *Node) reportWaits() {
	if len(n.waits) > 0 || n.waiting {
		n.waiting = len(n.waits) > 0
		n.shard.rt.Waits(&n.sw, n.waits)
	}
}

// TellDeadlock tells the node's algorithm of a circle that it is in.
func (s *Switch) TellDeadlock(c Circle) {
	for _, w := range c {
		if w.Node == s.id {
			s.post(event{typ: wire.TypeDeadlock, peer: w.To, app: w.ToApp, payload: []byte(c.String())})
			return
		}
	}
}
