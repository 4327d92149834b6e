package core

import (
	"fmt"
	"slices"
)

// twin is one of two worlds to which the same happens: a node between feeders and ports.
type twin struct {
	*world
	fan   *fan
	node  *Node
	ports *ports
	ups   []*feeder
	got   map[string][]byte // of ports that are gone
}

func newTwin(t tb, cfg Config, dests []NodeID, batches bool, room int) *twin {
	w := &twin{world: newWorld(t, cfg), fan: &fan{dests: dests}, got: make(map[string][]byte)}
	if batches {
		w.node = w.world.fan(0, w.fan)
	} else {
		w.node = w.world.fan(0, oneByOne{w.fan})
	}
	w.ports = w.world.ports(room)
	dial := w.dial
	w.dial = func(l *OutLane) {
		key := portKey(l.Peer(), l.App())
		if p := w.ports.byLane[key]; p != nil {
			w.got[key] = append(w.got[key], p.got...)
		}
		dial(l)
	}
	return w
}

// state is all that a difference between one by one and batches could show in.
func (w *twin) state() []string {
	var s []string
	add := func(format string, args ...any) { s = append(s, fmt.Sprintf(format, args...)) }
	add("node %+v queued %v active %d parking %d", w.node.Stats(), w.node.queued, w.node.active.n, len(w.node.parking))
	for l := range w.node.ins.all() {
		add("in %v/%d at %d of %d deficit %d round %d ticket %d active %v blocked %d msgs %d bytes %d credit %d passed %d",
			l.from, l.app, l.pos, l.end, l.deficit, l.round, l.ticket, l.active, l.blocked, l.msgs, l.bytes, l.credit, l.passed)
	}
	for _, lk := range w.node.links {
		for _, l := range lk.lanes {
			add("out %v/%d state %d bytes %d msgs %d sent %d lost %d dirty %v watched %v round %d open %v parked %d signals %v %v",
				l.peer, l.app, l.state, l.bytes, l.msgs, l.sentMsgs, l.lostMsgs, l.dirty, l.watched, l.round, l.open != nil, len(l.parked), l.signals, l.said)
			for i := range l.q.len() {
				add("  run %d+%d, %d messages", l.q.at(i).Off, l.q.at(i).Len, l.q.at(i).Msgs)
			}
			for _, o := range l.over[l.overHead:] {
				add("  waits %d+%d of %v, round %d", o.run.Off, o.run.Len, o.owner != nil, o.next)
			}
		}
	}
	for _, key := range sortedKeys(w.ports.byLane) {
		add("port %s got %d %x", key, len(w.ports.byLane[key].got), w.ports.byLane[key].got)
	}
	for _, key := range sortedKeys(w.got) {
		add("before %s got %x", key, w.got[key])
	}
	return append(s, w.fan.seen...)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
