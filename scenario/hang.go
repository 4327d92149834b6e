package scenario

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// Hang says which node does not return, what it was given, and where it is.
type Hang = world.Hang

// DefaultHangAfter is how long an algorithm may take to return. A call takes microseconds; what takes seconds in
// real time is lost, and everybody on its loop with it.
const DefaultHangAfter = 5 * time.Second

// NeverHangs is an Options.HangAfter.
const NeverHangs time.Duration = -1

// ErrHung means that an algorithm did not return. There is no result, since who has it does not answer, but in the proc
// world, which has what was measured until then. In the others the goroutine of the algorithm is left behind, and
// uses a core for as long as it likes: nothing ends one but the end of the process.
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

// hung makes what a world says of a node that does not return an ErrHung.
func hung(err error) error {
	var h *Hang
	if errors.As(err, &h) {
		return fmt.Errorf("%w: %w", ErrHung, err)
	}
	return err
}

// WatchNode calls hung, once and on another goroutine, with an ErrHung that says where the algorithm is, if the only node of
// an engine does not return for the given time; 0: never. It is for programs that run a node by themselves. What stop
// ends is over when it returns.
func WatchNode(e *engine.Engine, name string, after time.Duration, said func(error)) (stop func()) {
	if after <= 0 {
		return func() {}
	}
	return world.WatchNode(e, name, after, func(h *Hang) { said(hung(h)) })
}

// Make makes an algorithm for a node that a program runs by itself, as Registry.Make does, and gives up with an ErrHung if it is
// not made within the given time (0: whenever), or with the context's error. The goroutine that makes it is left behind then.
func Make(ctx context.Context, r *Registry, algorithm string, e Env, after time.Duration) (core.Algorithm, error) {
	alg, err := world.Make(ctx, e.Name, func() (core.Algorithm, error) { return r.Make(algorithm, e) }, after)
	return alg, hung(err)
}

// watched is whole, and gives up if a node does not return. The goroutine that waits for it is left behind then, since
// nothing ends one: the program is expected to end.
func (d *driver) watched(ctx context.Context, began time.Time) (*Result, error) {
	w, ok := d.w.(world.Watcher)
	if !ok || d.o.hangAfter() == 0 {
		r, err := d.whole(ctx, began)
		return r, hung(err)
	}
	ctx, cancel := context.WithCancel(ctx) // whatever returns after all finds that nobody waits for it
	defer cancel()
	type outcome struct {
		result   *Result
		err      error
		returned bool
		panicked any // with its stack, if it did not return
	}
	found := make(chan *Hang, 1)
	over := make(chan outcome, 1)
	stop := w.WatchHangs(d.o.hangAfter(), func(h *Hang) { found <- h })
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
	case h := <-found:
		return nil, hung(h)
	}
}
