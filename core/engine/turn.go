package engine

import "github.com/panjf2000/gnet/v2/pkg/netpoll"

// What a loop does in one turn of the poller, in order:
//
//	event       a socket is readable: one read of at most one slab (tcpin.go)
//	turn        the nodes that got something are served and what they sent is
//	            flushed, depth first, at most serveBudget rounds
//	wakeHandler work that no socket announces: notes from other loops, rounds
//	            left over, and, when nothing else was ready, the sources
//
// and it polls again. The bytes of a burst are in the cache from the read to the
// write, and a source adds a slab only when the one before has gone down its
// chain (drain before inject).

// turn serves the nodes that have something, for a bounded while.
func (lp *loop) turn() {
	lp.serve()
	lp.chase()
	lp.settle()
}

// serve serves nodes and flushes lanes until there is nothing to do or the budget
// is used up. Every lane has been flushed at least once when it returns.
func (lp *loop) serve() {
	for range serveBudget {
		if lp.shard.ServeNext() {
			continue
		}
		if !lp.shard.Unflushed() {
			return
		}
		lp.shard.Flush()
	}
	lp.shard.Flush()
}

// settle keeps the wake-up descriptor readable exactly while there is work that
// no socket announces.
func (lp *loop) settle() {
	more := lp.working()
	if len(lp.kicks) > 0 && !lp.bursts {
		lp.payKicks(more)
	}
	if more {
		lp.raise()
	}
}

// working reports whether there is work that no socket announces.
func (lp *loop) working() bool {
	return lp.shard.Ready() || lp.shard.Unflushed() || lp.shard.Sources() || lp.inbox.Len() > 0 || len(lp.rings) > 0
}

// raise makes the loop's next poll return at once. It may be called by anyone.
func (lp *loop) raise() {
	if !lp.raised.Load() && lp.raised.CompareAndSwap(false, true) {
		lp.wake.raise()
	}
}

// lower undoes raise once there is nothing left to do. Whoever pushes to the
// inbox after the look at it finds raised false and raises again.
func (lp *loop) lower() {
	lp.calls.Wakes++
	lp.wake.lower()
	lp.raised.Store(false)
	lp.settle()
}

// inject asks the sources, if nothing else was ready since the last time that they were looked at, or if
// they were passed over for long.
func (lp *loop) inject() bool {
	if !lp.shard.Sources() || lp.shard.Ready() {
		return false
	}
	if lp.busy > 0 && lp.passed <= sourcePatience+2*lp.open {
		lp.passed++
		return false
	}
	lp.passed = 0
	lp.shard.Inject()
	return true
}

// wakeHandler is the loop as the handler of its wake-up descriptor.
type wakeHandler loop

func (w *wakeHandler) ready(netpoll.IOEvent) {
	lp := (*loop)(w)
	lp.readInbox()
	lp.readRings()
	again := lp.inject()
	for spent := 0; ; {
		lp.busy, lp.away = 0, 0
		lp.serve()
		spent += 1 + lp.chase()
		if !again || spent >= injectBudget || lp.away > 0 || !lp.inject() {
			break
		}
	}
	lp.settle()
	if !lp.working() {
		lp.lower()
	}
}
