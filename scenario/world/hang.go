package world

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
)

// Hang says that a node's algorithm, source or sink does not return. Its loop, and so the run, cannot go on or end.
type Hang struct {
	Node  string
	Type  core.Type     // of the message that it was given; 0: none, such as a source that is asked
	Doing string        // what the node was asked to do, if that is no event of its loop: to be made, to count
	At    time.Duration // in virtual time, since the beginning; 0 in other worlds
	After time.Duration
	Stack string // of the goroutine
}

// Error implements error.
func (h *Hang) Error() string {
	given := "which was given no message (Bind, a source, or a function)"
	switch {
	case h.Doing != "":
		given = "which was asked " + h.Doing
	case h.Type != 0:
		given = fmt.Sprintf("which was given a message of type %v", h.Type)
	}
	at := ""
	if h.At != 0 {
		at = fmt.Sprintf(" at %v", h.At)
	}
	return fmt.Sprintf("node %s, %s, has not returned for %v%s: an endless loop, a lock or a channel that it waits for, or a sleep\n%s",
		h.Node, given, h.After, at, h.Stack)
}

// Place is the function of the algorithm, or what else it is of a program's author, that was called and does not
// return; "" if the stack does not say.
func (h *Hang) Place() string {
	lines := strings.Split(h.Stack, "\n")
	place := ""
	// Two lines a frame, the last call first: the function, and its file. The outermost call of the package that hosts
	// algorithms is where theirs begins.
	for i := 1; i < len(lines); i += 2 {
		function := lines[i]
		if strings.Contains(function, "/scenario/host.") || strings.Contains(function, "/core.(*") {
			if place != "" && strings.Contains(function, "/scenario/host.") {
				break
			}
			continue
		}
		if args := strings.LastIndexByte(function, '('); args > 0 {
			function = function[:args]
		}
		place = function
	}
	return place
}

// Watcher is a world that can be watched.
type Watcher interface {
	// WatchHangs calls hung, once and on another goroutine, if a node does not return for the given time.
	// What stop ends is over when it returns.
	WatchHangs(after time.Duration, hung func(*Hang)) (stop func())
}

// stacks are the stacks of goroutines, those that are wanted.
func stacks(wanted func(stack []byte) bool) string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) > 64<<20 {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var found []string
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if wanted(stack) {
			found = append(found, string(stack))
		}
	}
	return strings.Join(found, "\n\n")
}

// stacksOfLoops are the stacks of an engine's loops that serve a node.
func stacksOfLoops() string {
	return stacks(func(stack []byte) bool {
		return bytes.Contains(stack, []byte("/ioverlay/core.(*Node).")) || bytes.Contains(stack, []byte("/ioverlay/core.(*Shard)."))
	})
}

// WatchNode calls hung, once and on another goroutine, if the only node of an engine does not return for the given time.
// What stop ends is over when it returns.
func WatchNode(e *engine.Engine, name string, after time.Duration, hung func(*Hang)) (stop func()) {
	return e.Watch(after, func(_ core.NodeID, t core.Type) {
		hung(&Hang{Node: name, Type: t, After: after, Stack: stacksOfLoops()})
	})
}

// Make has an algorithm made for a node that no world hosts, and gives up with a Hang if that takes longer than
// after (0: any time is right), or when the context ends. The goroutine that makes it is left behind then.
func Make(ctx context.Context, node string, made func() (core.Algorithm, error), after time.Duration) (core.Algorithm, error) {
	type outcome struct {
		alg core.Algorithm
		err error
	}
	var k calls
	over, hung := make(chan outcome, 1), make(chan *Hang, 1)
	if after > 0 {
		defer k.watch(after, standing, func(c *call) { hung <- k.hangOf(c, after) })()
	}
	go func() {
		var o outcome
		o.err = k.during(call{node, toBeMade}, func() (err error) {
			o.alg, err = made()
			return err
		})
		over <- o
	}()
	select {
	case o := <-over:
		return o.alg, o.err
	case h := <-hung:
		return nil, h
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hangOf is a call that does not end, of a world that is no virtual one.
func (k *calls) hangOf(c *call, after time.Duration) *Hang {
	return &Hang{Node: c.node, Doing: c.doing, After: after, Stack: k.stack()}
}

// WatchHangs implements Watcher.
func (w *live) WatchHangs(after time.Duration, hung func(*Hang)) func() {
	names := make(map[core.NodeID]string)
	for i, id := range w.at.ids {
		names[id] = w.o.Plan.Nodes[i].Name
	}
	var once sync.Once
	loops := w.eng.Watch(after, func(node core.NodeID, t core.Type) {
		once.Do(func() { hung(&Hang{Node: names[node], Type: t, After: after, Stack: stacksOfLoops()}) })
	})
	made := w.calls.watch(after, standing, func(c *call) {
		once.Do(func() { hung(w.calls.hangOf(c, after)) })
	})
	return func() { loops(); made() }
}

// WatchHangs implements Watcher.
func (w *virtual) WatchHangs(after time.Duration, hung func(*Hang)) func() {
	names := make(map[core.NodeID]string)
	for _, n := range w.nodes {
		names[w.world.ID(n.name)] = n.name
	}
	return w.calls.watch(after, w.world.Progress, func(c *call) {
		h := w.calls.hangOf(c, after)
		if h.Doing == "" {
			id, t := w.world.Shard().Serving()
			h.Node, h.Type = names[id], t
		}
		h.At = w.world.Reached()
		hung(h)
	})
}
