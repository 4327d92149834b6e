package world

import (
	"fmt"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/observer/report"
	"github.com/ioverlay/ioverlay/scenario/host"
)

// observe lets observers see a node, if the scenario names any.
func observe(h *host.Host, s host.Setup) error {
	if len(s.Observers) == 0 {
		return nil
	}
	o := report.Options{Observers: s.Observers, Name: s.Name, Group: s.Group, Algorithm: s.Algorithm}
	if p := s.Place; p != nil {
		o.Place = &algos.Place{Lat: p.Lat, Lon: p.Lon, Label: p.Label}
	}
	if err := report.To(h.Inner(), o); err != nil {
		return fmt.Errorf("world: node %s has an observer: %w", s.Name, err)
	}
	return nil
}
