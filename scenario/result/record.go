package result

import (
	"slices"
	"sort"
	"time"
)

// What was measured takes memory by what has changed: a counter that stands still
// between two samples takes none, and an application takes none at the nodes and links
// that it never reaches.

// Sample is one look at everything. What was seen is in the series of the run.
type Sample struct {
	At   time.Duration   // of the timeline
	When []time.Duration // by node: when it was read; nil: all at At
	Late Lateness        // since the sample before
}

// Lateness is how late a world in real time was, at worst, since the sample before.
// Virtual time is never late.
type Lateness struct {
	Timers  time.Duration // of what the timeline waited for
	Sources time.Duration // of sources that wait for their next message
	Loops   time.Duration // until the nodes had told their counters
}

// Worst is the largest of them.
func (l Lateness) Worst() time.Duration { return max(l.Timers, l.Sources, l.Loops) }

// Starving is the lateness from which on figures are not to be trusted: more than what
// emulated bandwidth makes good (it holds over half a second, with little credit).
const Starving = 50 * time.Millisecond

// Starved reports whether the machine had too much to do in the interval that ends with
// the sample.
func (s *Sample) Starved() bool { return s.Late.Worst() >= Starving }

// State is what a node or a link is at one time, and not of one application.
type State struct {
	Up     bool // of a node
	Queued int
	Lost   uint64 // since the run began
}

// statePoint holds from a sample on, until the next.
type statePoint struct {
	sample int32
	State
}

// series is one node or link over time. Most have one application, or none.
type series struct {
	now    State
	states []statePoint
	app    uint32 // the first; 0: none
	first  *track
	more   map[uint32]*track // once there are several: all of them, and 0 is all together
}

// all is the application that stands for all together; none has this number either.
const (
	all  = 0
	none = 0
)

// CountNode adds to the counts of a node since the sample before.
func (r *Run) CountNode(node int, app uint32, more Counts) {
	r.grow()
	r.count(&r.nodes[node], app, more)
}

// CountLink adds to the counts of a link, known by its place in Links.
func (r *Run) CountLink(link int, app uint32, more Counts) {
	r.grow()
	r.count(&r.links[link], app, more)
}

// CountPipe adds to how long the bound on what is in flight held messages of a link up.
func (r *Run) CountPipe(link int, more time.Duration) {
	if r.pipes == nil {
		r.pipes = make(map[int]time.Duration)
	}
	r.pipes[link] += more
}

// NodeState and LinkState are what the next sample will say of a node or link, for the
// caller to change.
func (r *Run) NodeState(node int) *State { r.grow(); return &r.nodes[node].now }

// LinkState is that of a link.
func (r *Run) LinkState(link int) *State { r.grow(); return &r.links[link].now }

// grow makes places for the nodes and for links that are new.
func (r *Run) grow() {
	if r.nodes == nil {
		r.nodes = make([]series, len(r.Plan.Nodes))
	}
	for len(r.links) < len(r.Links) {
		r.links = append(r.links, series{})
	}
}

func (r *Run) count(s *series, app uint32, more Counts) {
	if more == (Counts{}) {
		return
	}
	switch {
	case s.app == none:
		s.app, s.first = app, new(track)
	case s.app != app && s.more == nil:
		sum := s.first.clone()
		if sum.dirty {
			r.dirty = append(r.dirty, sum)
		}
		s.more = map[uint32]*track{s.app: s.first, all: sum}
	}
	if s.more == nil {
		r.add(s.first, more)
		return
	}
	t := s.more[app]
	if t == nil {
		t = new(track)
		s.more[app] = t
	}
	r.add(t, more)
	r.add(s.more[all], more)
}

func (r *Run) add(t *track, more Counts) {
	t.now.Add(more)
	if !t.dirty {
		t.dirty = true
		r.dirty = append(r.dirty, t)
	}
}

// Take ends an interval: what was counted and set until now is the sample.
func (r *Run) Take(s Sample) {
	r.grow()
	n := int32(len(r.Samples))
	r.Samples = append(r.Samples, s)
	for i, t := range r.dirty {
		t.mark(n)
		r.dirty[i] = nil
	}
	r.dirty = r.dirty[:0]
	r.own.mark(n)
	for _, group := range [...][]series{r.nodes, r.links} {
		for i := range group {
			group[i].mark(n)
		}
	}
}

// mark keeps the state if it has changed.
func (s *series) mark(sample int32) {
	if n := len(s.states); n > 0 && s.states[n-1].State == s.now || n == 0 && s.now == (State{}) {
		return
	}
	s.states = append(s.states, statePoint{sample, s.now})
}

// Total is what a node has counted of an application until now, sampled or not; of
// application 0 all together.
func (r *Run) Total(node int, app uint32) Counts {
	r.grow()
	if t := r.nodes[node].track(app); t != nil {
		return t.now
	}
	return Counts{}
}

// state is what held at a sample.
func (s *series) state(sample int) State {
	i := sort.Search(len(s.states), func(i int) bool { return int(s.states[i].sample) > sample })
	if i == 0 {
		return State{}
	}
	return s.states[i-1].State
}

// track is that of an application, or of all together; nil if nothing was counted.
func (s *series) track(app uint32) *track {
	switch {
	case s.more != nil:
		return s.more[app]
	case app == all || app == s.app:
		return s.first
	}
	return nil
}

// counts are those of an application at a sample.
func (s *series) counts(app uint32, sample int) Counts {
	if t := s.track(app); t != nil {
		return t.at(sample)
	}
	return Counts{}
}

// appsOf lists the applications that have ever reached a node or link, in order.
func (s *series) appsOf() []uint32 {
	if s.more == nil {
		if s.app == none {
			return nil
		}
		return []uint32{s.app}
	}
	apps := make([]uint32, 0, len(s.more))
	for k := range s.more {
		if k != all {
			apps = append(apps, k)
		}
	}
	slices.Sort(apps)
	return apps
}

// when is the time at which a node was read for a sample.
func (s *Sample) when(node int) time.Duration {
	if s.When == nil {
		return s.At
	}
	return s.When[node]
}
