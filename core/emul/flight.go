package emul

import (
	"slices"
	"time"
)

// Flight decides how much a lane may have on a link with latency. What is there is one of
// two things: in flight, transmitted and not due yet; or waiting, arrived and not taken by
// the downstream node. In flight there is what the rate fills in the delay ([Link.Pipe]
// bounds it); for what waits there is room of a queue's bound. But what is in flight when
// the downstream node stops must arrive. So a sender that is faster than the receiver has
// a window on both together, in which what the receiver takes makes room for as much. It
// is found as the window of a connection is (TCP's receive buffers are sized so), but from
// what is known here and not guessed:
//
//   - It begins at the pipe if the rate is known, and else at a queue's bound, or at 16 MiB
//     if that is 128 KiB or more.
//   - Once more waits than there is room for it is what the receiver takes in a delay, at
//     its best of late, and that room.
//   - When what arrives finds nothing waiting, for want of a window, it grows by a queue's
//     bound, and by twice as much the next time, up to what is taken in a delay: it doubles.
//   - It holds up a sender that presses, with a full queue or a queue's worth in a
//     millisecond. One that does not may have a pipe's worth in flight while less than half
//     the room is taken; the window follows.
//
// In the steady state there is in flight what the receiver takes in a delay, and about a
// queue's bound waits for it. It belongs to a node's loop.
type Flight struct {
	pipe   int64 // most bytes in flight
	window int64 // bytes in flight or waiting, if the sender presses; 0: a queue's worth
	span   time.Duration

	// Since the last look at it, a span ago at most while anything moves.
	since   time.Duration
	taken   int64 // bytes that the receiver has taken
	crowded bool  // more has waited than there is room for
	limited bool  // the window has held something back
	came    int   // how often something arrived
	idle    int   // how often nothing was waiting then

	burst   Held          // transmitted since then, within burstSpan
	burstAt time.Duration // likewise

	rates    [rateSpans]int64 // bytes taken in the last spans
	round    uint             // of the next of them
	hungry   uint             // for how many spans the window has been too small, one after another
	unfitted bool             // nobody knows yet what the far end takes

	full      time.Duration // for how long the pipe held something up
	fullSince time.Duration // 0: it does not now
}

// Held is an amount of messages.
type Held struct{ Bytes, Msgs int }

// Load is what a lane has, and what its queue may have.
type Load struct {
	Queued  Held  // not transmitted
	Waiting Held  // arrived
	Room    Held  // for each of the two
	Flying  int64 // bytes in flight
	Pressed bool  // the queue is full
}

func (l Load) held() int64 { return l.Flying + int64(l.Waiting.Bytes) }

// roomy reports whether less than half the room is taken.
func (l Load) roomy() bool {
	return 2*l.Waiting.Bytes < l.Room.Bytes && 2*l.Waiting.Msgs < l.Room.Msgs
}

// exceeds reports whether there is not room for so much.
func (h Held) exceeds(room Held) bool { return h.Bytes > room.Bytes || h.Msgs > room.Msgs }

// roomBytes is the room in bytes for messages of the size of those given.
func (l Load) roomBytes(h Held) int64 {
	if h.Msgs == 0 {
		return int64(l.Room.Bytes)
	}
	return min(int64(l.Room.Bytes), max(1, mulDiv(int64(l.Room.Msgs), int64(h.Bytes), int64(h.Msgs))))
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
	f.unfitted = true
	f.begin(now)
}

// spanLevel is the level of a delay after which about everything has arrived.
const spanLevel = 2

func (f *Flight) begin(now time.Duration) {
	f.since, f.taken = now, 0
	f.crowded, f.limited, f.came, f.idle = false, false, 0, 0
}

// Room is how many bytes may be transmitted now, the last of them beginning a message that
// goes beyond; 0 or less means none.
func (f *Flight) Room(l Load) int64 {
	pipe := f.pipe - l.Flying
	if !l.Pressed && !f.burst.exceeds(l.Room) && l.roomy() {
		return pipe
	}
	return min(pipe, f.windowFor(l)-l.held())
}

func (f *Flight) windowFor(l Load) int64 {
	if f.window == 0 {
		sample := l.Queued
		if sample.Msgs == 0 {
			sample = f.burst // what was sent first
		}
		if f.window = l.roomBytes(sample); f.window >= largeQueue {
			f.window = max(f.window, min(largeStart, f.pipe))
		}
	}
	return f.window
}

// largeQueue is from which bound on nobody has asked for small buffers, and a link without
// a rate may begin with more than that, largeStart, to be fast sooner.
const (
	largeQueue = 128 << 10
	largeStart = 16 << 20
)

// Sent says that a run was transmitted, which is in the load.
func (f *Flight) Sent(run Held, l Load, now time.Duration) {
	if now-f.burstAt >= burstSpan {
		f.burst, f.burstAt = Held{}, now
	}
	f.burst.Bytes += run.Bytes
	f.burst.Msgs += run.Msgs
	if held := l.held(); held > f.windowFor(l) && l.roomy() {
		f.window = held
	}
}

// burstSpan is how fast a queue must be emptied by a sender that presses although it does
// not fill it: a source that has always more does so in no time.
const burstSpan = time.Millisecond

// Arriving says that something is about to join what waits.
func (f *Flight) Arriving(l Load) {
	f.came++
	switch {
	case l.Waiting.Msgs == 0:
		f.idle++
	case l.Waiting.exceeds(l.Room): // and did not just come at once
		f.crowd(l)
	}
}

// Took says that the receiver has taken bytes, which are not in the load any more.
func (f *Flight) Took(bytes int, l Load) {
	f.taken += int64(bytes)
	if l.Queued.Msgs > 0 && l.held()+int64(bytes) >= f.windowFor(l) {
		f.limited = true
	}
}

// Look lets time pass: once a span the window is fitted to what happened meanwhile.
func (f *Flight) Look(l Load, now time.Duration) {
	f.watchPipe(l, now)
	if now-f.since < f.span {
		return
	}
	f.fit(l, mulDiv(f.taken, int64(f.span), max(int64(now-f.since), 1)))
	f.begin(now)
}

// crowd notes that more waits than there is room for. If that is new, no more is
// transmitted than is taken, until it is known how much that is.
func (f *Flight) crowd(l Load) {
	if f.crowded = true; f.unfitted && 2*f.idle < f.came {
		f.unfitted = false
		f.window = min(f.windowFor(l), l.held())
	}
}

// fit fits the window to what happened in a span, in which so many bytes were taken.
func (f *Flight) fit(l Load, taken int64) {
	f.rates[f.round%rateSpans] = taken
	f.round++
	room := l.roomBytes(l.Waiting)
	switch {
	case f.window == 0 || !f.limited && !f.crowded:
	case f.limited && (4*f.idle > 3*f.came || !f.crowded && 4*f.idle > f.came):
		// The far end takes at once what comes.
		f.window = min(f.window+min(taken, room<<f.hungry), f.pipe+room)
		f.hungry = min(f.hungry+1, mostHungry)
	case f.limited && 4*f.idle > f.came:
		f.window = min(f.window+room, f.pipe+room)
	case f.crowded:
		f.hungry = 0
		best := slices.Max(f.rates[:])
		f.window = min(f.window, best+max(room, best/spareParts))
	}
}

// rateSpans is over how many spans the receiver's best is remembered: what it takes in one
// varies with what it is given.
const rateSpans = 8

// spareParts is the part of what is taken in a delay that may wait if there is room for
// less: what is given in bursts comes in bursts.
const spareParts = 8

// mostHungry bounds a shift: of the largest queue, by less than 63 bits.
const mostHungry = 20

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
