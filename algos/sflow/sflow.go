package sflow

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// SFlow is the algorithm of one node. Make it with New; fields may be changed before the node starts.
type SFlow struct {
	algos.Base
	Services  map[string]Service              // what a service does, by its name
	Default   Service                         // of names that are not in Services; nil: Pass
	First     Assignment                      // the service that the node has from its start; none without a name
	Period    time.Duration                   // between signs of life to neighbours in the service graph
	Patience  int                             // periods without one until an instance is taken for gone
	Fresh     time.Duration                   // how long a measured throughput is good for
	Timeout   time.Duration                   // of a federation, for one that got stuck
	Choose    func(offers []Offer) int        // which of the instances a step gets; nil: the one with the highest rate
	Deliver   func(*core.Msg)                 // is handed what arrives at a sink
	OnOutcome func(Outcome)                   // is told how federations ended that were asked for here
	OnSettled func(app uint32, steps []Chose) // is told when data is to flow through the node, and again after repairs

	mine     Assignment
	at       time.Duration // of the node's last news of itself
	known    []instance
	sessions []*session
	probes   probes

	spoiled, dropped, strays func(uint64) // add to counters, which are looked up once and not with each message
}

// Offer is an instance that can be chosen for a step.
type Offer struct {
	Node core.NodeID
	Rate float64 // bytes a second that the steps before can send to it
}

// Chose is a step and its node.
type Chose struct {
	Service string
	Node    core.NodeID
}

// New makes a node with a service, or with none (a zero Assignment).
func New(first Assignment) *SFlow {
	return &SFlow{First: first, Period: 5 * time.Second, Patience: 4, Fresh: time.Minute, Timeout: 2 * time.Minute, Deliver: func(*core.Msg) {}}
}

// Bind implements core.Algorithm.
func (s *SFlow) Bind(n *core.Node) {
	if s.Period <= 0 || s.Patience < 2 || s.Timeout <= 0 || s.Fresh < 0 {
		panic(fmt.Sprintf("sflow: a period of %v, a patience of %d, a timeout of %v and measurements good for %v; want times above 0, and 2 periods or more",
			s.Period, s.Patience, s.Timeout, s.Fresh))
	}
	if s.First.Service != "" {
		if err := s.First.check(); err != nil {
			panic("sflow: " + err.Error())
		}
	}
	s.Base.Bind(n)
	s.spoiled, s.dropped, s.strays = s.Metric("spoiled").Add, s.Metric("dropped").Add, s.Metric("strays").Add
	algos.On(&s.Base, typeAware, func(m *core.Msg, a *aware) {
		s.Metric("aware_bytes").Add(uint64(len(m.Frame())))
		s.told(m, a)
	})
	algos.Answer(&s.Base, typeStep, s.handed)
	algos.Answer(&s.Base, typeSettle, s.settled)
	algos.On(&s.Base, typeOutcome, func(_ *core.Msg, o *outcome) { s.concluded(o) })
	s.Handle(TypeAssign, s.assigned)
	s.Handle(TypeFederate, s.asked)
	s.Handle(wire.TypeMeasured, s.measured)
	s.Handle(wire.TypeSessionEnd, func(m *core.Msg) { s.ended(m.App()) })
	s.Handle(wire.TypeSourceEnd, func(m *core.Msg) { s.ended(m.App()) })
	s.Handle(wire.TypeBrokenSource, func(m *core.Msg) { s.broken(m.App()) })
	s.OnFailed(s.lost)
	s.Handle(wire.TypeWorldUp, func(*core.Msg) {
		if s.First.Service != "" && s.mine.Service == "" {
			s.Assign(s.First)
		}
		s.AfterFunc(s.Period/2+time.Duration(s.Rand().Int64N(int64(s.Period))), func() {
			s.refresh()
			s.Every(s.Period, s.refresh)
		})
	})
}

// Process implements core.Algorithm.
func (s *SFlow) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		return s.data(m)
	}
	return s.Base.Process(m)
}

// Service is what the node has been assigned; without a name, nothing.
func (s *SFlow) Service() Assignment { return s.mine }

// assigned obeys the observer.
func (s *SFlow) assigned(m *core.Msg) {
	if !s.Trusted(m) {
		s.Note("sflow", "a service was assigned by somebody who may not")
		return
	}
	if len(m.Payload()) == 0 {
		s.Assign(Assignment{})
		return
	}
	a, err := ParseAssignment(string(m.Payload()))
	if err != nil {
		s.Tracef("%v", err)
		s.Note("sflow", err.Error())
		return
	}
	s.Assign(a)
}

// asked begins a federation that the observer asks for.
func (s *SFlow) asked(m *core.Msg) {
	app := m.App()
	if app == 0 {
		a, _ := m.Params()
		app = uint32(a)
	}
	if !s.Trusted(m) {
		s.Note("sflow", "a federation was asked for by somebody who may not")
		return
	}
	need, err := ParseRequirement(string(m.Payload()))
	if err == nil {
		err = s.federate(app, need, m.From())
	}
	if err != nil {
		s.Tracef("%v", err)
		asker := m.From()
		if asker.IsZero() {
			asker = s.ID()
		}
		s.conclude(&outcome{Outcome: Outcome{App: app, Refused: err.Error()}}, asker)
	}
}
