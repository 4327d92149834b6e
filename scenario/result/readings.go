package result

import (
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Counts are of one node or link and one application, since the run began: a node
// that is started again goes on where it was. Bytes include headers.
type Counts struct {
	Sent, Msgs, Bytes, Payload, Distinct, Broken uint64
}

// Add sums two counts.
func (c *Counts) Add(o Counts) {
	c.Sent += o.Sent
	c.Msgs += o.Msgs
	c.Bytes += o.Bytes
	c.Payload += o.Payload
	c.Distinct += o.Distinct
	c.Broken += o.Broken
}

// NodeSample is a node at one time.
type NodeSample struct {
	When   time.Duration // when it was read
	Up     bool
	Queued int
	Lost   uint64
	Apps   []Counts // by application
}

// LinkSample is a link at one time.
type LinkSample struct {
	Queued int
	Lost   uint64
	Apps   []Counts
}

// Sample is everything at one time.
type Sample struct {
	At    time.Duration
	Nodes []NodeSample
	Links []LinkSample // by Run.Links; links that came later are missing at the end
}

// Event is something that happened.
type Event struct {
	At   time.Duration
	What string
}

// Run is what was measured. Samples are in order of time and begin at 0.
type Run struct {
	Plan    *spec.Plan
	World   string
	Links   [][2]int // ends of each link: those of the plan, then those that came up
	Samples []Sample
	Events  []Event
	Ended   time.Duration // end of the measurement, before the drain
	Stopped bool          // before its time, because somebody asked for it
	Wall    time.Duration // that it took

	Verdicts []spec.Verdict

	byEnds map[[2]int]int // index of a link in Links; made when first needed
}

// linkBetween is the place of a link in Links; -1 if there is none.
func (r *Run) linkBetween(from, to int) int {
	if len(r.byEnds) != len(r.Links) {
		r.byEnds = make(map[[2]int]int, len(r.Links))
		for i, ends := range r.Links {
			r.byEnds[ends] = i
		}
	}
	if i, ok := r.byEnds[[2]int{from, to}]; ok {
		return i
	}
	return -1
}

// Judge holds the plan's expectations against the samples.
func (r *Run) Judge() {
	r.Verdicts = nil
	for i := range r.Plan.Expect {
		r.Verdicts = append(r.Verdicts, r.Plan.Expect[i].Evaluate(r))
	}
}

// Held reports whether all expectations held.
func (r *Run) Held() bool {
	return !slices.ContainsFunc(r.Verdicts, func(v spec.Verdict) bool { return !v.Held })
}

// End implements spec.Readings.
func (r *Run) End() time.Duration { return r.Ended }

// Last implements spec.Readings.
func (r *Run) Last() time.Duration {
	if len(r.Samples) == 0 {
		return 0
	}
	return r.Samples[len(r.Samples)-1].At
}

// Name implements spec.Readings.
func (r *Run) Name(t spec.Target) string {
	switch {
	case t.Node >= 0:
		return r.Plan.Nodes[t.Node].Name
	case t.From >= 0:
		return r.Plan.Nodes[t.From].Name + " -> " + r.Plan.Nodes[t.To].Name
	}
	return "all"
}

// at is the last sample that is not after a time.
func (r *Run) at(t time.Duration) *Sample {
	i, found := slices.BinarySearchFunc(r.Samples, t, func(s Sample, t time.Duration) int { return int(min(max(s.At-t, -1), 1)) })
	if !found {
		i--
	}
	if i < 0 {
		return nil
	}
	return &r.Samples[i]
}

// Read implements spec.Readings. A link's counters are its receiver's, and so is its
// time.
func (r *Run) Read(m spec.Measure, of spec.Target, app uint32, at time.Duration) (float64, time.Duration) {
	s := r.at(at)
	if s == nil {
		return 0, 0
	}
	switch {
	case of.Node >= 0:
		n := &s.Nodes[of.Node]
		return n.value(m.Name, app), n.When
	case of.From >= 0:
		i := r.linkBetween(of.From, of.To)
		if i < 0 {
			return math.NaN(), s.Nodes[of.To].When // nobody ever made it
		}
		if i >= len(s.Links) {
			return 0, s.Nodes[of.To].When
		}
		return s.Links[i].value(m.Name, app), s.Nodes[of.To].When
	}
	total := 0.0
	for i := range s.Nodes {
		total += s.Nodes[i].value(m.Name, app)
	}
	return total, s.At
}

func (n *NodeSample) value(name string, app uint32) float64 {
	switch name {
	case "alive":
		if n.Up {
			return 1
		}
		return 0
	case "queued":
		return float64(n.Queued)
	case "lost":
		return float64(n.Lost)
	}
	return pick(name, n.Apps, app)
}

func (l *LinkSample) value(name string, app uint32) float64 {
	switch name {
	case "queued":
		return float64(l.Queued)
	case "lost":
		return float64(l.Lost)
	}
	return pick(name, l.Apps, app)
}

// pick is a counter of one application, or with 0 of all.
func pick(name string, apps []Counts, app uint32) float64 {
	var c Counts
	if app != 0 {
		if int(app) <= len(apps) {
			c = apps[app-1]
		}
	} else {
		for _, a := range apps {
			c.Add(a)
		}
	}
	switch name {
	case "throughput":
		return float64(c.Bytes)
	case "goodput":
		return float64(c.Payload)
	case "sent":
		return float64(c.Sent)
	case "received":
		return float64(c.Msgs)
	case "distinct":
		return float64(c.Distinct)
	case "broken":
		return float64(c.Broken)
	}
	panic("result: there is no measure " + name)
}
