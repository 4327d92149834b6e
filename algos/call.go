package algos

import (
	"errors"
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// Calls: a request to a node, and what becomes of it. A request is a control message of
// any type of an algorithm's with a number in its second parameter; the answer, of type
// answer, has both of the request's parameters (docs/wire.md, section 8). Numbers begin
// anywhere in each life of a node, so that an answer to an earlier life finds no call,
// and an answer counts only if it comes on the link of the node that was asked.

// What becomes of a call that is not answered. The errors that a call's function gets
// are a *CallError, which wraps one of them.
var (
	// ErrTimeout: there was no answer in time. The request may have been heard.
	ErrTimeout = errors.New("no answer in time")
	// ErrUnreachable: the link to the node is down, or never was up. The request may
	// have been heard before.
	ErrUnreachable = errors.New("cannot be reached")
	// ErrNoPeer: there is nobody to ask: the call was to the node itself, to none, or
	// to an ID that no node can have.
	ErrNoPeer = errors.New("is this node itself, or nobody")
	// ErrTooManyCalls: MaxCalls are open.
	ErrTooManyCalls = errors.New("too many calls are open")
)

// CallError says what became of a call.
type CallError struct {
	Peer core.NodeID // that was asked
	Type core.Type   // of the request
	Err  error       // one of the above, or wraps pack.ErrMalformed
}

func (e *CallError) Error() string {
	return fmt.Sprintf("algos: call of %v to %v: %v", e.Type, e.Peer, e.Err)
}

// Unwrap is for errors.Is.
func (e *CallError) Unwrap() error { return e.Err }

// CallStats counts calls. Made is the sum of all but Stray.
type CallStats struct {
	Made        uint64 // Call and Ask
	Answered    uint64
	TimedOut    uint64
	Unreachable uint64
	Refused     uint64 // ErrNoPeer, ErrTooManyCalls
	Cancelled   uint64
	Open        uint64 // have not ended yet

	Stray uint64 // answers to no open call: late, twice, to an earlier life, or made up
}

// CallStats is what this node's calls have come to so far.
func (b *Base) CallStats() CallStats {
	if b.kit == nil {
		return CallStats{}
	}
	s := b.kit.calls.stats
	s.Open = uint64(b.kit.calls.open)
	return s
}

// Call is a call that was made. The zero value is none.
type Call struct {
	b       *Base
	number  uint32
	refused Timer // of a call that was refused at once, and whose function does not know yet
}

// Cancel forgets a call: its function is not called any more. It reports whether it
// would have been. The request is on its way; its answer will count as stray.
func (c Call) Cancel() bool {
	if c.b == nil {
		return false
	}
	if c.number == 0 {
		return c.refused.Stop()
	}
	e := c.b.kit.calls.find(c.number)
	if e == nil {
		return false
	}
	c.b.endCall(e)
	c.b.kit.calls.stats.Cancelled++
	return true
}

// Call sends a request, a control message with a packed body (or an empty one with nil),
// to a node, and has fn called once, on the node's loop: with the answer, valid until fn
// returns, or with a *CallError. fn is not called from within Call, nor after Cancel; if the
// node stops first, only an answer that still comes is told. Call panics if timeout is not above 0.
//
// Whoever is asked answers with Answer or Reply. Ask is Call for answers with a body.
//
// The call ends with ErrUnreachable as soon as the node is told that the control lane to
// the other is down, but for a lane that was closed in order, on which the request was
// delivered.
func (b *Base) Call(dest core.NodeID, t core.Type, body pack.Body, timeout time.Duration, fn func(answer *core.Msg, err error)) Call {
	if timeout <= 0 || fn == nil {
		panic(fmt.Sprintf("algos: Call with a timeout of %v: it needs one above 0, and a function", timeout))
	}
	mustBeAlgorithms("Call", t)
	cs := &b.tools().calls
	cs.stats.Made++
	switch {
	case !b.canReach(dest):
		return b.refuseCall(dest, t, ErrNoPeer, fn)
	case cs.open >= MaxCalls:
		return b.refuseCall(dest, t, ErrTooManyCalls, fn)
	}
	if cs.last == 0 {
		cs.last = b.Rand().Uint32()>>1 | 1
	}
	e := cs.add()
	number := e.number
	*e = call{number: number, typ: t, peer: dest, fn: fn}
	e.timer = b.kit.timers.add(b.Now()+timeout, timer{call: number})
	b.arm()

	m := b.NewPacked(t, 0, body)
	m.SetParams(0, int32(number))
	b.Send(m, dest)
	return Call{b: b, number: number}
}

// refuseCall ends a call that was not made; its function learns soon.
func (b *Base) refuseCall(dest core.NodeID, t core.Type, why error, fn func(*core.Msg, error)) Call {
	b.kit.calls.stats.Refused++
	return Call{b: b, refused: b.AfterFunc(0, func() {
		b.callFailed(call{typ: t, peer: dest, fn: fn}, why)
	})}
}

// Ask is Call for a request whose answer has a body: fn gets it, read into a new T that
// is fn's to keep, or an error, which wraps pack.ErrMalformed for an answer that does
// not read.
func Ask[P pack.BodyOf[T], T any](b *Base, dest core.NodeID, t core.Type, body pack.Body, timeout time.Duration, fn func(answer P, err error)) Call {
	if fn == nil {
		panic("algos: Ask without a function")
	}
	return b.Call(dest, t, body, timeout, func(m *core.Msg, err error) {
		if err != nil {
			fn(nil, err)
			return
		}
		answer := P(new(T))
		if err := b.kit.fields.Read(m.Payload(), answer); err != nil {
			b.bad++
			fn(nil, &CallError{m.From(), t, err})
			return
		}
		fn(answer, nil)
	})
}

// AskAgain is Ask that asks again if there is no answer in time, so often in all, from 1: fn gets an answer, or what the last time came
// to. Calls that fail for another reason are not made again.
func AskAgain[P pack.BodyOf[T], T any](b *Base, dest core.NodeID, t core.Type, body pack.Body, timeout time.Duration, tries int, fn func(answer P, err error)) {
	Ask(b, dest, t, body, timeout, func(answer P, err error) {
		if errors.Is(err, ErrTimeout) && tries > 1 {
			AskAgain(b, dest, t, body, timeout, tries-1, fn)
			return
		}
		fn(answer, err)
	})
}

// endCall forgets a call that has ended.
func (b *Base) endCall(e *call) call {
	ended := *e
	b.kit.calls.remove(e)
	b.kit.timers.free(ended.timer)
	b.arm()
	return ended
}

// callAnswered takes an answer.
func (b *Base) callAnswered(m *core.Msg) {
	_, number := m.Params()
	if b.kit == nil {
		b.unhandled++ // nobody here has asked anything
		return
	}
	var e *call
	if number > 0 {
		e = b.kit.calls.find(uint32(number))
	}
	switch {
	case e == nil:
		b.kit.calls.stats.Stray++
	case e.peer != m.From():
		b.kit.calls.stats.Stray++
		b.refuse(m) // somebody answers for another
	default:
		b.kit.calls.stats.Answered++
		b.endCall(e).fn(m, nil)
	}
}

// callFailed tells what became of a call that has ended. When the node stops, failures
// are the end, and nothing to tell.
func (b *Base) callFailed(ended call, why error) {
	if b.Running() {
		ended.fn(nil, &CallError{ended.peer, ended.typ, why})
	}
}

// callTimedOut ends a call whose timer has gone off, and is free.
func (b *Base) callTimedOut(number uint32) {
	cs := &b.kit.calls
	e := cs.find(number)
	ended := *e
	cs.remove(e)
	cs.stats.TimedOut++
	b.callFailed(ended, ErrTimeout)
}

// callsLost ends the calls to a node whose link is down.
func (b *Base) callsLost(ev core.LinkEvent) {
	if b.kit == nil || b.kit.calls.open == 0 || ev.App != 0 || ev.Direction != core.Downstream {
		return
	}
	switch ev.Reason {
	case core.ReasonIdle, core.ReasonEnded:
		return // what was sent has been delivered
	case core.ReasonFull:
		return // some of it was: those calls that were not heard time out
	}
	cs := &b.kit.calls
	for _, number := range cs.to(ev.Peer) { // their functions may make and cancel others
		if e := cs.find(number); e != nil {
			ended := b.endCall(e)
			cs.stats.Unreachable++
			b.callFailed(ended, ErrUnreachable)
		}
	}
}
