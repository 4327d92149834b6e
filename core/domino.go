package core

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/core/wire"
)

// The domino effect (paper, section 2.2): when the last upstream of a session is
// lost at a node, everything downstream that depends on it is told and torn down:
//
//	notable      what an upstream says of a session or of the lane itself
//	breakFlows   an upstream lane has failed: which sessions did it bring?
//	broken       nobody else brings the session here: the algorithm is told
//	passOn       and, unless it repairs the session, so are the lanes downstream,
//	             behind the session's data (session.go)
//	closeDrained which close once they have run dry, so that the same happens there
//
// Other sessions are not touched, nor are sessions that another upstream or a
// source of this node still brings.

// ErrAfterBye means that a peer went on after its last word.
var ErrAfterBye = errors.New("message after the peer's last word")

// ErrByeCount means that a peer's last word counts other messages than have come.
var ErrByeCount = errors.New("the peer's last word does not count what came")

// appFlow is what is remarkable about a session on an upstream lane.
type appFlow struct {
	app   uint32
	state flowState
	at    uint64 // messages of the lane when that was so: what came later undoes it
}

type flowState uint8

const (
	flowing    flowState = iota
	flowOver             // the upstream has said that the session has ended
	flowBroken           // the upstream has said that the session is lost
	flowNone             // the lane does not bring it
)

// session finds the entry of a session, or begins one; nil if there are too many.
func (l *InLane) session(app uint32) *appFlow {
	for i := range l.flows {
		if l.flows[i].app == app {
			return &l.flows[i]
		}
	}
	if len(l.flows) >= maxFlows {
		return nil
	}
	l.flows = append(l.flows, appFlow{app: app})
	return &l.flows[len(l.flows)-1]
}

func (l *InLane) setFlow(app uint32, s flowState, at uint64) {
	if f := l.session(app); f != nil {
		f.state, f.at = s, at
	}
}

// forgetFlow drops the entry of a session that the lane does not bring any more.
func (l *InLane) forgetFlow(app uint32) {
	l.flows = slices.DeleteFunc(l.flows, func(f appFlow) bool { return f.app == app })
}

// flowOf is how a session fares on the lane.
func (l *InLane) flowOf(app uint32) flowState {
	for _, f := range l.flows {
		switch {
		case f.app != app:
		case l.app != wire.SharedApp && f.at != l.msgs:
			return flowing // something has come since
		default:
			return f.state
		}
	}
	if l.app == app {
		return flowing
	}
	return flowNone
}

// notable looks at a frame of the engine's types, or on a lane that applications
// share. It returns the frame's length if the algorithm is to see it, and 0 if
// not; ok is false if the lane's turn is over. more says whether bytes follow.
func (n *Node) notable(l *InLane, frame []byte, more bool) (total int, ok bool) {
	t, app := wire.TypeOf(frame), wire.App(frame)
	if l.app == wire.SharedApp && t != wire.TypeBye && t != wire.TypeBrokenSource && t != wire.TypeSessionEnd {
		l.setFlow(app, flowing, 0)
	}
	switch {
	case t == wire.TypeBye:
		n.farewell(l, frame, more)
		return 0, false
	case app == 0:
	case t == wire.TypeSessionEnd:
		before := l.take(app, frame, flowOver)
		if before == flowing || before == flowNone { // on a shared lane that was closed at rest, and is new
			n.over(app, wire.Sender(frame))
		}
		return 0, true
	case t == wire.TypeBrokenSource:
		before := l.take(app, frame, flowBroken)
		if why, _ := wire.Params(frame); before != flowBroken {
			n.broken(app, checkedReason(why), wire.Sender(frame))
		}
		return 0, true
	}
	return len(frame), true
}

// take takes a message about a session that is the switch's own, and returns how the
// session fared on the lane before.
func (l *InLane) take(app uint32, frame []byte, now flowState) (before flowState) {
	before = l.flowOf(app)
	l.deficit -= len(frame)
	l.pos += len(frame)
	l.msgs++
	l.bytes += uint64(len(frame))
	if l.app == wire.SharedApp {
		l.forgetFlow(app) // sessions without number may come and go on it
	} else {
		l.setFlow(app, now, l.msgs)
	}
	l.node.own.Taken++
	return before
}

// checkedReason is a reason as a peer states it; another version may have more.
func checkedReason(r int32) Reason {
	if r <= 0 || int(r) >= len(reasonNames) {
		return ReasonReset
	}
	return Reason(r)
}

// farewell ends a lane whose upstream has said its last word. All that it sent
// before is switched by now, so the counts must agree: TCP loses nothing, and an
// upstream that says otherwise has sent something else than it means.
func (n *Node) farewell(l *InLane, frame []byte, more bool) {
	bye, err := wire.ParseBye(frame)
	sent, came := Tally{bye.Msgs, bye.Bytes}, Tally{l.msgs, l.bytes}
	switch {
	case err != nil:
	case sent != came:
		err = fmt.Errorf("%w: %d messages of %d bytes sent, %d of %d received", ErrByeCount, sent.Msgs, sent.Bytes, came.Msgs, came.Bytes)
	case more:
		err = ErrAfterBye
	}
	if err != nil {
		n.violate(l, err)
		return
	}
	l.pos += len(frame) // it is no message
	why := ReasonClosed
	if bye.Failed {
		why = ReasonReset
	}
	n.endIn(l, why, nil)
}

// breakFlows looks what an upstream lane that has ended brought.
func (n *Node) breakFlows(l *InLane, why Reason) {
	peer := l.from
	switch why {
	case ReasonClosed, ReasonEnded, ReasonReplaced, ReasonIdle:
		return // in order, or another lane goes on
	case ReasonStopped:
		if l.from.IsZero() {
			return // a source that ends with its node has ended
		}
		peer = n.id // which is what those downstream lose
	}
	if l.app != wire.SharedApp {
		n.breakFlow(l, l.app, why, peer)
		return
	}
	for _, f := range l.flows {
		n.breakFlow(l, f.app, why, peer)
	}
}

func (n *Node) breakFlow(l *InLane, app uint32, why Reason, peer NodeID) {
	if app != 0 && l.flowOf(app) == flowing {
		n.broken(app, why, peer)
	}
}

// broken tells the algorithm that a session is lost, if nobody else brings it.
func (n *Node) broken(app uint32, why Reason, peer NodeID) {
	if n.brings(app) {
		return
	}
	n.post(event{typ: wire.TypeBrokenSource, peer: peer, app: app, reason: why, dir: Upstream})
}

// carries notes that a lane of all applications carries one.
func (l *OutLane) carries(app uint32) {
	if !slices.Contains(l.apps, app) && len(l.apps) < maxFlows {
		l.apps = append(l.apps, app)
	}
}

// drain closes the lane gracefully once it has run dry. What is sent on it later
// opens it again.
func (l *OutLane) drain() {
	if l.state == laneCooling {
		if l.forget && !l.parting {
			l.free()
		}
		return
	}
	if !l.draining {
		l.draining = true
		l.node.draining = append(l.node.draining, l)
		l.node.shard.ready.push(l.node)
	}
}

// closeDrained closes those lanes that have run dry.
func (n *Node) closeDrained() {
	rest := n.draining[:0]
	for _, l := range n.draining {
		switch {
		case !l.draining: // it has failed meanwhile
		case l.state == laneOpen && l.empty():
			l.closeInOrder(ReasonEnded)
		default:
			rest = append(rest, l)
		}
	}
	clear(n.draining[len(rest):])
	n.draining = rest
}

// closeInOrder closes a lane that has run dry. It may be wanted again at once, and then
// waits only for this connection to be over (parting.go).
func (l *OutLane) closeInOrder(why Reason) {
	tr := l.tr
	l.tr, l.state, l.why, l.draining, l.parting = nil, laneCooling, why, false, true
	l.retryAt, l.backoff, l.opened = 0, 0, 0
	l.node.restOut(l)
	l.node.post(event{typ: wire.TypeLinkDown, peer: l.peer, app: l.app, reason: why, dir: Downstream, lost: l.untold()})
	tr.Close(l, CloseGraceful)
	l.askPulls()
}
