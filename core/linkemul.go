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
//	arrive   they have been on their way for long enough
//	left     the transport has taken them
//
// What has left the queue and not arrived takes no room in it: it is on the wire.
// What has arrived and is not taken does again, so that back-pressure is right.
type linkEmulator struct {
	lane *OutLane
	link *linkEmul
	flow *emul.Flow // nil: nothing limits its rate

	line      []flight // on their way, in order of arrival: a FIFO from lineHead on
	lineHead  int
	lineBytes int
	listed    bool // in the pacer's list of emulators with messages in flight

	out      sendQueue // arrived: the transport's
	outBytes int
	outMsgs  int
}

// flight is a run that is on its way.
type flight struct {
	run Run
	at  time.Duration // when it arrives
}

// linkEmul is what the lanes of a link have in common.
type linkEmul struct {
	spec   emul.Link
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

func (e *linkEmulator) empty() bool { return e.lineHead == len(e.line) && e.out.n == 0 }

func (e *linkEmulator) flying() bool { return e.lineHead < len(e.line) }

// wants reports whether a message would be transmitted if it were given credit: there is one,
// and there is capacity on the link for it.
func (e *linkEmulator) wants() bool {
	l := e.lane
	switch {
	case l.q.n == 0 || l.state != laneOpen:
		return false
	case e.link.spec.Delays():
		return int64(e.lineBytes+e.outBytes) < e.link.spec.PipeBytes()
	}
	return e.empty() // the transport takes no more: they stay in the queue
}

// transmit moves messages from the queue to the link until their bytes reach the credit,
// and returns their bytes. A message is never cut.
func (e *linkEmulator) transmit(credit int64, now time.Duration) (passed int64) {
	l := e.lane
	l.shut()
	for l.q.n > 0 && passed < credit {
		r := l.q.at(0)
		bytes, msgs := r.Len, r.Msgs
		switch {
		case e.link.spec.PerMessage():
			bytes, msgs = r.first(1)
		case int64(r.Len) > credit-passed:
			bytes, msgs = r.first(uint32(credit - passed))
		}
		passed += int64(bytes)
		e.place(l.q.split(bytes, msgs), now)
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
		l.emulMsgs += uint64(r.Msgs)
		l.emulBytes += uint64(r.Len)
		r.Slab.Release()
	case !spec.Delays() && !e.flying():
		e.arrived(r)
		return // it is still in the node
	default:
		e.fly(r, now+spec.Delay(rng))
	}
	l.bytes -= int(r.Len)
	l.msgs -= int(r.Msgs)
}

// flightStep is the part of a link's latency within which messages that follow each
// other arrive together, so that a wake-up brings a burst and not a message.
const flightStep = 128

// fly sends a run on its way. It does not overtake the one before it.
func (e *linkEmulator) fly(r Run, at time.Duration) {
	if e.flying() {
		last := e.line[len(e.line)-1].at
		if at < last+e.link.spec.Latency/flightStep {
			at = last
		}
	} else {
		e.line, e.lineHead = e.line[:0], 0
		e.lane.node.pace.list(e)
	}
	if e.lineHead > len(e.line)/2 { // a line that is never empty must not grow
		n := copy(e.line, e.line[e.lineHead:])
		clear(e.line[n:])
		e.line, e.lineHead = e.line[:n], 0
	}
	e.line = append(e.line, flight{r, at})
	e.lineBytes += int(r.Len)
}

// arrive lets everything arrive that is due.
func (e *linkEmulator) arrive(now time.Duration) {
	l := e.lane
	for e.flying() && e.line[e.lineHead].at <= now {
		r := e.line[e.lineHead].run
		e.line[e.lineHead] = flight{}
		e.lineHead++
		e.lineBytes -= int(r.Len)
		l.bytes += int(r.Len)
		l.msgs += int(r.Msgs)
		e.arrived(r)
	}
}

func (e *linkEmulator) arrived(r Run) {
	e.outBytes += int(r.Len)
	e.outMsgs += int(r.Msgs)
	e.out.join(r)
}

// left accounts for what the transport has taken, and has the lane looked at again if
// more may transmit.
func (e *linkEmulator) left(bytes, msgs int) {
	e.outBytes -= bytes
	e.outMsgs -= msgs
	if e.wants() {
		e.lane.touch()
	}
}

// discard counts everything on the emulated link as lost.
func (e *linkEmulator) discard() {
	l := e.lane
	for ; e.lineHead < len(e.line); e.lineHead++ {
		r := e.line[e.lineHead].run
		l.lose(uint64(r.Msgs), uint64(r.Len))
		r.Slab.Release()
	}
	e.line, e.lineHead, e.lineBytes = nil, 0, 0
	l.discardQueue(&e.out)
	e.outBytes, e.outMsgs = 0, 0
	l.node.pace.unlist(e)
}
