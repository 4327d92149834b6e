package metric

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of a set.
const (
	MaxNames  = 256 // names of figures and states together; more share one that nobody reads
	MaxEvents = 256 // changes of state and notes between two readings
	MaxText   = 256 // bytes of a note or a state; what is longer is cut
	maxName   = 64  // bytes of a name
)

// Kind is what a figure is.
type Kind string

// The kinds.
const (
	KindCounter   Kind = "counter"
	KindGauge     Kind = "gauge"
	KindHistogram Kind = "histogram"
	KindState     Kind = "state"
	KindNote      Kind = "note"
)

// Set is the figures of one node. The zero value is empty and ready.
type Set struct {
	byName  map[string]*figure
	touched []*figure // with something to report
	events  []Event
	refused uint64
	spare   map[Kind]*figure // for what goes over MaxNames
}

// figure is one of them, of whatever kind.
type figure struct {
	set   *Set
	name  string
	kind  Kind
	dirty bool
	spare bool // of the names beyond MaxNames: nobody reads it

	more  uint64        // of a counter, since it was taken
	taken uint64        // of a counter, until it was taken last
	value float64       // of a gauge
	dist  *Distribution // of a histogram, since it was taken
	text  string        // of a state
}

// Counter counts what happens; it only grows.
type Counter figure

// Gauge is a number that goes up and down.
type Gauge figure

// Histogram is numbers of which the distribution is wanted.
type Histogram figure

// Add counts n more.
func (c *Counter) Add(n uint64) {
	(*figure)(c).touch()
	c.more += n
}

// Set sets the gauge. What is no number, or beyond [Largest], is refused.
func (g *Gauge) Set(x float64) {
	if !usable(x) {
		g.set.refused++
		return
	}
	(*figure)(g).touch()
	g.value = x
}

// Add changes the gauge by x; one that was never set begins at 0.
func (g *Gauge) Add(x float64) { g.Set(g.value + x) }

// Value is what it was set to last.
func (g *Gauge) Value() float64 { return g.value }

// Record adds a number. What is no number, or beyond [Largest], is refused.
func (h *Histogram) Record(x float64) {
	if !h.dist.Record(x) {
		h.set.refused++
		return
	}
	(*figure)(h).touch()
}

// RecordTime records a time, in seconds.
func (h *Histogram) RecordTime(d time.Duration) { h.Record(d.Seconds()) }

// touch notes that a figure is to be reported.
func (f *figure) touch() {
	switch {
	case f.spare:
		f.set.refused++
	case !f.dirty:
		f.dirty = true
		f.set.touched = append(f.set.touched, f)
	}
}

// Counter is the counter of a name, made if there is none: a handle, to be kept where it
// is used often. A name is a letter and then letters, digits, _ and -, at most 64, and it
// is of one kind: anything else is a programmer's mistake, and panics. Names beyond
// [MaxNames] share a counter that nobody reads; each use of it counts as refused.
func (s *Set) Counter(name string) *Counter { return (*Counter)(s.figure(name, KindCounter)) }

// Gauge is the gauge of a name, as [Set.Counter].
func (s *Set) Gauge(name string) *Gauge { return (*Gauge)(s.figure(name, KindGauge)) }

// Histogram is the histogram of a name, as [Set.Counter].
func (s *Set) Histogram(name string) *Histogram { return (*Histogram)(s.figure(name, KindHistogram)) }

// State notes in which of several states, known by words, something is from now on: a
// phase, a role. That it is in that state already is no event.
func (s *Set) State(name, state string, now time.Duration) {
	f := s.figure(name, KindState)
	state = short(state)
	if f.spare {
		s.refused++
	} else if f.text != state || state == "" {
		f.text = state
		s.event(Event{now, KindState, name, state})
	}
}

// Note notes something that happened, with a text for people.
func (s *Set) Note(name, text string, now time.Duration) {
	if f := s.figure(name, KindNote); f.spare {
		s.refused++
		return
	}
	s.event(Event{now, KindNote, name, short(text)})
}

func (s *Set) event(e Event) {
	if len(s.events) >= MaxEvents {
		s.refused++
		return
	}
	s.events = append(s.events, e)
}

// short is a text of at most MaxText bytes, cut between characters.
func short(text string) string {
	if len(text) <= MaxText {
		return text
	}
	end := MaxText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

func (s *Set) figure(name string, kind Kind) *figure {
	if f := s.byName[name]; f != nil {
		if f.kind != kind {
			panic(fmt.Sprintf("metric: %q is a %s, and cannot be a %s", name, f.kind, kind))
		}
		return f
	}
	if !ValidName(name) {
		panic(fmt.Sprintf("metric: %q is no name: a letter, then letters, digits, _ and -, at most %d", name, maxName))
	}
	f := &figure{set: s, name: name, kind: kind, spare: len(s.byName) >= MaxNames}
	if f.spare {
		if s.spare[kind] != nil {
			return s.spare[kind]
		}
		if s.spare == nil {
			s.spare = make(map[Kind]*figure)
		}
		s.spare[kind] = f
	} else {
		if s.byName == nil {
			s.byName = make(map[string]*figure)
		}
		s.byName[name] = f
	}
	if kind == KindHistogram {
		f.dist = new(Distribution)
	}
	return f
}

// ValidName reports whether a figure can be called so.
func ValidName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '_' || c == '-')) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
