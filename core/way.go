package core

import (
	"time"

	"github.com/ioverlay/ioverlay/core/emul"
)

// way is the emulated way of a lane's messages from its queue to its transport. Only
// lanes under a limit, or on a link with latency or loss, have one; the others go
// straight from the queue to the transport.
//
//	depart   the pacer has granted credit: messages leave the queue; some are lost
//	arrive   they have been on their way for long enough
//	left     the transport has taken them
//
// What has left the queue and not arrived takes no room in it: it is on the wire.
// What has arrived and is not taken does again, so that back-pressure is right.
type way struct {
	lane *OutLane
	link *linkEmul
	flow *emul.Flow // nil: nothing limits its rate

	line      []flight // on their way, in order of arrival: a FIFO from lineHead on
	lineHead  int
	lineBytes int
	listed    bool // in the pacer's list of ways with messages on them

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
	for _, w := range k.weight {
		if w.app == app {
			return w.weight
		}
	}
	return 1
}

func (w *way) empty() bool { return w.lineHead == len(w.line) && w.out.n == 0 }

func (w *way) flying() bool { return w.lineHead < len(w.line) }

// wants reports whether a message would depart if it were given credit: there is one,
// and there is room on the way for it.
func (w *way) wants() bool {
	l := w.lane
	switch {
	case l.q.n == 0 || l.state != laneOpen:
		return false
	case w.link.spec.Delays():
		return int64(w.lineBytes+w.outBytes) < w.link.spec.PipeBytes()
	}
	return w.empty() // the transport takes no more: they stay in the queue
}

// depart moves messages from the queue to the way until their bytes reach the credit,
// and returns their bytes. A message is never cut.
func (w *way) depart(credit int64, now time.Duration) (passed int64) {
	l := w.lane
	l.shut()
	for l.q.n > 0 && passed < credit {
		r := l.q.at(0)
		bytes, msgs := r.Len, r.Msgs
		switch {
		case w.link.spec.PerMessage():
			bytes, msgs = r.first(1)
		case int64(r.Len) > credit-passed:
			bytes, msgs = r.first(uint32(credit - passed))
		}
		passed += int64(bytes)
		w.place(l.q.split(bytes, msgs), now)
	}
	if l.overHead < len(l.over) {
		l.admitWaiting()
	}
	return passed
}

// place puts a run on its way, loses it, or has it arrive at once.
func (w *way) place(r Run, now time.Duration) {
	l, spec := w.lane, &w.link.spec
	rng := l.node.pace.rng
	switch {
	case spec.Loses(rng):
		l.emulMsgs += uint64(r.Msgs)
		l.emulBytes += uint64(r.Len)
		r.Slab.Release()
	case !spec.Delays() && !w.flying():
		w.arrived(r)
		return // it is still in the node
	default:
		w.fly(r, now+spec.Delay(rng))
	}
	l.bytes -= int(r.Len)
	l.msgs -= int(r.Msgs)
}

// flightStep is the part of a link's latency within which messages that follow each
// other arrive together, so that a wake-up brings a burst and not a message.
const flightStep = 128

// fly sends a run on its way. It does not overtake the one before it.
func (w *way) fly(r Run, at time.Duration) {
	if w.flying() {
		last := w.line[len(w.line)-1].at
		if at < last+w.link.spec.Latency/flightStep {
			at = last
		}
	} else {
		w.line, w.lineHead = w.line[:0], 0
		w.lane.node.pace.list(w)
	}
	if w.lineHead > len(w.line)/2 { // a line that is never empty must not grow
		n := copy(w.line, w.line[w.lineHead:])
		clear(w.line[n:])
		w.line, w.lineHead = w.line[:n], 0
	}
	w.line = append(w.line, flight{r, at})
	w.lineBytes += int(r.Len)
}

// arrive lets everything arrive that is due.
func (w *way) arrive(now time.Duration) {
	l := w.lane
	for w.flying() && w.line[w.lineHead].at <= now {
		r := w.line[w.lineHead].run
		w.line[w.lineHead] = flight{}
		w.lineHead++
		w.lineBytes -= int(r.Len)
		l.bytes += int(r.Len)
		l.msgs += int(r.Msgs)
		w.arrived(r)
	}
}

func (w *way) arrived(r Run) {
	w.outBytes += int(r.Len)
	w.outMsgs += int(r.Msgs)
	w.out.join(r)
}

// left accounts for what the transport has taken, and has the lane looked at again if
// more may depart.
func (w *way) left(bytes, msgs int) {
	w.outBytes -= bytes
	w.outMsgs -= msgs
	if w.wants() {
		w.lane.touch()
	}
}

// discard counts everything on the way as lost.
func (w *way) discard() {
	l := w.lane
	for ; w.lineHead < len(w.line); w.lineHead++ {
		r := w.line[w.lineHead].run
		l.lose(uint64(r.Msgs), uint64(r.Len))
		r.Slab.Release()
	}
	w.line, w.lineHead, w.lineBytes = nil, 0, 0
	l.discardQueue(&w.out)
	w.outBytes, w.outMsgs = 0, 0
	l.node.pace.unlist(w)
}
