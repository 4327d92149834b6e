package algos

import "time"

// Gather gathers things for a while, and hands them over together: announcements,
// acknowledgements, whatever is cheaper in one message. Set its fields before it is used.
type Gather[T any] struct {
	Base  *Base
	Wait  time.Duration    // from the first thing that is gathered
	Most  int              // so many are handed over at once, from 1
	Flush func(things []T) // gets them, in order, until it returns

	things []T
	timer  Timer
}

// Add gathers one more.
func (g *Gather[T]) Add(thing T) {
	if len(g.things) == 0 {
		g.timer = g.Base.AfterFunc(g.Wait, g.flush)
	}
	if g.things = append(g.things, thing); len(g.things) >= g.Most {
		g.timer.Stop()
		g.flush()
	}
}

func (g *Gather[T]) flush() {
	things := g.things
	g.things = nil // Flush may add some
	g.Flush(things)
	if g.things == nil {
		g.things = things[:0]
	}
}
