package emul

import "time"

// Flight decides how much a lane has on a link with latency. What is there is one of two
// things: in flight, transmitted and not due yet; or arrived, and waiting for a downstream
// node that takes less than comes. In flight there may be what the rate fills in the delay
// (or [Link.Pipe]); what waits is bounded by the lane's queue. But what is in flight when
// the downstream node stops must arrive, and without a bound on both together a sender that
// is faster than the receiver would fill the pipe again and again and hold it all.
//
// So there is a window on both together. It is found as the window of a connection is
// (TCP's receive buffers are sized so), but from what is known here and not guessed:
//
//   - It begins at the pipe if the rate is known, and else at a queue's worth.
//   - While the far end runs empty for want of a window, it grows by what was taken in a
//     delay: it doubles.
//   - If more than half a queue has been waiting for a whole delay, it shrinks by the rest.
//   - It holds up a sender that presses, with a full queue. One that does not may have a
//     pipe's worth in flight while less than half a queue waits, and the window follows.
//
// In the steady state there is in flight what the receiver takes in a delay, and half a
// queue waits for it.
//
// It belongs to a node's loop.
type Flight struct {
	pipe   int64 // most bytes in flight
	window int64 // bytes in flight or waiting, if the sender presses; 0: a queue's worth
	span   time.Duration

	// Since the last look at it, a span ago at most while anything moves.
	since   time.Duration
	taken   int64 // bytes that the receiver has taken
	least   Held  // that were waiting
	most    int64 // bytes in flight or waiting
	starved bool  // nothing waited, and the window held more back

	full      time.Duration // for how long the pipe held something up
	fullSince time.Duration // 0: it does not now
}

// Held is an amount of messages.
type Held struct{ Bytes, Msgs int }

// Load is what a lane has, and what its queue may have.
type Load struct {
	Queued, Waiting, Queue Held  // not transmitted; arrived; the bound of both together
	Flying                 int64 // bytes in flight
	Pressed                bool  // the queue is full
}

func (l Load) held() int64 { return l.Flying + int64(l.Waiting.Bytes) }

// roomy reports whether less than half a queue is waiting.
func (l Load) roomy() bool {
	return 2*l.Waiting.Bytes < l.Queue.Bytes && 2*l.Waiting.Msgs < l.Queue.Msgs
}

// queueBytes is the bound of the queue in bytes for messages of the size of those given.
func (l Load) queueBytes(h Held) int64 {
	if h.Msgs == 0 {
		return int64(l.Queue.Bytes)
	}
	return int64(min(l.Queue.Bytes, max(1, l.Queue.Msgs*h.Bytes/h.Msgs)))
}

// Set adapts to what a link does now if it passes no more than a rate.
func (f *Flight) Set(l Link, r Rate, now time.Duration) {
	f.span = l.delayAt(spanLevel)
	pipe := l.PipeBytes(r)
	if f.pipe == pipe {
		return
	}
	f.pipe, f.window = pipe, 0
	if r != Unlimited {
		f.window = pipe
	}
	f.begin(Load{}, now)
}

// spanLevel is the level of a delay after which about everything has arrived.
const spanLevel = 2

func (f *Flight) begin(l Load, now time.Duration) {
	f.since, f.taken, f.starved = now, 0, false
	f.least, f.most = l.Waiting, l.held()
}

// Room is how many bytes may be transmitted now, the last of them beginning a message that
// goes beyond; 0 or less means none.
func (f *Flight) Room(l Load) int64 {
	pipe := f.pipe - l.Flying
	if !l.Pressed && l.roomy() {
		return pipe
	}
	return min(pipe, f.windowFor(l)-l.held())
}

func (f *Flight) windowFor(l Load) int64 {
	if f.window == 0 {
		f.window = l.queueBytes(l.Queued)
	}
	return f.window
}

// Sent says that bytes were transmitted, which are in the load.
func (f *Flight) Sent(l Load) {
	held := l.held()
	f.most = max(f.most, held)
	if held > f.window && l.roomy() {
		f.window = held
	}
}

// Took says that the receiver has taken bytes, which are not in the load any more.
func (f *Flight) Took(bytes int, l Load) {
	f.taken += int64(bytes)
	if l.Waiting.Bytes < f.least.Bytes {
		f.least = l.Waiting
	}
	if l.Waiting.Bytes == 0 && l.Queued.Msgs > 0 && l.held() >= f.windowFor(l) {
		f.starved = true
	}
}

// Look lets time pass: once a span the window is fitted to what happened meanwhile.
func (f *Flight) Look(l Load, now time.Duration) {
	f.watchPipe(l, now)
	if now-f.since < f.span {
		return
	}
	taken := mulDiv(f.taken, int64(f.span), max(int64(now-f.since), 1)) // in one span
	switch spare := f.least; {
	case f.window == 0:
	case f.starved:
		f.window = min(f.window+taken, f.pipe)
	case 2*spare.Msgs > l.Queue.Msgs || 2*spare.Bytes > l.Queue.Bytes:
		half := l.queueBytes(spare) / 2
		f.window = max(min(f.window, f.most)-int64(spare.Bytes)+half, taken+half, 1)
	}
	f.begin(l, now)
}

// watchPipe measures for how long the pipe holds something up.
func (f *Flight) watchPipe(l Load, now time.Duration) {
	full := l.Queued.Msgs > 0 && l.Flying >= f.pipe
	switch {
	case full && f.fullSince == 0:
		f.fullSince = now + 1 // 0 stands for none
	case !full && f.fullSince != 0:
		f.full += now + 1 - f.fullSince
		f.fullSince = 0
	}
}

// Full is for how long the pipe has held something up.
func (f *Flight) Full(now time.Duration) time.Duration {
	if f.fullSince == 0 {
		return f.full
	}
	return f.full + now + 1 - f.fullSince
}
