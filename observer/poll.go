package observer

import (
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/record"
)

// ticked asks the part of the nodes whose turn it is, and tells what has changed since the last tick.
func (o *Observer) ticked() {
	o.After(o.tick, tickTimer)
	again := o.again
	o.again = nil
	for _, m := range again {
		if m.up && m.via == nil {
			o.ask(m)
		}
	}
	for i := o.round; i < len(o.members); i += o.ticks {
		if m := o.members[i]; m != nil {
			if m.up && m.via == nil {
				o.poll(m)
			}
			o.refreshProcess(m)
			o.sweep(m)
		}
	}
	o.tickReporters()
	if o.round = (o.round + 1) % o.ticks; o.round == 0 {
		o.polls++
	}
	o.expire()
	if o.round == 0 { // once a poll: what was lost on the way is asked for again
		for _, c := range o.candidates.order {
			if o.candidates.at[c.id] == c && o.Now()-c.since >= o.o.Poll {
				o.askCandidate(c)
			}
		}
	}
	o.flush()
}

// poll asks a node, unless it has been silent for too long.
func (o *Observer) poll(m *member) {
	if m.asked != 0 {
		m.silent++
		if m.silent >= silentPolls && o.Now()-m.askedAt >= silentTime {
			o.fall(m, "no answer to "+countOf(m.silent, "request"))
			return
		}
	}
	o.ask(m)
}

// ask sends a request. Its number is what shows that the answer is the node's own.
func (o *Observer) ask(m *member) {
	if m.asked == 0 {
		m.askedAt = o.Now()
		m.asked = o.number()
	} // else the same number again: an answer that is on its way counts
	if m.via != nil { // it is asked itself for once, and what its reporter knows stays as it is
		o.request(m.id, m.asked, algos.StatusAsk{})
		return
	}
	ask := algos.StatusAsk{Session: m.session, Every: o.o.Poll}
	if m.base != nil {
		ask.Base = m.base.Number
	}
	o.request(m.id, m.asked, ask)
}

func (o *Observer) askCandidate(c *candidate) {
	if c.asked == 0 {
		c.asked = o.number()
	}
	o.request(c.id, c.asked, algos.StatusAsk{Session: c.asked, Every: o.o.Poll})
}

func (o *Observer) request(id core.NodeID, number uint64, ask algos.StatusAsk) {
	m := o.NewMsg(wire.TypeRequest, 0, 0)
	if ask.Session != 0 {
		m = o.NewControl(wire.TypeRequest, 0, ask)
	}
	m.SetSeq(number)
	o.counts.Polls++
	o.Send(m, id)
}

// number is one that nobody guesses who does not know the world's dice.
func (o *Observer) number() uint64 { return o.Rand().Uint64() | 1 }

// linkLost looks after a node whose link is gone: it is asked again, and if it cannot be reached it is down.
func (o *Observer) linkLost(ev core.LinkEvent) {
	if ev.App != 0 {
		return
	}
	if c := o.candidates.at[ev.Peer]; c != nil && ev.Direction == core.Downstream {
		o.candidates.remove(c) // it is not there, and will say so if it comes
		return
	}
	if r := o.reporterByID[ev.Peer]; r != nil {
		switch ev.Reason {
		case core.ReasonIdle, core.ReasonEnded:
		case core.ReasonRefused:
			o.loseReporter(r, "its process cannot be reached")
		default:
			r.again = true
		}
		return
	}
	m := o.byID[ev.Peer]
	if m == nil || !m.up {
		return
	}
	if m.via != nil { // its reporter says whether it is there
		if ev.Direction == core.Downstream && ev.Lost > 0 {
			o.happened(record.EventProblem, m, fmt.Sprintf("%s sent to it did not arrive: %v", countOf(int(ev.Lost), "order"), ev.Reason))
		}
		return
	}
	switch ev.Reason {
	case core.ReasonIdle, core.ReasonEnded:
	case core.ReasonRefused:
		o.fall(m, "it cannot be reached")
	default:
		m.why = "its link ended: " + ev.Reason.String()
		o.again = append(o.again, m)
	}
}

// sendFailed asks again later what could not be sent.
func (o *Observer) sendFailed(ev core.LinkEvent) {
	if r := o.reporterByID[ev.Peer]; r != nil && ev.App == 0 {
		r.again = true
	} else if m := o.byID[ev.Peer]; m != nil && m.up && m.via == nil && ev.App == 0 {
		o.again = append(o.again, m)
	}
}
