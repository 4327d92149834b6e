package result

import (
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/metric"
)

// MetricRow is one figure of one node as of a sample at which it had changed: a line of
// results.jsonl, and one or more of metrics.csv. Counters and what histograms recorded are
// totals since the run began.
type MetricRow struct {
	Kind   string      `json:"kind"` // "metric"
	AtS    float64     `json:"at_s"`
	Node   string      `json:"node"`
	App    string      `json:"app,omitempty"` // of what is measured by application
	Metric string      `json:"metric"`
	Type   metric.Kind `json:"type"`
	Value  *float64    `json:"value,omitempty"` // of a counter its total; of a gauge; nil: none, or a histogram
	*Spread
}

// Spread is a distribution in a few figures.
type Spread struct {
	Count uint64  `json:"count"`
	Sum   float64 `json:"sum"`
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// spreadOf is nil for a distribution of nothing.
func spreadOf(d *metric.Distribution) *Spread {
	if d.Count() == 0 {
		return nil
	}
	return &Spread{d.Count(), d.Sum(), d.Mean(), d.Min(), d.Quantile(0.5), d.Quantile(0.9), d.Quantile(0.95), d.Quantile(0.99), d.Max()}
}

// NoteRow is a change of state or a note of a node: a line of results.jsonl and of notes.csv.
type NoteRow struct {
	Kind string  `json:"kind"` // "state" or "note"
	AtS  float64 `json:"at_s"`
	Node string  `json:"node"`
	Name string  `json:"name"`
	Text string  `json:"text"`
}

func (r *Run) noteRow(n Note) NoteRow {
	return NoteRow{string(n.Kind), n.At.Seconds(), r.Plan.Nodes[n.Node].Name, n.Name, n.Text}
}

// MetricRows calls fn for every figure of every node in the order of nodes and names, and
// of time.
func (r *Run) MetricRows(fn func(MetricRow) error) error {
	for _, s := range r.own.sorted() {
		var d metric.Distribution
		row := MetricRow{Kind: "metric", Node: r.Plan.Nodes[s.node].Name, App: r.appName(s.app), Metric: s.name, Type: s.kind}
		before := -1
		for i, p := range s.points {
			if i+1 < len(s.points) && s.points[i+1].sample == p.sample {
				continue // what came at the very end is part of the last
			}
			row.AtS = r.Samples[p.sample].At.Seconds()
			row.Value, row.Spread = nil, nil
			switch {
			case s.kind == metric.KindHistogram:
				s.merge(&d, before, int(p.sample))
				row.Spread = spreadOf(&d)
			case !math.IsNaN(p.value):
				row.Value = &p.value
			}
			before = int(p.sample)
			if err := fn(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Run) appName(app uint32) string {
	if app == 0 {
		return ""
	}
	return r.Plan.Apps[app-1].Name
}

// sorted are the series by node, name and application.
func (o *owned) sorted() []*ownSeries {
	return slices.SortedFunc(slices.Values(o.series), func(a, b *ownSeries) int {
		if a.node != b.node {
			return a.node - b.node
		}
		if a.name != b.name {
			return strings.Compare(a.name, b.name)
		}
		return int(a.app) - int(b.app)
	})
}

// writeMetrics writes a tidy table: a line a number.
func (r *Run) writeMetrics(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"at_s", "node", "app", "metric", "kind", "stat", "value"}); err != nil {
		return err
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	err := r.MetricRows(func(row MetricRow) error {
		line := func(stat string, v float64) error {
			return c.Write([]string{number(row.AtS), row.Node, row.App, row.Metric, string(row.Type), stat, number(v)})
		}
		if row.Value != nil {
			stat := "value"
			if row.Type == metric.KindCounter {
				stat = "total"
			}
			return line(stat, *row.Value)
		}
		s := row.Spread
		if s == nil {
			return nil
		}
		for _, x := range []struct {
			stat  string
			value float64
		}{{"count", float64(s.Count)}, {"sum", s.Sum}, {"mean", s.Mean}, {"min", s.Min}, {"p50", s.P50}, {"p90", s.P90}, {"p95", s.P95}, {"p99", s.P99}, {"max", s.Max}} {
			if err := line(x.stat, x.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}

// writeNotes writes the changes of state and the notes, each node's in order of time.
func (r *Run) writeNotes(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"at_s", "node", "kind", "name", "text"}); err != nil {
		return err
	}
	for _, n := range r.own.notes {
		row := r.noteRow(n)
		if err := c.Write([]string{strconv.FormatFloat(row.AtS, 'f', -1, 64), row.Node, row.Kind, row.Name, row.Text}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// MetricTotal is a figure of all nodes together at the end of the run.
type MetricTotal struct {
	Metric string      `json:"metric"`
	Type   metric.Kind `json:"type"`
	Nodes  int         `json:"nodes"`           // that have it
	Total  *float64    `json:"total,omitempty"` // of a counter
	Values *Spread     `json:"values"`          // of a counter and a gauge over the nodes, of a histogram all that was recorded
}

// MetricTotals are those of all figures, by name.
func (r *Run) MetricTotals() (all []MetricTotal) {
	last := len(r.Samples) - 1
	series := r.own.sorted()
	for _, name := range r.MetricNames() {
		t := MetricTotal{Metric: name, Type: r.own.kinds[name]}
		var d metric.Distribution
		for _, s := range series {
			if s.name != name || s.app != 0 {
				continue
			}
			if t.Type == metric.KindHistogram {
				t.Nodes++
				s.merge(&d, -1, last)
			} else if d.Record(s.at(last)) { // a node that does not run has no gauge
				t.Nodes++
			}
		}
		t.Values = spreadOf(&d)
		if t.Type == metric.KindCounter {
			total := d.Sum()
			t.Total = &total
		}
		all = append(all, t)
	}
	return all
}

func (r *Run) metricTable() string {
	t := newTable("Metrics of the algorithms: of counters and gauges over the nodes, of histograms all that was recorded", 8,
		"metric", "", "nodes", "total", "mean", "min", "p50", "p95", "p99", "max")
	short := func(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }
	all := r.MetricTotals()
	for _, m := range all[:min(len(all), shownRows)] {
		row := table.Row{m.Metric, m.Type, m.Nodes}
		switch s := m.Values; {
		case s == nil:
			row = append(row, "", "-", "-", "-", "-", "-", "-")
		default:
			total := ""
			if m.Total != nil {
				total = short(*m.Total)
			} else if m.Type == metric.KindHistogram {
				total = strconv.FormatUint(s.Count, 10) + " recorded"
			}
			row = append(row, total, short(s.Mean), short(s.Min), short(s.P50), short(s.P95), short(s.P99), short(s.Max))
		}
		t.AppendRow(row)
	}
	return t.Render() + more(len(all), "metrics")
}
