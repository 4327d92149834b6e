package world

import (
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/scenario/host"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// observe lets observers see a node, if the scenario names any.
// Those of one process report together, if it has more than one.
func observe(h *host.Host, s host.Setup, shared *report.Shared) error {
	if len(s.Observers) == 0 {
		return nil
	}
	o := report.Options{Observers: s.Observers, Name: s.Name, Group: s.Group, Algorithm: s.Algorithm}
	if p := s.Place; p != nil {
		o.Place = &algos.Place{Lat: p.Lat, Lon: p.Lon, Label: p.Label}
	}
	to := report.To
	if shared != nil {
		to = shared.To
	}
	if err := to(h.Inner(), o); err != nil {
		return fmt.Errorf("world: node %s has an observer: %w", s.Name, err)
	}
	return nil
}

// shareReports starts what the nodes of an engine report through; nil if they have no observer, or there is one node only.
func shareReports(eng *engine.Engine, plan *spec.Plan) (*report.Shared, error) {
	if len(plan.Observers) == 0 || len(plan.Nodes) < 2 {
		return nil, nil
	}
	var observers []core.NodeID
	for _, at := range plan.Observers {
		observers = append(observers, core.NodeIDFrom(at))
	}
	s, err := report.Share(eng, engine.NodeOptions{}, observers...)
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	return s, nil
}
