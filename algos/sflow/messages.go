package sflow

import (
	"time"

	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Types of messages. TypeAssign and TypeFederate are commands of the observer, whose payload is text.
const (
	// TypeAssign gives the node a service, or takes it away with an empty payload:
	//
	//	scale < camera, file > join, screen
	//
	// says which services come directly before it (<) and behind it (>) in service graphs; both parts may be left out.
	TypeAssign core.Type = wire.FirstAlgorithmType + 96 + iota
	// TypeFederate asks the node, which has the first service of it, for a federation: the payload is a requirement
	// (ParseRequirement), and its application that of the data; if that is 0, parameter a is.
	TypeFederate
	typeAware
	typeStep
	typeSettle
	typeOutcome
)

// Assignment is a node's service and its place in the service graph.
type Assignment struct {
	Service string
	From    []string // services that make what it takes
	To      []string // services that take what it makes
}

// adjacent reports whether two services are neighbours in the service graph of either.
func (a *Assignment) adjacent(b *Assignment) bool {
	return a.feeds(b) || b.feeds(a)
}

func (a *Assignment) feeds(b *Assignment) bool {
	return contains(a.To, b.Service) || contains(b.From, a.Service)
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (a *Assignment) fields(f *pack.Fields) {
	f.String(&a.Service)
	pack.List(f, &a.From, (*pack.Fields).String)
	pack.List(f, &a.To, (*pack.Fields).String)
	if f.Reading() && a.check() != nil {
		f.Fail("a service that there cannot be")
	}
}

// aware tells that a node has a service (the paper's sAware).
type aware struct {
	Who  core.NodeID
	At   time.Duration // when who said so, by the world's clock: newer news is true
	Gone bool          // it has the service no more
	Walk bool          // it goes on to one host at a time, and not to all
	Left uint8         // hops that it may still go
	Assignment
}

func (a *aware) Fields(f *pack.Fields) {
	f.Node(&a.Who)
	f.Duration(&a.At)
	f.Bool(&a.Gone)
	f.Bool(&a.Walk)
	f.Uint8(&a.Left)
	a.fields(f)
}

// version orders the federations of a session: a later round wins, and of one round the greater name. Rounds are numbered
// by the world's clock, so that a source that has started again does not begin with old ones.
type version struct {
	Round uint64
	By    core.NodeID // who began the round
}

func (v *version) fields(f *pack.Fields) {
	f.Uint64(&v.Round)
	f.Node(&v.By)
}

func (v version) before(o version) bool {
	if v.Round != o.Round {
		return v.Round < o.Round
	}
	return v.By.Compare(o.By) < 0
}

// plan is a federation under way, or done.
type plan struct {
	App    uint32
	Asker  core.NodeID // who is told of the outcome
	Origin core.NodeID // who began this: the source's node, or one that repairs
	Began  time.Duration
	Vers   version
	Need   Requirement
	Chosen []core.NodeID // by step; nobody yet: zero
}

func (p *plan) fields(f *pack.Fields) {
	f.Uint32(&p.App)
	f.Node(&p.Asker)
	f.Node(&p.Origin)
	f.Duration(&p.Began)
	p.Vers.fields(f)
	p.Need.fields(f)
	f.NodesUpTo(MaxSteps, &p.Chosen)
	if f.Reading() && (p.App == 0 || p.App == wire.SharedApp || len(p.Chosen) != len(p.Need.Steps)) {
		f.Fail("a federation that there cannot be")
	}
}

// step hands a federation to the node of its next step (the paper's sFederate).
type step struct {
	plan
	At     uint8
	Offers []offer       // for steps that more than one comes before
	Avoid  []core.NodeID // who is not to be chosen
	Moves  uint16        // how often it has been handed on
}

// offer is what the steps before one, as far as they have been asked, can send to an instance.
type offer struct {
	Step uint8
	Who  core.NodeID
	Rate float64 // bytes a second: the least of them
}

func (s *step) Fields(f *pack.Fields) {
	s.fields(f)
	f.Uint8(&s.At)
	pack.List(f, &s.Offers, func(f *pack.Fields, o *offer) {
		f.Uint8(&o.Step)
		f.Node(&o.Who)
		f.Float64(&o.Rate)
	})
	f.Nodes(&s.Avoid)
	f.Uint16(&s.Moves)
	if f.Reading() && (int(s.At) >= len(s.Need.Steps) || s.Chosen[s.At].IsZero()) {
		f.Fail("a step that there cannot be")
	}
}

// settle is the finished plan.
type settle struct{ plan }

func (s *settle) Fields(f *pack.Fields) {
	s.fields(f)
	for _, id := range s.Chosen {
		if f.Reading() && id.IsZero() {
			f.Fail("a step without a node")
		}
	}
}

// reply answers a step or a settle.
type reply struct {
	OK  bool
	Why string
}

func (r *reply) Fields(f *pack.Fields) {
	f.Bool(&r.OK)
	f.String(&r.Why)
}

// Outcome is how a federation ended.
type Outcome struct {
	App     uint32
	Refused string        // why there is none; empty: there is one
	Chosen  []core.NodeID // by step of the requirement
	Took    time.Duration
}

// outcome is an Outcome, and of which round.
type outcome struct {
	Outcome
	vers version
}

func (o *outcome) Fields(f *pack.Fields) {
	f.Uint32(&o.App)
	f.String(&o.Refused)
	f.NodesUpTo(MaxSteps, &o.Chosen)
	f.Duration(&o.Took)
	o.vers.fields(f)
}
