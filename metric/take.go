package metric

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Changes are what a set has to report since it was taken last. Its JSON form is what
// crosses from a node's process.
type Changes struct {
	Counters   []Count  `json:"counters,omitempty"`
	Gauges     []Level  `json:"gauges,omitempty"`
	Histograms []Spread `json:"histograms,omitempty"`
	Events     []Event  `json:"events,omitempty"`  // in order of time
	Refused    uint64   `json:"refused,omitempty"` // uses that went over a bound, or were of no number
}

// Count is by how much a counter has grown.
type Count struct {
	Name string `json:"name"`
	More uint64 `json:"more"`
}

// Level is what a gauge is set to.
type Level struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Spread is what a histogram has recorded.
type Spread struct {
	Name string        `json:"name"`
	More *Distribution `json:"more"`
}

// Event is a change of a state ([KindState]) or a note ([KindNote]).
type Event struct {
	At   time.Duration `json:"at_ns"` // by the clock of whoever noted it
	Kind Kind          `json:"kind"`
	Name string        `json:"name"`
	Text string        `json:"text"`
}

// Take takes what has changed; nil if nothing has. The caller owns it. Figures are in the
// order of their names.
func (s *Set) Take() *Changes {
	if s == nil || len(s.touched) == 0 && len(s.events) == 0 && s.refused == 0 {
		return nil
	}
	slices.SortFunc(s.touched, func(a, b *figure) int { return strings.Compare(a.name, b.name) })
	c := &Changes{Events: s.events, Refused: s.refused}
	for i, f := range s.touched {
		switch f.kind {
		case KindCounter:
			c.Counters = append(c.Counters, Count{f.name, f.more})
		case KindGauge:
			c.Gauges = append(c.Gauges, Level{f.name, f.value})
		case KindHistogram:
			c.Histograms = append(c.Histograms, Spread{f.name, f.dist})
			f.dist = new(Distribution)
		}
		f.taken += f.more
		f.more, f.dirty = 0, false
		s.touched[i] = nil
	}
	s.touched, s.events, s.refused = s.touched[:0], nil, 0
	return c
}

// Levels are what counters have counted in all and what gauges are set to, by name; nil if there are none. It takes
// nothing: it is for those who look on.
func (s *Set) Levels() map[string]float64 {
	if s == nil || len(s.byName) == 0 {
		return nil
	}
	levels := make(map[string]float64, len(s.byName))
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		switch f := s.byName[name]; f.kind {
		case KindCounter:
			levels[name] = float64(f.taken + f.more)
		case KindGauge:
			levels[name] = f.value
		}
	}
	return levels
}

// States are the states that things are in, by name; nil if there are none. It takes nothing.
func (s *Set) States() map[string]string {
	if s == nil {
		return nil
	}
	var states map[string]string
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		if f := s.byName[name]; f.kind == KindState {
			if states == nil {
				states = make(map[string]string)
			}
			states[name] = f.text
		}
	}
	return states
}
