package scenario

import (
	"context"
	"errors"
	"fmt"
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
		result *Result
		err    error
	}
	hung := make(chan *Hang, 1)
	over := make(chan outcome, 1)
	stop := w.WatchHangs(d.o.hangAfter(), func(h *Hang) { hung <- h })
	go func() {
		var o outcome
		defer func() { over <- o }()
		o.result, o.err = d.whole(ctx, began)
	}()
	select {
	case o := <-over:
		stop()
		return o.result, o.err
	case h := <-hung:
		return nil, fmt.Errorf("%w: %w", ErrHung, h)
	}
}
