package algos

import (
	"cmp"
	"errors"
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// Detector finds out whether nodes live, as a failure detector with indirect probes: it pings a node, and if that is silent for a while
// asks others to ping it (ping-req; A. Das, I. Gupta, A. Motivala, "SWIM", DSN 2002, section 3.1), so that no bad link and no
// slow moment between two nodes makes one hold the other for dead. Pings and their answers carry a T, the overlay's own: what it wants to
// spread at no message's cost.
//
// Set the fields, which all but the last two are needed, and call Open. Requests are a packed node ID, zero in a ping and else whom to
// ping for the asker, and the T behind it; so are answers, without an ID.
type Detector[T any, P pack.BodyOf[T]] struct {
	Base    *Base
	Type    core.Type     // of its requests
	Timeout time.Duration // for an answer without help, above 0 and below Within
	Within  time.Duration // for an answer to a request

	Helpers func(silent core.NodeID) []core.NodeID // whom to ask for help with a node that is silent
	Knows   func(target core.NodeID) bool          // whether a node is to be pinged for others: else anybody could have this one dial anybody
	Tell    func(to core.NodeID) T                 // what goes along with a request or an answer
	Heard   func(from core.NodeID, said T)         // is given what came along with one, which it may not keep

	Helping  Quota[core.NodeID] // by who asked: pings for others without an answer yet. Most and Each may be set; 0: 256 and 2
	Unhelped func()             // is told of each request for help that was dropped, as there were too many; may be nil
}

// A node may ask for help as often as it likes. A third of a group of 1,000 that fails in an instant makes others send requests to each,
// so they are bounded; one node has one for each of its probes, which may overlap.
const mostHelping, eachHelping = 256, 2

// ping is a request of a Detector, or its answer.
type ping[T any, P pack.BodyOf[T]] struct {
	target core.NodeID
	said   T
}

// Fields implements pack.Body.
func (p *ping[T, P]) Fields(f *pack.Fields) { f.Node(&p.target); P(&p.said).Fields(f) }

// Open has the node answer pings, and requests for help. It is for Bind.
func (d *Detector[T, P]) Open() {
	if d.Base == nil || d.Timeout <= 0 || d.Within <= 0 || d.Helpers == nil || d.Knows == nil || d.Tell == nil || d.Heard == nil {
		panic("algos: a Detector needs a Base, a Timeout and a time Within above 0, Helpers, Knows, Tell and Heard")
	}
	d.Helping.Most, d.Helping.Each = cmp.Or(d.Helping.Most, mostHelping), cmp.Or(d.Helping.Each, eachHelping)
	OnLent(d.Base, d.Type, d.pinged)
}

// Ping pings a node once, without help, and has fn called once: with nil when it has answered, or with a *CallError.
func (d *Detector[T, P]) Ping(node core.NodeID, fn func(error)) { d.ask(node, core.NodeID{}, fn) }

// Probe is one that is under way.
type Probe struct {
	target core.NodeID
	typ    core.Type
	fn     func(error) // nil: it has ended
	help   Timer
	open   int   // requests without an answer, and one while others have still to be asked for help
	why    error // of the verdict, if nobody answers
}

// Probe finds out whether a node lives, and has fn called once with the verdict: nil as soon as it has answered, to this node or
// to a helper; and if nobody has an answer a *CallError, of ErrTooManyCalls if not all could be asked, which says nothing of the node,
// else of ErrTimeout. That comes Within after the helpers were asked, or at End. fn is not called from within Probe, nor if this node stops.
func (d *Detector[T, P]) Probe(node core.NodeID, fn func(error)) *Probe {
	p := &Probe{target: node, typ: d.Type, fn: fn, open: 2, why: ErrTimeout}
	heard := p.heard
	d.Ping(node, heard)
	p.help = d.Base.AfterFunc(d.Timeout, func() {
		helpers := d.Helpers(node)
		p.open += len(helpers)
		for _, helper := range helpers {
			d.ask(helper, node, heard)
		}
		p.done()
	})
	return p
}

// End ends a probe with what is known now: overlays that probe once a period judge one with the next. It does nothing if the probe has
// ended, or there is none.
func (p *Probe) End() {
	if p != nil && p.fn != nil {
		p.end(&CallError{p.target, p.typ, p.why})
	}
}

func (p *Probe) end(err error) {
	fn := p.fn
	p.fn = nil
	p.help.Stop()
	fn(err)
}

// heard is told what became of a request.
func (p *Probe) heard(err error) {
	switch {
	case p.fn == nil: // it is over
		return
	case err == nil:
		p.end(nil)
		return
	case errors.Is(err, ErrTooManyCalls):
		p.why = ErrTooManyCalls
	}
	p.done()
}

// done ends the probe when there is nobody left who could answer.
func (p *Probe) done() {
	if p.open--; p.open == 0 {
		p.End()
	}
}

// ask sends a ping, or asks for help if there is a target.
func (d *Detector[T, P]) ask(to, target core.NodeID, fn func(error)) {
	Ask(d.Base, to, d.Type, &ping[T, P]{target, d.Tell(to)}, d.Within, func(p *ping[T, P], err error) {
		if err == nil {
			d.Heard(to, p.said)
		}
		fn(err)
	})
}

// pinged answers a ping, and a request for help when its target has answered.
func (d *Detector[T, P]) pinged(m *core.Msg, p *ping[T, P]) {
	from, request := m.From(), RequestOf(m)
	answer := func() { d.Base.Reply(request, &ping[T, P]{said: d.Tell(from)}) }
	switch d.Heard(from, p.said); {
	case p.target.IsZero():
		answer()
	case !d.Knows(p.target):
	case d.Helping.Take(from):
		d.Ping(p.target, func(err error) {
			if d.Helping.Give(from); err == nil {
				answer()
			}
		})
	case d.Unhelped != nil:
		d.Unhelped()
	}
}
