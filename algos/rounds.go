package algos

import (
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What nodes do again and again, at times of their own: nodes that start together would else act together for ever.

// OnUp has fn called when the node runs and all are up that its world begins with (wire.TypeWorldUp): the moment to look for
// others, set timers and draw random numbers. It takes the place of Handle for world-up. An algorithm that embeds another
// one may call it too: functions are called in the order in which they were given.
func (b *Base) OnUp(fn func()) {
	if fn == nil {
		panic("algos: OnUp without a function")
	}
	k := b.tools()
	k.up = append(k.up, fn)
	if len(k.up) > 1 {
		return
	}
	b.Handle(wire.TypeWorldUp, func(*core.Msg) {
		for _, fn := range k.up {
			fn()
		}
	})
}

// Rounds is Every from a random time within the first period on: what a group does is spread over all of it, and each node keeps
// its beat.
func (b *Base) Rounds(period time.Duration, fn func()) {
	b.AfterFunc(time.Duration(b.Rand().Int64N(int64(period))), func() {
		fn()
		b.Every(period, fn)
	})
}

// Drift is Every with a period that is longer by up to a tenth, drawn once: nodes come apart, and meet each other at other
// moments each time.
func (b *Base) Drift(period time.Duration, fn func()) Timer {
	return b.Every(period+period*time.Duration(b.Rand().IntN(100))/1000, fn)
}
