package world

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// Whoever drives a world calls algorithms as well: it makes them, it reads counters, and in virtual time it runs all of
// them. What it is at is noted here, for a watch on another goroutine.

// call is one time that the driver's goroutine is in code that may be an algorithm's.
type call struct {
	node  string // "": any, and the shard knows at which it is
	doing string // in words, if node is set: what that one was asked
}

// calls has the call under way. The zero value is ready.
type calls struct {
	now     atomic.Pointer[call]
	givenUp atomic.Bool // what still comes of the world is nobody's
	of      atomic.Pointer[[]byte]
}

// during runs fn, which is the call c.
func (k *calls) during(c call, fn func() error) error {
	if k.of.Load() == nil {
		k.of.Store(goroutine())
	}
	outer := k.now.Swap(&c)
	defer k.now.Store(outer)
	return fn()
}

// toBeMade is what a node is asked whose algorithm is made.
const toBeMade = "to be made (New)"

// newHost makes a node's host and its algorithm.
func (k *calls) newHost(r *host.Registry, s host.Setup) (h *host.Host, err error) {
	err = k.during(call{s.Name, toBeMade}, func() error {
		h, err = host.New(r, s)
		return err
	})
	return h, err
}

// outside runs fn, in the midst of a call, which is not the algorithm's: it may take its time.
func (k *calls) outside(fn func()) {
	if k.givenUp.Load() {
		return
	}
	c := k.now.Swap(nil)
	fn()
	k.now.Store(c)
}

// goroutine is how stacks call the one that calls it: "goroutine 17 ".
func goroutine() *[]byte {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	name := buf[:bytes.IndexByte(buf, '[')]
	return &name
}

// stack is that of the driver's goroutine.
func (k *calls) stack() string {
	return stacks(func(stack []byte) bool { return bytes.HasPrefix(stack, *k.of.Load()) })
}

// watch calls hung, once and on another goroutine, if a call does not end for the given time and nothing happens in it,
// by a number that changes with all that does. What stop ends is over when it returns.
func (k *calls) watch(after time.Duration, progress func() uint64, hung func(*call)) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if c := k.await(after, progress, done); c != nil {
			k.givenUp.Store(true)
			hung(c)
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(done) })
		<-ended
	}
}

// await returns the call that does not end, or nil when done is closed. Time is counted in ticks, as in engine.Watch.
func (k *calls) await(after time.Duration, progress func() uint64, done chan struct{}) *call {
	const looks = 4
	ticker := time.NewTicker(max(after/looks, time.Millisecond))
	defer ticker.Stop()
	var before *call
	reached, same := uint64(0), 0
	for {
		select {
		case <-done:
			return nil
		case <-ticker.C:
		}
		c, now := k.now.Load(), progress()
		if c == nil || c != before || now != reached {
			before, reached, same = c, now, 0
			continue
		}
		if same++; same > looks {
			return c
		}
	}
}

// standing is a progress of calls of which nothing is known but that they go on.
func standing() uint64 { return 0 }

// patient is a watcher of virtual time that may be slow, such as one that writes to a pipe: that is no fault of
// whichever algorithm is served meanwhile. Of a world that was given up it tells nobody any more.
type patient struct {
	to    sim.Watcher
	calls *calls
}

func (p patient) Message(at time.Duration, n *sim.Node, m *core.Msg) {
	p.calls.outside(func() { p.to.Message(at, n, m) })
}

func (p patient) Sent(at time.Duration, from, to *sim.Node, app uint32, r core.Run) {
	p.calls.outside(func() { p.to.Sent(at, from, to, app, r) })
}

func (p patient) Placed(at time.Duration, from, to core.NodeID, app uint32, r core.Run, lost bool) {
	if told, ok := p.to.(sim.Placer); ok {
		p.calls.outside(func() { told.Placed(at, from, to, app, r, lost) })
	}
}

func (p patient) Fault(at time.Duration, f sim.Fault) {
	p.calls.outside(func() { p.to.Fault(at, f) })
}

func (p patient) Warned(at time.Duration, n *sim.Node, from core.NodeID, app uint32, err error) {
	p.calls.outside(func() { p.to.Warned(at, n, from, app, err) })
}

func (p patient) Ended(at time.Duration, n *sim.Node, crash *core.Crash) {
	p.calls.outside(func() { p.to.Ended(at, n, crash) })
}
