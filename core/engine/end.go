package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/ioverlay/ioverlay/core"
)

// Stop ends all nodes gracefully and then the engine. First every algorithm is told
// Stopping, and only when all have been told does the first link end: nobody takes the
// common end for a failure. Then sources and links from upstream end, and what was
// accepted is delivered to those who still take it. When ctx is done, or after 10 seconds if
// it has no deadline, what is left is ended at once and its messages are
// counted as lost; the error then says so. Stop may be called more than once.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		e.wg.Wait()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	ctx, cancel := withStopTimeout(ctx)
	defer cancel()
	e.TellStopping()
	nodes := e.Nodes()
	for _, n := range nodes {
		n.async(func(c *core.Node) { c.Stop() })
	}
	var err error
	for _, n := range nodes {
		err = errors.Join(err, n.await(ctx))
	}
	if ctx.Err() == nil {
		e.awaitLingering(ctx)
	}
	e.stopLoops()
	return err
}

// TellStopping is the first half of Stop, for the engines of a world that are to end
// together: each tells its nodes before any of them stops. When it returns, every
// algorithm of this engine gets Stopping before whatever happens now; links stay, and the
// nodes go on until Stop.
func (e *Engine) TellStopping() { e.onNodes((*core.Switch).TellStopping) }

// AllUp tells every algorithm of the engine, once, that all nodes that the world begins
// with have started: each gets WorldUp, and nodes that are added later get it right after
// Started. An engine does not know who else there will be, so whoever builds the world
// calls this. When it returns, every algorithm gets the event before whatever is sent to
// it from now on.
func (e *Engine) AllUp() {
	e.mu.Lock()
	e.up = true
	e.mu.Unlock()
	e.onNodes((*core.Switch).TellWorldUp)
}

// isUp reports whether AllUp was called.
func (e *Engine) isUp() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.up
}

// onNodes does something with every node that has started, each on its loop, and waits
// until it is done. All loops do it at the same time.
func (e *Engine) onNodes(do func(*core.Switch)) {
	var all sync.WaitGroup
	for _, lp := range e.loops {
		all.Go(func() {
			// The only error is that the loop has ended, and then so have its nodes.
			_ = lp.do(func() {
				for _, n := range lp.nodes {
					do(n.core)
				}
			})
		})
	}
	all.Wait()
}

// Close ends everything at once. Algorithms are told Stopping; messages on their way
// are lost.
func (e *Engine) Close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	// The error says which nodes had messages left, which is what Close is for.
	_ = e.Stop(ctx)
}

func withStopTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, stopTimeout)
}
