package coretest

import (
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// The World as a core.Runtime.

// Now implements core.Runtime.
func (w *World) Now() time.Duration { return w.now }

// SetTimer implements core.Runtime.
func (w *World) SetTimer(n *core.Switch, at time.Duration, id uint64) {
	w.StopTimer(n, id)
	w.timers = append(w.timers, timer{at, n, id})
	slices.SortStableFunc(w.timers, compareTimers)
}

// StopTimer implements core.Runtime.
func (w *World) StopTimer(n *core.Switch, id uint64) {
	w.timers = slices.DeleteFunc(w.timers, func(t timer) bool { return t.node == n && t.id == id })
}

// Dial implements core.Runtime. The answer comes in the next step, as it does on a
// network: until then the lane queues what is sent.
func (w *World) Dial(l *core.OutLane) { w.dials = append(w.dials, l) }

// answer opens the lanes asked for. Nobody lives at an ID that no running node has, and
// nobody is a peer of its own.
func (w *World) answer() {
	dials := w.dials
	w.dials = nil
	for _, l := range dials {
		if l.Node().Ended() {
			continue
		}
		i := slices.IndexFunc(w.nodes, func(n *core.Switch) bool { return n.ID() == l.Peer() && n.Accepts() })
		if i < 0 || l.Peer() == l.Node().ID() {
			w.log("%s cannot reach %s for application %d", w.Name(l.Node().ID()), w.Name(l.Peer()), l.App())
			l.Fail(core.ReasonRefused)
			continue
		}
		w.log("%s opened application %d to %s", w.Name(l.Node().ID()), l.App(), w.Name(l.Peer()))
		core.Connect(l, w.nodes[i])
	}
}

// Waits implements core.Runtime.
func (w *World) Waits(n *core.Switch, waits []core.Wait) {
	for _, c := range w.graph.Update(n.ID(), waits) {
		w.log("deadlock: %v", c)
		for _, n := range w.nodes {
			n.TellDeadlock(c)
		}
	}
}

// Warn implements core.Runtime.
func (w *World) Warn(n *core.Switch, l *core.InLane, err error) {
	w.log("%s ended the lane from %s: %v", w.Name(n.ID()), w.Name(l.From()), err)
}

// Ended implements core.Runtime.
func (w *World) Ended(n *core.Switch, c *core.Crash) {
	w.timers = slices.DeleteFunc(w.timers, func(t timer) bool { return t.node == n })
	if c != nil {
		w.crashes[n.ID()] = c
		w.log("%s crashed: %v", w.Name(n.ID()), c.Value)
		return
	}
	w.log("%s ended", w.Name(n.ID()))
}
