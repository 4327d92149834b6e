package sim

import (
	"errors"
	"math"
	"time"
)

// ErrStuck means that something repeats itself for ever while time stands still.
var ErrStuck = errors.New("sim: time does not go on")

// Run goes on until nothing is left to do. Timers that set themselves again, and
// sources without end, never let it: use RunFor.
func (w *World) Run() error {
	_, err := w.run(math.MaxInt64, math.MaxUint64)
	return err
}

// RunFor goes on until nothing is left to do within d, which is then over.
func (w *World) RunFor(d time.Duration) error { return w.RunUntil(w.now + d) }

// RunUntil goes on until nothing is left to do up to and at the given time. The
// error wraps ErrStuck.
func (w *World) RunUntil(t time.Duration) error {
	_, err := w.RunSome(t, math.MaxUint64)
	return err
}

// RunSome is RunUntil that returns after so many events at most, at the time of the last one, and reports whether the given time has
// come: for who wants to look up now and then, however much happens in little virtual time.
func (w *World) RunSome(t time.Duration, events uint64) (there bool, err error) {
	if there, err = w.run(t, events); there {
		w.now = max(w.now, t)
	}
	return there, err
}

// run is the world's loop: one event, and all that it makes nodes do at once.
// Depth first: what a message causes is on its way before the next is looked at,
// while its bytes are in the cache. It reports false if after so many
// events there may be more to do up to the time.
func (w *World) run(until time.Duration, events uint64) (all bool, err error) {
	for ; events > 0; events-- {
		if !w.settle() {
			return false, w.busyFor()
		}
		first := w.queue.first()
		if !w.up && w.begun(first) {
			w.allUp()
			continue
		}
		if w.over && w.alive == 0 || first == nil || first.at > until {
			return true, nil
		}
		e := w.queue.pop(first)
		if e.kind == evTimer && !w.timers.due(&w.queue, e) {
			continue // a timer that was stopped or moved: it never was
		}
		if e.at > w.now {
			w.now, w.steps = e.at, 0
		}
		w.happen(e)
		if w.stuck != nil {
			return false, w.stuck
		}
	}
	return false, nil
}

// settle serves until no node has anything to do at this time. It reports false
// if there is no end to it.
func (w *World) settle() bool {
	for {
		if w.steps++; w.steps > w.opt.MaxSteps {
			return false
		}
		if w.shard.ServeNext() {
			continue
		}
		if !w.shard.Unflushed() {
			break
		}
		w.shard.Flush()
	}
	if !w.inject && w.shard.Sources() {
		// Drain before inject: behind all that happens now, and once a hop, or a
		// source whose messages are consumed where they are made would never let
		// time go on.
		w.inject = true
		at := w.now
		if w.injected >= 0 {
			at = max(at, w.injected+w.opt.Hop)
		}
		w.queue.push(event{at: at, ord: math.MaxUint64, kind: evInject})
	}
	return true
}

// happen does what an event says.
func (w *World) happen(e event) {
	w.events++
	switch e.kind {
	case evArrive:
		e.lane.arrive(e.arg)
	case evFin:
		e.lane.fin()
	case evHangup:
		e.lane.hungUp()
	case evSyn:
		e.lane.syn()
	case evAnswer:
		e.lane.answer()
	case evDialEnd:
		e.lane.dialEnd()
	case evTimer:
		home, id := w.timers.take(e.arg)
		w.fire(home, id)
	case evCall:
		fn := w.calls[e.arg]
		w.calls[e.arg] = nil
		w.vacant = append(w.vacant, e.arg)
		fn()
	case evSlow:
		w.nodes[e.arg].serveSlow()
	case evInject:
		w.inject, w.injected = false, w.now
		w.shard.Inject()
	}
}

// soon causes a lane's event a hop from now.
func (w *World) soon(l *lane, kind eventKind, arg uint32) {
	w.queue.soon(event{at: w.now + w.opt.Hop, ord: w.queue.order(), lane: l, kind: kind, arg: arg})
}

// later causes an event at the given time.
func (w *World) later(at time.Duration, l *lane, kind eventKind, arg uint32) {
	w.queue.push(event{at: at, ord: w.queue.order(), lane: l, kind: kind, arg: arg})
}
