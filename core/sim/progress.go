package sim

import "time"

// Progress is a number that changes with everything that happens in the world: for a watchdog on another goroutine,
// which sees by it that an algorithm does not return. It reads what the world's goroutine writes, a word each, and
// the race detector is told to look away: to count with atomics would cost every event something.
//
//go:norace
func (w *World) Progress() uint64 { return w.events + uint64(w.steps) }

// Reached is Now for such a watchdog: a guess while the world runs, and the time at which an algorithm does not return.
//
//go:norace
func (w *World) Reached() time.Duration { return w.now }
