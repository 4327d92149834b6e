package host

import (
	"fmt"
	"time"

	"github.com/ioverlay/ioverlay/algos/swim"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// newSwim is SWIM among the nodes that come to know each other by bootstrap, or by the
// links of the scenario.
func newSwim() Algorithm {
	const period, timeout, most = "period", "timeout", 1024
	d := swim.New()
	whole := []struct {
		name, about string
		from        int
		of          func(*swim.Swim) *int
	}{
		{"helpers", "How many others a node asks to probe for it, from 0 to 1024.", 0, func(s *swim.Swim) *int { return &s.Helpers }},
		{"news", "Most news on a message, from 1 to 1024.", 1, func(s *swim.Swim) *int { return &s.Facts.Most }},
		{"spread", "How often a node passes news on, times ln(n+1), from 1 to 1024.", 1, func(s *swim.Swim) *int { return &s.Spread }},
		{"suspicion", "How many periods a suspect has to object, times ln(n+1), from 1 to 1024.", 1, func(s *swim.Swim) *int { return &s.Suspicion }},
		{"reconnect", "Periods between pings to nodes that are held for dead, from 1 to 1024.", 1, func(s *swim.Swim) *int { return &s.Reconnect }},
	}
	params := []spec.Param{
		{Name: period, Kind: spec.Time, Default: d.Period, About: "How often a node probes another, above timeout."},
		{Name: timeout, Kind: spec.Time, Default: d.Timeout, About: "How long it waits before it asks others to probe, from 1ms."},
	}
	for _, p := range whole {
		params = append(params, spec.Param{Name: p.name, Kind: spec.Whole, Default: *p.of(d), About: p.about})
	}
	return Algorithm{Name: "swim", Params: params, New: func(e Env) (core.Algorithm, error) {
		s := swim.New()
		s.Period, s.Timeout = e.Params.Time(period), e.Params.Time(timeout)
		if s.Timeout < time.Millisecond || s.Timeout >= s.Period {
			return nil, fmt.Errorf("the parameters timeout and period are %v and %v: want 1ms or more, and a timeout below the period", s.Timeout, s.Period)
		}
		for _, p := range whole {
			v := e.Params.Int(p.name)
			if v < p.from || v > most {
				return nil, fmt.Errorf("the parameter %s is %d: want a number from %d to %d", p.name, v, p.from, most)
			}
			*p.of(s) = v
		}
		for _, id := range e.Downstreams {
			s.AddHost(id)
		}
		return s, nil
	}}
}
