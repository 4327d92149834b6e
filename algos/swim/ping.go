package swim

import (
	"errors"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
)

// Pings: what is sent to learn who lives.

// maxHelps bounds the ping-reqs that a node has open, since anybody may send some: as a third of a group of 1,000 that fails in
// an instant makes others send to each. maxHelpsEach are for one member: it has one to a helper in a probe, and probes may overlap.
const maxHelps, maxHelpsEach = 256, 2

// probe is one that is under way.
type probe struct {
	target            algos.Fact
	help              algos.Timer
	answered, unasked bool // by the target, or for it; for want of calls
}

// probe pings the next member.
func (s *Swim) probe() {
	s.judge()
	target := s.Facts.Next(s.isPeer)
	if target.Who.IsZero() {
		s.reconnect()
		return
	}
	p := &probe{target: target}
	ack := func(err error) {
		switch {
		case err == nil:
			p.answered = true
			p.help.Stop()
		case errors.Is(err, algos.ErrTooManyCalls):
			p.unasked = true
		}
	}
	s.ask(target.Who, core.NodeID{}, ack)
	p.help = s.AfterFunc(s.Timeout, func() {
		for _, helper := range s.Facts.Some(s.Helpers, func(f algos.Fact) bool { return s.isPeer(f) && f.Who != target.Who }) {
			s.ask(helper.Who, target.Who, ack)
		}
	})
	s.probed = p
}

// judge ends the probe that was begun a period ago.
func (s *Swim) judge() {
	switch p := s.probed; {
	case p == nil || p.answered:
	case p.unasked: // that says something of this node, and nothing of the member
		s.Metric("unprobed").Add(1)
	default:
		s.Metric("suspicions").Add(1)
		s.learn(algos.Fact{Who: p.target.Who, Value: as(Suspect, p.target.Value)}, false)
	}
	s.probed = nil
}

// isPeer reports whether a member is to be pinged, or asked to ping.
func (s *Swim) isPeer(f algos.Fact) bool { return !isDead(f) && f.Who != s.ID() }

// reconnect pings some that are held for dead.
func (s *Swim) reconnect() {
	for _, dead := range s.Facts.Some(s.Helpers, isDead) {
		s.ask(dead.Who, core.NodeID{}, func(error) {})
	}
}

// ask sends a ping, or a ping-req if there is a target, and calls ack when it is answered, or with an error if it is not within a period.
func (s *Swim) ask(to, target core.NodeID, ack func(error)) {
	algos.Ask(&s.Base, to, typePing, &packet{target, s.Facts.Tell(to)}, s.Period, func(p *packet, err error) {
		if err == nil {
			s.Facts.Heard(to, p.Talk)
		}
		ack(err)
	})
}

// pinged answers a ping, and a ping-req when its target has answered.
func (s *Swim) pinged(m *core.Msg, p *packet) {
	from, request := m.From(), algos.RequestOf(m)
	answer := func() { s.Reply(request, &packet{Talk: s.Facts.Tell(from)}) }
	switch s.Facts.Heard(from, p.Talk); {
	case p.Target.IsZero():
		answer()
	case s.State(p.Target) != Unknown: // else anybody could have us dial anybody
		s.help(from, p.Target, answer)
	}
}

// help pings a member for another one.
func (s *Swim) help(from, target core.NodeID, answer func()) {
	if !s.helps.Take(from) {
		s.Metric("unhelped").Add(1)
		return
	}
	s.ask(target, core.NodeID{}, func(err error) {
		if s.helps.Give(from); err == nil {
			answer()
		}
	})
}
