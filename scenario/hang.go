package scenario

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/ioverlay/ioverlay/scenario/world"
)

// Hang says which node does not return, what it was given, and where it is.
type Hang = world.Hang

// DefaultHangAfter is how long an algorithm may take to return. A call takes microseconds; what takes seconds in
// real time is lost, and everybody on its loop with it.
const DefaultHangAfter = 5 * time.Second

// NeverHangs is an Options.HangAfter.
const NeverHangs time.Duration = -1

// ErrHung means that an algorithm did not return. There is no result: who has it does not answer.
var ErrHung = errors.New("scenario: a node does not return")

func (o Options) hangAfter() time.Duration {
	switch {
	case o.HangAfter == 0:
		return DefaultHangAfter
	case o.HangAfter < 0:
		return 0
	}
	return o.HangAfter
}

// watched is whole, and gives up if a node does not return. The goroutine that waits for it is left behind then, since
// nothing ends one: the program is expected to end.
func (d *driver) watched(ctx context.Context, began time.Time) (*Result, error) {
	w, ok := d.w.(world.Watcher)
	if !ok || d.o.hangAfter() == 0 {
		return d.whole(ctx, began)
	}
	type outcome struct {
		result   *Result
		err      error
		returned bool
		panicked any // with its stack, if it did not return
	}
	hung := make(chan *Hang, 1)
	over := make(chan outcome, 1)
	stop := w.WatchHangs(d.o.hangAfter(), func(h *Hang) { hung <- h })
	go func() {
		var o outcome
		defer func() {
			if !o.returned { // whoever called Run is to meet what ended it, as without a watch
				if v := recover(); v != nil {
					o.panicked = fmt.Sprintf("%v\n\n%s", v, debug.Stack())
				}
			}
			over <- o
		}()
		o.result, o.err = d.whole(ctx, began)
		o.returned = true
	}()
	select {
	case o := <-over:
		stop()
		switch {
		case o.panicked != nil:
			panic(o.panicked)
		case !o.returned:
			runtime.Goexit() // as t.Fatal in a check does
		}
		return o.result, o.err
	case h := <-hung:
		return nil, fmt.Errorf("%w: %w", ErrHung, h)
	}
}
