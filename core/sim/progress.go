package sim

// Progress is a number that changes with everything that happens in the world: for a watchdog on another goroutine,
// which sees by it that an algorithm does not return. It reads what the world's goroutine writes, a word each, and
// the race detector is told to look away: to count with atomics would cost every event something.
//
//go:norace
func (w *World) Progress() uint64 { return w.events + uint64(w.steps) }
