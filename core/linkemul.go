package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// linkEmulator emulates the link between a lane's queue and its transport. Only
// lanes under a limit, or on a link with latency or loss, have one; the others go
// straight from the queue to the transport.
//
//	transmit   the pacer has granted credit: messages leave the queue; some are lost
//	arrive     they have been in flight for as long as their delay says
//	left       the transport has taken them
//
// What has left the queue takes no room in it. How much of it may be in flight, and wait
// at the far end until the transport takes it, is emul.Flight's. On a link without
// latency it goes from the queue to the transport at once, or stays where it was.
type linkEmulator struct {
	lane   *OutLane
	link   *linkEmul
	flow   *emul.Flow // nil: nothing limits its rate
	flight emul.Flight

	line line // in flight
	pos  int  // in the pacer's heap of lines, from 1; 0 if it is not there

	out      sendQueue // arrived: the transport's
	outBytes int
	outMsgs  int
	apart    emul.Held // of out, what the lane does not count as queued: it was in flight
}

// linkEmul is what the lanes of a link have in common.
type linkEmul struct {
	spec   emul.Link
	delay  emul.Delay
	shared *emul.Shared // nil until something limits the link or its node
	weight []laneWeight
}

// laneWeight is the share that an application's lane was given.
type laneWeight struct {
	app    uint32
	weight int
}

func (k *linkEmul) weightOf(app uint32) int {
	for _, e := range k.weight {
		if e.app == app {
			return e.weight
		}
	}
	return 1
}

func (e *linkEmulator) empty() bool { return e.line.n == 0 && e.out.n == 0 }

// load is what there is on the emulated link and before it.
func (e *linkEmulator) load() emul.Load {
	l := e.lane
	return emul.Load{
		Queued:  emul.Held{Bytes: l.bytes - e.outBytes + e.apart.Bytes, Msgs: l.msgs - e.outMsgs + e.apart.Msgs},
		Waiting: emul.Held{Bytes: e.outBytes, Msgs: e.outMsgs},
		Room:    emul.Held{Bytes: l.maxBytes, Msgs: l.maxMsgs},
		Flying:  int64(e.line.bytes),
		Pressed: l.full() || l.overHead < len(l.over),
	}
}

// wants reports whether a message would be transmitted if it were given credit: there is one,
// and there is capacity on the link for it.
func (e *linkEmulator) wants() bool {
	l := e.lane
	switch {
	case l.q.n == 0 || l.state != laneOpen || e.link.spec.Cut:
		return false
	case e.link.spec.Delays():
		return e.flight.Room(e.load()) > 0
	}
	return e.line.n == 0 && e.takes()
}

// takes reports whether the transport keeps up with a link without latency: what it does
// not take stays in the queue. It may be behind by a part of that, since it takes what it
// has only when the loop gets round to it, and the other lanes share the rate meanwhile.
func (e *linkEmulator) takes() bool {
	most := e.longest()
	return e.out.n == 0 || uint64(e.outBytes) < most.Bytes && uint64(e.outMsgs) < most.Msgs
}

// transmit moves messages from the queue to the link until their bytes reach the credit,
// and returns their bytes. A message is never cut.
func (e *linkEmulator) transmit(credit int64, now time.Duration) (passed int64) {
	l, delays := e.lane, e.link.spec.Delays()
	l.shut()
	for l.q.n > 0 && passed < credit && !e.link.spec.Cut { // cut since it asked for credit
		most := credit - passed
		if delays {
			if most = min(most, e.flight.Room(e.load())); most <= 0 {
				break
			}
		}
		r := l.q.at(0)
		bytes, msgs := r.Len, r.Msgs
		switch {
		case e.link.spec.PerMessage():
			bytes, msgs = r.first(1)
		case int64(r.Len) > most:
			bytes, msgs = r.first(uint32(most))
		}
		passed += int64(bytes)
		e.place(l.q.split(bytes, msgs), now)
		if delays {
			e.flight.Sent(emul.Held{Bytes: int(bytes), Msgs: int(msgs)}, e.load(), now)
		}
	}
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	if len(l.pulls) > 0 {
		l.roomForPulls()
	}
	return passed
}

// place puts a run on its way, loses it, or has it arrive at once.
func (e *linkEmulator) place(r Run, now time.Duration) {
	l, spec := e.lane, &e.link.spec
	rng := l.node.pace.rng
	switch {
	case spec.Loses(rng) && !r.signal():
		if told := l.node.shard.placed; told != nil {
			told(l, r, true)
		}
		l.emulMsgs += uint64(r.Msgs)
		l.emulBytes += uint64(r.Len)
		r.Slab.Release()
	case !spec.Delays() && e.line.n == 0:
		e.arrived(r)
		return // it is still in the node
	default:
		if told := l.node.shard.placed; told != nil {
			told(l, r, false)
		}
		e.line.push(r, now+e.link.delay.Next(spec, now, rng), e.longest())
		l.node.pace.list(e)
	}
	l.bytes -= int(r.Len)
	l.msgs -= int(r.Msgs)
}

// arrive lets everything arrive that is due, and nothing before it is.
func (e *linkEmulator) arrive(now time.Duration) {
	before := e.line.n
	if before > 0 && e.line.due() <= now {
		e.flight.Arriving(e.load())
	}
	for e.line.n > 0 && e.line.due() <= now {
		r := e.line.pop()
		e.apart.Bytes += int(r.Len)
		e.apart.Msgs += int(r.Msgs)
		e.arrived(r)
	}
	if e.line.n < before {
		e.lane.node.pace.came(e, now)
	}
	if e.link.spec.Delays() {
		e.flight.Look(e.load(), now)
	}
}

func (e *linkEmulator) arrived(r Run) {
	e.outBytes += int(r.Len)
	e.outMsgs += int(r.Msgs)
	e.out.join(r, e.longest())
}

// longest is how long runs may become on the way: a part of the queue's bound, since what
// has room for one message may take a run.
func (e *linkEmulator) longest() Tally {
	const parts = 4
	return Tally{Msgs: uint64(e.lane.maxMsgs) / parts, Bytes: uint64(e.lane.maxBytes) / parts}
}

// left accounts for what the transport has taken, and has the lane looked at again if
// more may transmit.
func (e *linkEmulator) left(bytes, msgs int) {
	e.outBytes -= bytes
	e.outMsgs -= msgs
	e.count(bytes, msgs)
	if e.link.spec.Delays() {
		e.flight.Took(bytes, e.load())
	}
	if e.wants() {
		e.lane.touch()
	}
}

// count has the lane count as queued, as far as it does not, what it takes off its count
// elsewhere: because it has left, or because there is no emulator any more.
func (e *linkEmulator) count(bytes, msgs int) {
	bytes, msgs = min(bytes, e.apart.Bytes), min(msgs, e.apart.Msgs)
	e.apart.Bytes -= bytes
	e.apart.Msgs -= msgs
	e.lane.bytes += bytes
	e.lane.msgs += msgs
}

// discard counts everything on the emulated link as lost.
func (e *linkEmulator) discard() {
	l := e.lane
	for e.line.n > 0 {
		r := e.line.pop()
		l.lose(uint64(r.Msgs), uint64(r.Len))
		r.Slab.Release()
	}
	e.line = line{}
	l.discardQueue(&e.out)
	e.outBytes, e.outMsgs, e.apart = 0, 0, emul.Held{}
	l.node.pace.unlist(e)
}
