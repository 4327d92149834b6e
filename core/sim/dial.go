package sim

import "github.com/ioverlay/ioverlay/core"

// Opening a lane takes two hops: a hello to the destination, where the lane opens
// if a node runs, and an answer. Both ways must be free, as for a connection of
// TCP; a dial that finds them cut waits.

// Dial implements core.Runtime.
func (w *World) Dial(o *core.OutLane) {
	l := &lane{world: w, out: o, app: o.App()}
	to := w.byID[o.Peer()]
	if to == nil || o.Peer() == o.Node().ID() { // nobody is a peer of its own
		l.refused = true
		w.later(w.now+2*w.opt.Hop, l, evAnswer, 0)
		return
	}
	l.link = w.link(w.home(o.Node()), to)
	l.link.stats.Dials++
	l.link.lanes = append(l.link.lanes, l)
	l.forth, l.back, l.slow = l.link.forth, l.link.back, to.cost > 0
	if l.link.isCut() {
		l.limit()
	}
	w.soon(l, evSyn, 0)
}

// limit sets the time at which a dial gives up. It is not needed unless there is
// a cut: everybody else answers.
func (l *lane) limit() {
	if !l.limited {
		l.limited = true
		l.world.later(l.world.now+l.world.opt.DialTimeout, l, evDialEnd, 0)
	}
}

// syn says that the hello has come.
func (l *lane) syn() {
	k := l.link
	switch {
	case l.out == nil || l.out.Node().Ended():
		l.out = nil
		l.over() // whoever dialled is gone, or has given up
	case k.isCut():
		l.heldSyn = true
		l.limit()
	default:
		if k.to.core.Accepts() {
			l.in = k.to.core.Accept(k.from.id, l.app, inEnd{l})
		}
		l.refused = l.in == nil
		l.world.soon(l, evAnswer, 0)
	}
}

// answer says that the dial's answer has come.
func (l *lane) answer() {
	o := l.out
	switch {
	case o == nil: // it has given up, or the other end has closed again
		l.over()
	case o.Node().Ended():
		l.out = nil
		l.sendFin(core.CloseAbort)
	case l.back:
		l.heldAnswer = true
		l.limit()
	case l.refused:
		l.out = nil
		l.over()
		o.Fail(core.ReasonRefused)
	default:
		l.opened = true
		o.Opened(outEnd{l})
	}
}

// dialEnd gives up a dial that has waited for too long.
func (l *lane) dialEnd() {
	o := l.out
	if o == nil || l.opened {
		return
	}
	l.out = nil
	l.sendFin(core.CloseAbort)
	if !o.Node().Ended() {
		o.Fail(core.ReasonRefused)
	}
}
