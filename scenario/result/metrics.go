package result

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Figures that algorithms keep of themselves, by node and name. Like everything else they
// take memory by what has changed.

// maxNotes bounds the notes and changes of state of a run; the rest are counted.
const maxNotes = 200_000

// owned is all of them.
type owned struct {
	series  []*ownSeries
	byKey   map[ownKey]int // in series
	kinds   map[string]metric.Kind
	dirty   []*ownSeries
	notes   []Note
	refused uint64   // by the bounds of nodes, or by maxNotes
	clashes []string // names that are of several kinds, each once
}

type ownKey struct {
	node int
	app  uint32 // of what is measured by application; else 0
	name string
}

// ownSeries is one figure of one node over time.
type ownSeries struct {
	ownKey
	kind   metric.Kind
	value  float64              // of a counter, its total; of a gauge
	more   *metric.Distribution // of a histogram, since the sample before; nil: none
	points []ownPoint
	code   []byte // of a histogram: what each interval recorded
	dirty  bool
}

// ownPoint holds from a sample on. Of a histogram it is what the interval before recorded.
type ownPoint struct {
	value  float64
	sample int32
	end    int32 // in code
}

// Note is a change of state or a note of a node.
type Note struct {
	At         time.Duration
	Node       int
	Kind       metric.Kind // KindState or KindNote
	Name, Text string
}

// CountMetrics adds what a node reports of its figures. offset is of its clock to the run's.
func (r *Run) CountMetrics(node int, c *metric.Changes, offset time.Duration) {
	o := &r.own
	o.refused += c.Refused
	for _, k := range c.Counters {
		if s := o.at(ownKey{node, 0, k.Name}, metric.KindCounter); s != nil {
			s.value += float64(k.More)
		}
	}
	for _, g := range c.Gauges {
		if s := o.at(ownKey{node, 0, g.Name}, metric.KindGauge); s != nil {
			s.value = g.Value
		}
	}
	for _, h := range c.Histograms {
		if s := o.at(ownKey{node, 0, h.Name}, metric.KindHistogram); s != nil {
			s.record().Merge(h.More)
		}
	}
	for _, e := range c.Events {
		if len(o.notes) >= maxNotes {
			o.refused++
			continue
		}
		o.notes = append(o.notes, Note{e.At - offset, node, e.Kind, e.Name, e.Text})
	}
}

// ForgetGauges says that a node does not run any more: it has no gauges until it sets them
// anew.
func (r *Run) ForgetGauges(node int) {
	o := &r.own
	for name, kind := range o.kinds {
		if i, ok := o.byKey[ownKey{node, 0, name}]; ok && kind == metric.KindGauge {
			o.touch(o.series[i])
			o.series[i].value = math.NaN()
		}
	}
}

// at is the series of a key, which the caller changes; nil if its name is of another kind.
func (o *owned) at(k ownKey, kind metric.Kind) *ownSeries {
	if o.byKey == nil {
		o.byKey, o.kinds = make(map[ownKey]int), make(map[string]metric.Kind)
	}
	if k.app == 0 {
		switch was := o.kinds[k.name]; {
		case was == "":
			o.kinds[k.name] = kind
		case was != kind:
			o.refused++
			if !slices.Contains(o.clashes, k.name) {
				o.clashes = append(o.clashes, k.name)
			}
			return nil
		}
	}
	i, ok := o.byKey[k]
	if !ok {
		i = len(o.series)
		o.byKey[k] = i
		o.series = append(o.series, &ownSeries{ownKey: k, kind: kind})
	}
	o.touch(o.series[i])
	return o.series[i]
}

func (o *owned) touch(s *ownSeries) {
	if !s.dirty {
		s.dirty = true
		o.dirty = append(o.dirty, s)
	}
}

func (s *ownSeries) record() *metric.Distribution {
	if s.more == nil {
		s.more = new(metric.Distribution)
	}
	return s.more
}

// mark keeps what has changed as of a sample.
func (o *owned) mark(sample int32) {
	for i, s := range o.dirty {
		if s.more != nil {
			s.code = s.more.Append(s.code)
			s.more = nil
		}
		s.points = append(s.points, ownPoint{s.value, sample, int32(len(s.code))})
		s.dirty = false
		o.dirty[i] = nil
	}
	o.dirty = o.dirty[:0]
}

// Amend makes what has been counted since the last sample part of it: what nodes report
// when they have been told to stop.
func (r *Run) Amend() {
	if n := len(r.Samples); n > 0 {
		r.own.mark(int32(n - 1))
	}
}

// before is how many points are of a sample or of one before it.
func (s *ownSeries) before(sample int) int {
	return sort.Search(len(s.points), func(i int) bool { return int(s.points[i].sample) > sample })
}

// at is the value at a sample: of a counter 0 and of a gauge NaN before its first point.
func (s *ownSeries) at(sample int) float64 {
	if i := s.before(sample); i > 0 {
		return s.points[i-1].value
	}
	if s.kind == metric.KindCounter {
		return 0
	}
	return math.NaN()
}

// merge adds what was recorded in the intervals that end after sample from and until to.
func (s *ownSeries) merge(d *metric.Distribution, from, to int) {
	begin := func(i int) int32 {
		if i == 0 {
			return 0
		}
		return s.points[i-1].end
	}
	code := s.code[begin(s.before(from)):begin(s.before(to))]
	for len(code) > 0 {
		rest, err := d.Read(code)
		if err != nil {
			panic("result: what it wrote itself: " + err.Error())
		}
		code = rest
	}
}

// MetricKind implements spec.Readings.
func (r *Run) MetricKind(name string) metric.Kind { return r.own.kinds[name] }

// MetricNames implements spec.Readings.
func (r *Run) MetricNames() (names []string) {
	for name := range r.own.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Up implements spec.Readings.
func (r *Run) Up(node int, at time.Duration) bool {
	i := r.at(at)
	return i >= 0 && r.nodes[node].state(i).Up
}

// Distribution implements spec.Readings.
func (r *Run) Distribution(m spec.Measure, of []spec.Target, app uint32, from, to time.Duration) *metric.Distribution {
	d := new(metric.Distribution)
	first, last := r.at(from), r.at(to)
	if from <= 0 {
		first = -1 // what was recorded before the run began is of it
	}
	for _, t := range of {
		for n := range r.nodesOf(t) {
			for _, s := range r.distributions(m, n, app) {
				s.merge(d, first, last)
			}
		}
	}
	return d
}

// distributions are those that a measure is of at a node: its metric, or of what is measured
// by application that of one, or with application 0 those of all.
func (r *Run) distributions(m spec.Measure, node int, app uint32) (of []*ownSeries) {
	if m.Kind == spec.OwnMeasure {
		if s := r.own.get(node, 0, m.Metric); s != nil {
			of = append(of, s)
		}
		return of
	}
	if app != all {
		if s := r.own.get(node, app, m.Name); s != nil {
			of = append(of, s)
		}
		return of
	}
	for _, a := range r.Plan.Apps {
		if s := r.own.get(node, a.ID, m.Name); s != nil {
			of = append(of, s)
		}
	}
	return of
}

// nodesOf are the nodes of a target.
func (r *Run) nodesOf(t spec.Target) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if t.Node >= 0 {
			yield(t.Node)
			return
		}
		for n := range r.Plan.Nodes {
			if !yield(n) {
				return
			}
		}
	}
}

func (o *owned) get(node int, app uint32, name string) *ownSeries {
	if i, ok := o.byKey[ownKey{node, app, name}]; ok {
		return o.series[i]
	}
	return nil
}

// ownValue is a counter or gauge of a target at a sample; of all nodes together their sum.
func (r *Run) ownValue(name string, t spec.Target, sample int) float64 {
	none := 0.0
	if r.own.kinds[name] != metric.KindCounter {
		none = math.NaN()
	}
	total, found := 0.0, false
	for n := range r.nodesOf(t) {
		s := r.own.get(n, 0, name)
		if s == nil {
			continue
		}
		if v := s.at(sample); !math.IsNaN(v) {
			total, found = total+v, true
		}
	}
	if !found {
		return none
	}
	return total
}

// ownWarnings say what of the figures is not there; "" if nothing is missing.
func (r *Run) ownWarnings() (all []string) {
	if n := r.own.refused; n > 0 {
		all = append(all, fmt.Sprintf("%d uses of algorithms' metrics went over a bound (names, notes between two samples, no number) and are not in the figures", n))
	}
	if n := r.followed.over; n > 0 {
		all = append(all, fmt.Sprintf("%d messages or first arrivals that should be followed were too many, and latency, hops and coverage are without them", n))
	}
	if n := r.followed.unknown; n > 0 {
		all = append(all, fmt.Sprintf("%d messages that are followed came over a way that is not known: hops are without them", n))
	}
	if c := r.own.clashes; len(c) > 0 {
		all = append(all, "metrics of one name are of several kinds, and only the first kind is kept: "+strings.Join(c, ", "))
	}
	return all
}
