package world

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/core"
)

// Hang says that a node's algorithm, source or sink does not return. Its loop, and so the run, cannot go on or end.
type Hang struct {
	Node  string
	Type  core.Type // of the message that it was given; 0: none, such as a source that is asked
	After time.Duration
	Stack string // of the goroutine
}

// Error implements error.
func (h *Hang) Error() string {
	given := "which was given no message (a source, or a function)"
	if h.Type != 0 {
		given = fmt.Sprintf("which was given a message of type %v", h.Type)
	}
	return fmt.Sprintf("node %s, %s, has not returned for %v: an endless loop, a lock or a channel that it waits for, or a sleep\n%s",
		h.Node, given, h.After, h.Stack)
}

// Watcher is a world that can be watched.
type Watcher interface {
	// WatchHangs calls hung, once and on another goroutine, if a node does not return for the given time.
	// What stop ends is over when it returns.
	WatchHangs(after time.Duration, hung func(*Hang)) (stop func())
}

// stacksOfNodes are the stacks of the goroutines that serve a node.
func stacksOfNodes() string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) > 64<<20 {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var serving []string
	for _, stack := range strings.Split(string(buf), "\n\n") {
		if strings.Contains(stack, "/ioverlay/core.(*Node).") || strings.Contains(stack, "/ioverlay/core.(*Shard).Inject") {
			serving = append(serving, stack)
		}
	}
	return strings.Join(serving, "\n\n")
}

// WatchHangs implements Watcher.
func (w *live) WatchHangs(after time.Duration, hung func(*Hang)) func() {
	names := make(map[core.NodeID]string)
	for i, id := range w.at.ids {
		names[id] = w.o.Plan.Nodes[i].Name
	}
	return w.eng.Watch(after, func(node core.NodeID, t core.Type) {
		hung(&Hang{Node: names[node], Type: t, After: after, Stack: stacksOfNodes()})
	})
}

// WatchHangs implements Watcher.
func (w *virtual) WatchHangs(after time.Duration, hung func(*Hang)) func() {
	done, ended := make(chan struct{}), make(chan struct{})
	names := make(map[core.NodeID]string)
	for _, n := range w.nodes {
		names[w.world.ID(n.name)] = n.name
	}
	go func() {
		defer close(ended)
		if w.await(after, done) {
			id, t := w.world.Shard().Serving()
			hung(&Hang{Node: names[id], Type: t, After: after, Stack: stacksOfNodes()})
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(done) })
		<-ended
	}
}

// await returns true when the world is busy and nothing has happened in it for a time, counted in ticks as in engine.Watch.
func (w *virtual) await(after time.Duration, done chan struct{}) bool {
	const looks = 4
	ticker := time.NewTicker(max(after/looks, time.Millisecond))
	defer ticker.Stop()
	before, same := w.world.Progress(), 0
	for {
		select {
		case <-done:
			return false
		case <-ticker.C:
		}
		now := w.world.Progress()
		if !w.busy.Load() || now != before {
			before, same = now, 0
			continue
		}
		if same++; same > looks {
			return true
		}
	}
}

// busy says that the world's goroutine is in the world.
type busy struct{ atomic.Bool }

// during runs fn.
func (b *busy) during(fn func() error) error {
	b.Store(true)
	defer b.Store(false)
	return fn()
}
