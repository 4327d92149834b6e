package spec

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/metric"
)

// Expectations about what algorithms keep of themselves: metric(NAME, nodes), and the
// percentiles, which are of anything.

// OwnReadings is what was measured of figures that algorithms keep.
type OwnReadings interface {
	// MetricKind is what a metric is, by its name; "" if no node has one of this name.
	MetricKind(name string) metric.Kind
	// MetricNames lists those that there are.
	MetricNames() []string
	// Up reports whether a node runs at a time.
	Up(node int, at time.Duration) bool
	// Distribution is what was recorded of a distribution by several targets together, after
	// from and until to.
	Distribution(m Measure, of []Target, app uint32, from, to time.Duration) *metric.Distribution
	// Coverage is the mean share of the nodes of targets that the messages of an application
	// reached, of 0 all, which were made from from on and before to, in the time within or
	// with 0 until the end of the run; and how many messages there were to judge by.
	Coverage(of []Target, app uint32, within, from, to time.Duration) (share float64, messages int)
	// Following reports whether messages are followed at all.
	Following() bool
}

// metricName reads the name of a metric, which may have hyphens.
func (p *phrase) metricName() string {
	w := p.take()
	name := w.text
	for next := p.peek(); next.glued && (next.kind == kindWord || next.kind == kindNumber || next.text == "-"); next = p.peek() {
		name += p.take().text
	}
	if w.kind != kindWord || !metric.ValidName(name) {
		p.fail(w.at, "Write metric(lookups, n1..n9), or metric(lookups) for all nodes together.", "the name of a metric belongs here, not %s", w.quoted())
	}
	return name
}

// percentile reads p50, p5, p99, p999: two digits are percent, more are a fraction of one.
func percentile(name string) (q float64, ok bool) {
	digits, ok := strings.CutPrefix(name, "p")
	const most = 6
	if !ok || digits == "" || len(digits) > most || digits[0] == '0' || digits == "100" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0, false
	}
	return float64(n) / math.Pow10(max(len(digits), 2)), true
}

// dimension is that of what is compared.
func (v *Expectation) dimension() dim { return v.left.dimension().or(v.right.dimension()) }

// quantile is the nearest-rank quantile of numbers, as of a metric.Distribution.
func quantile(v []float64, q float64) float64 {
	if slices.ContainsFunc(v, math.IsNaN) {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return v[max(int(math.Ceil(q*float64(len(v))-1e-9)), 1)-1]
}

// pooled is what all targets of a measure recorded together, if it is of a distribution:
// the largest of many times is that of all, not of their means.
func pooled(e *evaluation, x expr) (*metric.Distribution, bool) {
	c, ok := x.(*call)
	if !ok || !c.distributed(e) {
		return nil, false
	}
	from, to := e.span()
	d := e.r.Distribution(c.measure, c.targets, c.appID, from, to)
	if d.Count() == 0 {
		e.undefined("%s", c.nothing(e))
	}
	return d, true
}

// distributed reports whether a measure is of a distribution.
func (x *call) distributed(e *evaluation) bool {
	return x.measure.Kind == MessageMeasure || x.measure.Kind == OwnMeasure && e.r.MetricKind(x.measure.Metric) == metric.KindHistogram
}

func (x *call) nothing(e *evaluation) string {
	switch {
	case x.measure.Kind == MessageMeasure && !e.r.Following():
		return notFollowed
	case x.measure.Kind == MessageMeasure:
		return "no message that is followed has arrived"
	}
	return "nothing was recorded of " + x.measure.Metric
}

// of is the aggregate of what was recorded.
func (x aggregate) of(e *evaluation, d *metric.Distribution) float64 {
	switch {
	case d.Count() == 0:
		return math.NaN() // and why has been said
	case x.quantile > 0:
		return d.Quantile(x.quantile)
	case x.name == "min":
		return d.Min()
	case x.name == "max":
		return d.Max()
	case x.name == "sum":
		return e.defined(d.Sum())
	}
	return d.Mean()
}

// own is the value of a metric at each target. A node that does not run has no gauges, and
// is left out.
func (x *call) own(e *evaluation) (out vector) {
	from, to := e.span()
	name, kind := x.measure.Metric, metric.KindHistogram
	if x.measure.Kind == OwnMeasure {
		kind = e.r.MetricKind(name)
	}
	add := func(t Target, v float64) {
		out.v, out.labels = append(out.v, v), append(out.labels, e.r.Name(t))
	}
	for _, t := range x.targets {
		switch kind {
		case metric.KindHistogram:
			d := e.r.Distribution(x.measure, []Target{t}, x.appID, from, to)
			if d.Count() == 0 {
				e.undefined("of %s: %s", e.r.Name(t), x.nothing(e))
			}
			add(t, d.Mean())
		case metric.KindCounter:
			v, _ := e.r.Read(x.measure, t, 0, to)
			if from > 0 && !e.window.At {
				before, _ := e.r.Read(x.measure, t, 0, from)
				v -= before
			}
			add(t, v)
		case metric.KindGauge:
			v, _ := e.r.Read(x.measure, t, 0, to)
			if math.IsNaN(v) && t.Node >= 0 && !e.r.Up(t.Node, to) {
				continue
			}
			if math.IsNaN(v) {
				e.undefined("%s has not set %s", e.r.Name(t), name)
			}
			add(t, v)
		default:
			add(t, e.undefined("no node has a metric %q; there are: %s", name, listed(e.r.MetricNames())))
		}
	}
	if len(out.v) == 0 && len(x.targets) > 0 {
		add(x.targets[0], e.undefined("none of the nodes runs"))
	}
	return out
}

func listed(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "...")
	}
	return strings.Join(names, ", ")
}
