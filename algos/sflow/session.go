package sflow

import (
	"fmt"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// MaxSessions is how many sessions run through a node at most.
const MaxSessions = 256

// session is a node's part in one federated service.
type session struct {
	app   uint32
	plan  plan // that is settled; of round 0: none
	step  int  // this node's in it
	ups   []core.NodeID
	downs []core.NodeID
	stage Stage

	waiting bool   // what comes is kept: there is no plan yet, or a downstream has failed
	held    []held // meanwhile, in order
	over    bool   // and nothing more comes
	refused bool   // there is no such service: what comes is dropped

	round  uint64 // the last that was begun here, or settled
	rounds int    // since the last that was settled
	watch  algos.Timer
	orphan algos.Timer // until which another upstream may come

	last time.Duration // when data came last
	from time.Duration // the same, before the plan changed; 0: it has not
}

// held is a message that waits, and the number of its input.
type held struct {
	m     *core.Msg
	input int
}

func (s *SFlow) find(app uint32) *session {
	for _, ss := range s.sessions {
		if ss.app == app {
			return ss
		}
	}
	return nil
}

// session finds or begins one; nil if there are too many.
func (s *SFlow) session(app uint32) *session {
	if ss := s.find(app); ss != nil || len(s.sessions) >= MaxSessions {
		return ss
	}
	ss := &session{app: app, waiting: true}
	s.sessions = append(s.sessions, ss)
	return ss
}

// serves reports whether the node does a service in a session, whatever it has been assigned since.
func (s *SFlow) serves(app uint32, service string) bool {
	ss := s.find(app)
	return ss != nil && ss.plan.Vers.Round > 0 && ss.plan.Need.Steps[ss.step].Service == service
}

// service is what is done in the name of one.
func (s *SFlow) service(name string) Service {
	if work, there := s.Services[name]; there {
		return work
	}
	return s.Default
}

// take makes a plan the session's.
func (s *SFlow) take(p *settle) *reply {
	at := slices.Index(p.Chosen, s.ID())
	if at < 0 {
		return &reply{Why: "this node has no part in it"}
	}
	if need := p.Need.Steps[at].Service; s.mine.Service != need && !s.serves(p.App, need) {
		return &reply{Why: "this node has " + orNone(s.mine.Service)}
	}
	ss := s.session(p.App)
	switch {
	case ss == nil:
		return &reply{Why: "this node has no room for another session"}
	case !ss.plan.Vers.before(p.Vers):
		return &reply{Why: stale}
	}
	forerunners := p.Need.before(at)
	if service := s.service(p.Need.Steps[at].Service); service != nil && (ss.stage == nil || ss.step != at || len(ss.ups) != len(forerunners)) {
		ss.stage = service(max(len(forerunners), 1))
	}
	if ss.plan.Vers.Round > 0 && ss.last > 0 {
		ss.from = ss.last
	}
	ss.plan, ss.step, ss.round, ss.rounds, ss.refused = p.plan, at, max(ss.round, p.Vers.Round), 0, false
	ss.ups, ss.downs = nil, nil
	for _, u := range forerunners {
		ss.ups = append(ss.ups, p.Chosen[u])
	}
	for _, v := range p.Need.Steps[at].Next {
		ss.downs = append(ss.downs, p.Chosen[v])
	}
	ss.watch.Stop()
	ss.orphan.Stop()
	s.resume(ss)
	if s.OnSettled != nil {
		var steps []Chose
		for i, id := range p.Chosen {
			steps = append(steps, Chose{p.Need.Steps[i].Service, id})
		}
		s.OnSettled(p.App, steps)
	}
	return &reply{OK: true}
}

// resume hands on what was kept.
func (s *SFlow) resume(ss *session) {
	kept := ss.held
	ss.waiting, ss.held = false, nil
	for _, h := range kept {
		s.flow(ss, h.input, h.m)
		s.Release(h.m)
	}
	if ss.over {
		s.finish(ss)
		s.EndSession(ss.app)
	}
}

// data takes a message of a session.
func (s *SFlow) data(m *core.Msg) core.Verdict {
	ss, own := s.find(m.App()), m.From().IsZero()
	if ss == nil && own {
		ss = s.session(m.App()) // its federation may be asked for later
	}
	if ss == nil {
		s.strays(1)
		return core.Done
	}
	input := 0
	switch settled := ss.plan.Vers.Round > 0; {
	case own && settled && ss.step != 0, ss.refused:
		s.dropped(1)
		return core.Done
	case own:
	case !settled:
		s.strays(1)
		return core.Done
	default:
		if input = slices.Index(ss.ups, m.From()); input < 0 {
			s.strays(1) // an upstream that was, or one of an older plan
			return core.Done
		}
	}
	if ss.waiting {
		ss.held = append(ss.held, held{m, input})
		return core.Hold
	}
	s.flow(ss, input, m)
	return core.Done
}

// flow does the service on a message.
func (s *SFlow) flow(ss *session, input int, m *core.Msg) {
	ss.last = max(s.Now(), 1)
	if ss.from > 0 {
		if ss.step == ss.plan.Need.Sink() {
			s.Histogram("gap_s").Record((ss.last - ss.from).Seconds())
		}
		ss.from = 0
	}
	if ss.stage == nil {
		s.send(ss, m)
		return
	}
	if err := ss.stage.Process(input, m.Seq(), m.Payload(), s.emitter(ss, m)); err != nil {
		s.spoiled(1)
		s.Note("sflow", err.Error())
	}
}

// emitter is how a stage hands on what it makes. What came, and is as it was, goes on itself, without a copy.
func (s *SFlow) emitter(ss *session, came *core.Msg) func(seq uint64, payload []byte) {
	return func(seq uint64, payload []byte) {
		if came != nil && seq == came.Seq() && same(payload, came.Payload()) {
			s.send(ss, came)
			return
		}
		if len(payload) > s.most() {
			s.spoiled(1)
			return
		}
		m := s.NewMsg(wire.TypeData, ss.app, len(payload))
		copy(m.Payload(), payload)
		m.SetSeq(seq)
		s.send(ss, m)
	}
}

// same reports whether two slices are the same bytes in memory.
func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// most is the largest payload that a message of this node can have.
func (s *SFlow) most() int { return s.Config().MaxPayload - (wire.HeaderLen(s.ID()) - wire.HeaderSize) }

func (s *SFlow) send(ss *session, m *core.Msg) {
	if len(ss.downs) == 0 {
		s.Deliver(m)
		return
	}
	for _, d := range ss.downs {
		s.Send(m, d)
	}
}

// lost is told of a node whose link has failed: who sends to it looks for another, the first of them at once.
func (s *SFlow) lost(peer core.NodeID) {
	s.forget(peer)
	for _, ss := range slices.Clone(s.sessions) {
		if ss.plan.Vers.Round == 0 || ss.waiting {
			continue
		}
		i := slices.Index(ss.downs, peer)
		if i < 0 {
			continue
		}
		failed := int(ss.plan.Need.Steps[ss.step].Next[i])
		ss.waiting = true
		vers, wait := ss.plan.Vers, s.Timeout/8*time.Duration(slices.Index(ss.plan.Need.before(failed), ss.step))
		ss.watch.Stop()
		ss.watch = s.AfterFunc(wait, func() {
			if ss.plan.Vers == vers && ss.waiting {
				p := ss.plan
				p.Began = s.Now()
				s.Metric("repairs").Add(1)
				s.begin(ss, p, func(st *step) { s.retreat(st, failed) })
			}
		})
	}
}

// broken keeps a session that has lost its upstream, for as long as another may be found.
func (s *SFlow) broken(app uint32) {
	ss := s.find(app)
	if ss == nil || ss.plan.Vers.Round == 0 {
		return
	}
	s.Repair()
	ss.orphan.Stop()
	ss.orphan = s.AfterFunc(maxRounds*s.Timeout, func() {
		s.giveUp(ss)
		s.EndSession(app)
		s.drop(ss)
	})
}

// ended is told that nothing more comes: what the service keeps goes, and the session's end behind it.
func (s *SFlow) ended(app uint32) {
	ss := s.find(app)
	switch {
	case ss == nil:
	case ss.waiting && !ss.refused:
		s.Repair() // until what is kept has gone
		ss.over = true
	default:
		s.finish(ss)
	}
}

// finish ends a session that has nothing more to do.
func (s *SFlow) finish(ss *session) {
	if ss.stage != nil {
		ss.stage.End(s.emitter(ss, nil))
	}
	s.drop(ss)
}

func (s *SFlow) drop(ss *session) {
	ss.watch.Stop()
	ss.orphan.Stop()
	s.sessions = slices.DeleteFunc(s.sessions, func(o *session) bool { return o == ss })
}

// giveUp drops what waits for a service that there is not, and what will come.
func (s *SFlow) giveUp(ss *session) {
	ss.watch.Stop()
	ss.refused = true
	s.dropped(uint64(len(ss.held)))
	for _, h := range ss.held {
		s.Release(h.m)
	}
	ss.held = nil
	if ss.over {
		s.EndSession(ss.app)
		s.drop(ss)
	}
}

// Sessions is how many sessions have something at this node.
func (s *SFlow) Sessions() int { return len(s.sessions) }

// Invariant is what holds in every node at any time (ioverlay hunt --invariants).
func (s *SFlow) Invariant() error {
	for _, ss := range s.sessions {
		switch settled := ss.plan.Vers.Round > 0; {
		case !ss.waiting && !settled:
			return fmt.Errorf("session %d: data goes on without a plan", ss.app)
		case !ss.waiting && len(ss.held) > 0:
			return fmt.Errorf("session %d: %d messages are kept for nothing", ss.app, len(ss.held))
		case settled && ss.plan.Chosen[ss.step] != s.ID():
			return fmt.Errorf("session %d: step %d is %v's", ss.app, ss.step, ss.plan.Chosen[ss.step])
		case slices.Contains(ss.ups, s.ID()) || slices.Contains(ss.downs, s.ID()):
			return fmt.Errorf("session %d: the node is its own neighbour", ss.app)
		}
	}
	return nil
}
