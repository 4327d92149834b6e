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
//	passBreak    and, unless it repairs the session, so are the lanes downstream,
//	             behind the session's data
//	leave        which close once they have run dry, so that the same happens there
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
	if l.app == wire.SharedApp && t != wire.TypeBye && t != wire.TypeBrokenSource {
		l.setFlow(app, flowing, 0)
	}
	switch {
	case t == wire.TypeBye:
		n.farewell(l, frame, more)
		return 0, false
	case app == 0:
	case t == wire.TypeSessionEnd:
		l.setFlow(app, flowOver, l.msgs+1) // once it is switched
	case t == wire.TypeBrokenSource:
		known := l.flowOf(app) == flowBroken
		l.deficit -= len(frame)
		l.pos += len(frame)
		l.msgs++
		l.bytes += uint64(len(frame))
		l.setFlow(app, flowBroken, l.msgs)
		n.own.Taken++
		if why, _ := wire.Params(frame); !known {
			n.broken(app, checkedReason(why), wire.Sender(frame))
		}
		return 0, true
	}
	return len(frame), true
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
	case ReasonClosed, ReasonEnded, ReasonReplaced:
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

// brings reports whether an upstream or a source of this node brings a session.
func (n *Node) brings(app uint32) bool {
	return slices.ContainsFunc(n.ins, func(l *InLane) bool { return l.flowOf(app) == flowing })
}

// Repair says, while the algorithm is told of a BrokenSource, that it looks for
// another upstream itself: nothing is passed on, and the session's lanes stay.
func (n *Node) Repair() { n.repairing = true }

// passBreak passes a break on after the algorithm was told, unless it repairs the
// session or has got it from elsewhere meanwhile.
func (n *Node) passBreak(e event) {
	repaired := n.repairing
	n.repairing = false
	if repaired || n.state == nodeEnded || n.brings(e.app) {
		return
	}
	for _, lk := range n.links {
		for _, l := range lk.lanes {
			if l.state > laneOpen || l.app != e.app && !slices.Contains(l.apps, e.app) {
				continue
			}
			m := n.makeMsg(wire.Header{Type: wire.TypeBrokenSource, Sender: e.peer, App: e.app})
			wire.SetParams(m.frame, int32(e.reason), 0)
			n.Send(m, l.peer)
			n.own.Sent++
			if l.app == e.app {
				l.goAway()
			} else {
				l.apps = slices.DeleteFunc(l.apps, func(app uint32) bool { return app == e.app })
			}
		}
	}
	n.settleMade()
}

// carries notes that a lane of all applications carries one.
func (l *OutLane) carries(app uint32) {
	if !slices.Contains(l.apps, app) && len(l.apps) < maxFlows {
		l.apps = append(l.apps, app)
	}
}

// goAway closes the lane gracefully once it has run dry. What is sent on it later
// opens it again.
func (l *OutLane) goAway() {
	if !l.leaving {
		l.leaving = true
		l.node.leaving = append(l.node.leaving, l)
		l.node.shard.ready.push(l.node)
	}
}

// leave closes those lanes that have run dry.
func (n *Node) leave() {
	rest := n.leaving[:0]
	for _, l := range n.leaving {
		switch {
		case !l.leaving: // it has failed meanwhile
		case l.state == laneOpen && l.empty():
			l.depart()
		default:
			rest = append(rest, l)
		}
	}
	clear(n.leaving[len(rest):])
	n.leaving = rest
}

// depart closes a lane that has run dry.
func (l *OutLane) depart() {
	tr := l.tr
	l.tr, l.state, l.leaving, l.retryAt = nil, laneCooling, false, 0
	l.node.post(event{typ: wire.TypeLinkDown, peer: l.peer, app: l.app, reason: ReasonEnded, dir: Downstream, lost: l.untold()})
	tr.Close(l, CloseGraceful)
}
