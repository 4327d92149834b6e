package result

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Counts are of one node or link and one application, since the run began: a node
// that is started again goes on where it was. Bytes include headers.
type Counts struct {
	Sent, Msgs, Bytes, Payload, Distinct, Broken uint64

	// Due is how many messages the rates of sources asked for; without a rate as many as
	// were sent.
	Due uint64
}

// Add sums two counts.
func (c *Counts) Add(o Counts) {
	c.Sent += o.Sent
	c.Msgs += o.Msgs
	c.Bytes += o.Bytes
	c.Payload += o.Payload
	c.Distinct += o.Distinct
	c.Broken += o.Broken
	c.Due += o.Due
}

// Event is something that happened.
type Event struct {
	At   time.Duration // when it was done, or noticed
	What string
	Of   []string // everything that it was done to; What names the first
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
	Violated *Violation // what ended the run, if state that should not be did
	Origin   Origin
	Noted    []string // other warnings

	nodes  []series
	links  []series              // by Links
	dirty  []*track              // that have changed since the last sample
	pipes  map[int]time.Duration // by link: for how long the bound on what is in flight held messages up
	byEnds map[[2]int]int        // index of a link in Links; made when first needed
	own    owned                 // metrics.go

	followed followed // deliveries.go
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
		e := &r.Plan.Expect[i]
		v := e.Evaluate(r)
		from, to := e.Part(r.Ended)
		v.Starved = v.Measured && e.Timed() && r.starvedBetween(from, to)
		r.Verdicts = append(r.Verdicts, v)
	}
	r.judgeViolation()
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

// at is the last sample that is not after a time; -1 if there is none.
func (r *Run) at(t time.Duration) int {
	i, found := slices.BinarySearchFunc(r.Samples, t, func(s Sample, t time.Duration) int { return cmp.Compare(s.At, t) })
	if !found {
		i--
	}
	return i
}

// Read implements spec.Readings. A link's counters are its receiver's, and so is its
// time.
func (r *Run) Read(m spec.Measure, of spec.Target, app uint32, at time.Duration) (float64, time.Duration) {
	i := r.at(at)
	if i < 0 {
		return 0, 0
	}
	s := &r.Samples[i]
	switch {
	case m.Kind == spec.OwnMeasure && of.Node >= 0:
		return r.ownValue(m.Metric, of, i), s.when(of.Node)
	case m.Kind == spec.OwnMeasure:
		return r.ownValue(m.Metric, of, i), s.At
	case of.Node >= 0:
		return r.nodes[of.Node].value(m.Name, app, i), s.when(of.Node)
	case of.From >= 0:
		l := r.linkBetween(of.From, of.To)
		if l < 0 {
			return math.NaN(), s.when(of.To) // nobody ever made it
		}
		return r.links[l].value(m.Name, app, i), s.when(of.To)
	}
	total := 0.0
	for n := range r.nodes {
		total += r.nodes[n].value(m.Name, app, i)
	}
	return total, s.At
}

// value is a measure at a sample: of one application, or with 0 of all.
func (s *series) value(name string, app uint32, sample int) float64 {
	switch name {
	case "alive":
		if s.state(sample).Up {
			return 1
		}
		return 0
	case "queued":
		return float64(s.state(sample).Queued)
	case "lost":
		return float64(s.state(sample).Lost)
	}
	return pick(name, s.counts(app, sample))
}

// pick is a counter by its name.
func pick(name string, c Counts) float64 {
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
	case "duplicates":
		return float64(c.Msgs - c.Distinct)
	case "broken":
		return float64(c.Broken)
	}
	panic("result: there is no measure " + name)
}
