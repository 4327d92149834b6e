package sim

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// The World as a core.Runtime. These methods are called by its nodes.

// SetTimer implements core.Runtime.
func (w *World) SetTimer(n *core.Switch, at time.Duration, id uint64) {
	if home := w.home(n); home.core == n && !n.Ended() {
		w.timers.set(&w.queue, home, max(at, w.now), id)
	}
}

// StopTimer implements core.Runtime.
func (w *World) StopTimer(n *core.Switch, id uint64) {
	if home := w.home(n); home.core == n {
		w.timers.stop(&w.queue, home, id)
	}
}

// Waits implements core.Runtime.
func (w *World) Waits(n *core.Switch, waits []core.Wait) {
	for _, c := range w.waits.Update(n.ID(), waits) {
		w.deadlocks = append(w.deadlocks, Deadlock{At: w.now, Circle: c})
		for _, wait := range c {
			if at := w.byID[wait.Node]; at != nil {
				at.core.TellDeadlock(c)
			}
		}
	}
}

// Warn implements core.Runtime.
func (w *World) Warn(n *core.Switch, l *core.InLane, err error) {
	if w.opt.Watch != nil {
		w.opt.Watch.Warned(w.now, w.home(n), l.From(), l.App(), err)
	}
}

// Ended implements core.Runtime.
func (w *World) Ended(n *core.Switch, crash *core.Crash) {
	home := w.home(n)
	w.alive--
	w.timers.forget(&w.queue, home)
	if crash != nil {
		w.panics = append(w.panics, Panic{home, home.lives, w.now, crash})
	}
	if w.opt.Watch != nil {
		w.opt.Watch.Ended(w.now, home, crash)
	}
}
