package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Watch looks after the loops from a goroutine of its own: one that does not come to its next turn for the given time has an
// algorithm, source or sink that does not return. Then hung is called, once, with the node that has the loop and the
// type of the message it was given, 0 if it was none. Nothing can be done about such a loop: Close would wait for ever.
//
// It costs each loop one note each quarter of the time, and its messages nothing. What stop ends is over when it returns.
func (e *Engine) Watch(after time.Duration, hung func(node core.NodeID, t core.Type)) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if lp := e.awaitHung(after, done); lp != nil {
			hung(lp.shard.Serving())
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(done) })
		<-ended
	}
}

// awaitHung returns the first loop that hangs, or nil when done is closed. Time is counted in ticks of its own: a process
// that was stopped, or has no processor, does not tick either.
func (e *Engine) awaitHung(after time.Duration, done chan struct{}) *loop {
	const looks = 4
	ticker := time.NewTicker(max(after/looks, time.Millisecond))
	defer ticker.Stop()
	waits := make([]int, len(e.loops)) // ticks since a loop was asked; 0: it was not
	answered := make([]atomic.Bool, len(e.loops))
	for {
		select {
		case <-done:
			return nil
		case <-ticker.C:
		}
		for i, lp := range e.loops {
			select {
			case <-lp.ended: // it has nothing to answer any more
				continue
			default:
			}
			switch {
			case waits[i] == 0 || answered[i].Load():
				waits[i] = 1
				answered[i].Store(false)
				lp.post(func() { answered[i].Store(true) })
			case waits[i] > looks:
				return lp
			default:
				waits[i]++
			}
		}
	}
}
