package sflow

import (
	"fmt"
	"slices"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// A federation is one sFederate message that goes from step to step, in the order of their numbers, so that a step on
// which branches meet is chosen once:
//
//	Federate   the source's node begins a round
//	handed     the node of a step measures to the instances of the steps behind it
//	decide     a step whose last forerunner this is gets the instance that all of them can send most to
//	hand       the next step that has something to choose is handed the message, or the sink, when all are chosen
//	settle     the sink's node tells all others the plan, from its end, the source last
//	retreat    a node that is not there, or has the service no more, is chosen no more: back to who chose it
//	refuse     no instance is left: whoever asked is told of which service
//
// A node of the session whose downstream fails begins another round at its own step, with all that is chosen but that.

// maxMoves bounds the way of one message, and maxRounds how often a federation is begun again.
const (
	maxMoves  = 4 * MaxSteps
	maxRounds = 8
)

// Federate asks for a federation whose data will have this application; the node must have the requirement's first service.
// OnOutcome is told how it ends. Errors wrap ErrRequirement, or say why this node cannot begin it.
func (s *SFlow) Federate(app uint32, need Requirement) error {
	return s.federate(app, need, s.ID())
}

func (s *SFlow) federate(app uint32, need Requirement, asker core.NodeID) error {
	if asker.IsZero() {
		asker = s.ID()
	}
	if err := need.Check(); err != nil {
		return err
	}
	switch first := need.Steps[0].Service; {
	case app == 0 || app == wire.SharedApp:
		return fmt.Errorf("sflow: a federation of application %d: data has an application from 1 to %d", app, wire.SharedApp-1)
	case s.mine.Service != first:
		return fmt.Errorf("sflow: the requirement begins with %s, and this node has %s: ask a node that has it", first, orNone(s.mine.Service))
	case s.find(app) == nil && len(s.sessions) >= MaxSessions:
		return fmt.Errorf("sflow: this node has %d sessions, which is the most", MaxSessions)
	}
	ss := s.session(app)
	ss.rounds = 0
	p := plan{App: app, Asker: asker, Began: s.Now(), Need: need, Chosen: append([]core.NodeID{s.ID()}, make([]core.NodeID, need.Sink())...)}
	ss.refused = false
	s.begin(ss, p, s.work)
	return nil
}

func orNone(service string) string {
	if service == "" {
		return "no service"
	}
	return service
}

// begin begins a round with what is chosen of a plan, and watches over it. How it starts is given the message, at this
// node's step.
func (s *SFlow) begin(ss *session, p plan, start func(*step)) {
	ss.watch.Stop()
	if ss.rounds++; ss.rounds > maxRounds {
		s.refuse(p, fmt.Sprintf("no federation after %d rounds", maxRounds))
		return
	}
	ss.round = max(ss.round+1, uint64(s.Now()))
	p.Vers, p.Origin = version{ss.round, s.ID()}, s.ID()
	ss.watch = s.AfterFunc(s.Timeout, func() { // unless it is settled by then
		s.begin(ss, p, start)
	})
	st := &step{plan: p, At: uint8(slices.Index(p.Chosen, s.ID()))}
	st.Chosen = slices.Clone(p.Chosen)
	start(st)
}

// handed takes a step that is this node's.
func (s *SFlow) handed(m *core.Msg, st *step) *reply {
	switch need := st.Need.Steps[st.At].Service; {
	case st.Chosen[st.At] != s.ID():
		return &reply{Why: "the step is another node's"}
	case s.mine.Service != need && !s.serves(st.App, need):
		return &reply{Why: "this node has " + orNone(s.mine.Service)}
	case st.Moves >= maxMoves:
		return &reply{Why: "the message has gone too far"}
	}
	if ss := s.find(st.App); ss != nil && !ss.plan.Vers.before(st.Vers) {
		return &reply{Why: stale}
	}
	s.Metric("federate_bytes").Add(uint64(len(m.Frame())))
	s.work(st)
	return &reply{OK: true}
}

// work measures what a step has to choose from, and goes on.
func (s *SFlow) work(st *step) {
	here := st.Need.Steps[st.At]
	left := 1 // measurements that are to come, and this function
	done := func() {
		if left--; left == 0 {
			s.decide(st)
		}
	}
	for _, v := range here.Next {
		if !st.Chosen[v].IsZero() {
			continue
		}
		forerunners := st.Need.before(int(v))
		first := forerunners[0] == int(st.At)
		for _, id := range s.candidates(st, int(v), first) {
			left++
			s.rate(id, func(rate float64, ok bool) {
				st.offer(v, id, rate, ok, first)
				done()
			})
		}
	}
	done()
}

// candidates are the instances that a step may get: those that this node knows, or if steps before this one have looked
// already, those that they can send to.
func (s *SFlow) candidates(st *step, v int, first bool) (ids []core.NodeID) {
	if !first {
		for _, o := range st.Offers {
			if int(o.Step) == v {
				ids = append(ids, o.Who)
			}
		}
		return ids
	}
	for _, id := range s.Instances(st.Need.Steps[v].Service) {
		if !slices.Contains(st.Chosen, id) && !slices.Contains(st.Avoid, id) && id != s.ID() {
			ids = append(ids, id)
		}
	}
	return ids
}

// offer takes down what this node can send to an instance.
func (st *step) offer(v uint8, id core.NodeID, rate float64, ok, first bool) {
	i := slices.IndexFunc(st.Offers, func(o offer) bool { return o.Step == v && o.Who == id })
	switch {
	case first && ok && i < 0:
		st.Offers = append(st.Offers, offer{v, id, rate})
	case i >= 0 && !ok:
		st.Offers = slices.Delete(st.Offers, i, i+1)
	case i >= 0:
		st.Offers[i].Rate = min(st.Offers[i].Rate, rate)
	}
}

// decide chooses the steps whose last forerunner this is, and hands the message on.
func (s *SFlow) decide(st *step) {
	for _, v := range st.Need.Steps[st.At].Next {
		forerunners := st.Need.before(int(v))
		if !st.Chosen[v].IsZero() || forerunners[len(forerunners)-1] != int(st.At) {
			continue
		}
		var offers []Offer
		for _, o := range st.Offers {
			if o.Step == v && !slices.Contains(st.Chosen, o.Who) && !slices.Contains(st.Avoid, o.Who) {
				offers = append(offers, Offer{o.Who, o.Rate})
			}
		}
		if len(offers) == 0 {
			s.refuse(st.plan, fmt.Sprintf("no instance of service %s is left that %s can send to", st.Need.Steps[v].Service, st.Need.Steps[st.At].Service))
			return
		}
		slices.SortFunc(offers, func(a, b Offer) int { return a.Node.Compare(b.Node) })
		i := s.choice(offers)
		st.Chosen[v] = offers[i].Node
		st.Offers = slices.DeleteFunc(st.Offers, func(o offer) bool { return o.Step == v })
	}
	s.hand(st)
}

func (s *SFlow) choice(offers []Offer) int {
	if s.Choose != nil {
		return s.Choose(offers)
	}
	best := 0
	for i, o := range offers {
		if o.Rate > offers[best].Rate {
			best = i
		}
	}
	return best
}

// hand gives the message to the next step that has something to choose, or to the sink, which settles the plan.
func (s *SFlow) hand(st *step) {
	sink := st.Need.Sink()
	for i := int(st.At) + 1; i < sink; i++ {
		if slices.ContainsFunc(st.Need.Steps[i].Next, func(v uint8) bool { return st.Chosen[v].IsZero() }) {
			s.pass(st, i)
			return
		}
	}
	s.pass(st, sink)
}

// pass hands the message to the node of a step.
func (s *SFlow) pass(st *step, to int) {
	if to == int(st.At) {
		s.settle(st)
		return
	}
	next := *st
	next.At, next.Moves = uint8(to), st.Moves+1
	if next.Chosen[to] == s.ID() {
		s.work(&next)
		return
	}
	algos.Ask(&s.Base, st.Chosen[to], typeStep, &next, s.Timeout/8, func(r *reply, err error) {
		if err != nil || !r.OK && r.Why != stale {
			s.retreat(st, to)
		}
	})
}

// retreat chooses a step's node no more, and goes back to the first that can choose another.
func (s *SFlow) retreat(st *step, failed int) {
	if failed == 0 {
		return // the source is gone, and with it who wants this
	}
	back := *st
	back.Vers = version{st.Vers.Round + 1, s.ID()} // who did not answer may have gone on with the message all the same
	back.Chosen, back.Avoid = slices.Clone(st.Chosen), append(slices.Clip(st.Avoid), st.Chosen[failed])
	back.Chosen[failed] = core.NodeID{}
	first := st.Need.before(failed)[0]
	if len(back.Avoid) > MaxInstances-1 || back.Moves >= maxMoves {
		s.refuse(st.plan, "too many nodes are gone")
		return
	}
	s.forget(st.Chosen[failed])
	if back.Chosen[first] == s.ID() {
		back.At = uint8(first)
		s.work(&back)
		return
	}
	s.pass(&back, first)
}

// settle is the sink's part: everybody is told the plan, from its end.
func (s *SFlow) settle(st *step) {
	said := &settle{st.plan}
	s.settleNext(st, said, len(st.Chosen)-1)
}

func (s *SFlow) settleNext(st *step, said *settle, i int) {
	for ; i >= 0 && said.Chosen[i] == s.ID(); i-- {
		if r := s.take(said); !r.OK {
			return // a newer round has been here
		}
	}
	if i < 0 {
		s.succeeded(said)
		return
	}
	algos.Ask(&s.Base, said.Chosen[i], typeSettle, said, s.Timeout/8, func(r *reply, err error) {
		switch {
		case err != nil:
			s.retreat(st, i)
		case !r.OK && r.Why == stale:
		case !r.OK:
			s.retreat(st, i)
		default:
			s.settleNext(st, said, i-1)
		}
	})
}

const stale = "a newer round has been here"

// settled takes a plan.
func (s *SFlow) settled(m *core.Msg, p *settle) *reply {
	s.Metric("federate_bytes").Add(uint64(len(m.Frame())))
	return s.take(p)
}

// succeeded tells whoever asked.
func (s *SFlow) succeeded(p *settle) {
	s.Metric("federations").Add(1)
	s.Histogram("federate_s").Record((s.Now() - p.Began).Seconds())
	s.conclude(&outcome{Outcome{App: p.App, Chosen: p.Chosen, Took: s.Now() - p.Began}, p.Vers}, p.Asker)
}

// refuse tells whoever asked, the source, and who has data that waits, that there is no such service.
func (s *SFlow) refuse(p plan, why string) {
	s.Metric("refusals").Add(1)
	s.Note("sflow", "refused: "+why)
	s.conclude(&outcome{Outcome{App: p.App, Refused: why, Took: s.Now() - p.Began}, p.Vers}, p.Asker, p.Chosen[0], p.Origin)
}

// conclude tells nodes, each once, how a federation ended.
func (s *SFlow) conclude(o *outcome, ids ...core.NodeID) {
	slices.SortFunc(ids, core.NodeID.Compare)
	for _, id := range slices.Compact(ids) {
		if id == s.ID() {
			s.AfterFunc(0, func() { s.concluded(o) })
		} else {
			s.Post(id, typeOutcome, o)
		}
	}
}

// concluded hears it.
func (s *SFlow) concluded(o *outcome) {
	if ss := s.find(o.App); ss != nil && o.Refused != "" && !o.vers.before(ss.plan.Vers) {
		s.giveUp(ss)
	}
	if s.OnOutcome != nil {
		s.OnOutcome(o.Outcome)
	}
}
