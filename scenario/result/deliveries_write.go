package result

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/metric"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Delivery is how the messages of an application came to the nodes. Latencies and hops
// are of first arrivals, of the messages that were followed; duplicates are of all.
type Delivery struct {
	App        string   `json:"app"`
	Followed   int      `json:"followed_messages"`
	Latency    *Spread  `json:"latency_s,omitempty"` // nil: none arrived
	Hops       *Spread  `json:"hops,omitempty"`
	Duplicates uint64   `json:"duplicate_messages"`
	Coverage   *float64 `json:"coverage,omitempty"` // until the end of the run; nil: there was no message to judge by
}

// everybody are all nodes.
var everybody = []spec.Target{spec.Everything}

// Deliveries are those of every application; none if messages were not followed.
func (r *Run) Deliveries() (all []Delivery) {
	if !r.Following() {
		return nil
	}
	for _, a := range r.Plan.Apps {
		d := Delivery{App: a.Name}
		for i := range r.followed.messages {
			if r.followed.messages[i].app == a.ID {
				d.Followed++
			}
		}
		spread := func(name string) *Spread {
			return spreadOf(r.Distribution(measure(name), everybody, a.ID, 0, r.Last()))
		}
		d.Latency, d.Hops = spread(latencyName), spread(hopsName)
		for n := range r.Plan.Nodes {
			c := r.Total(n, a.ID)
			d.Duplicates += c.Msgs - c.Distinct
		}
		if share, messages := r.Coverage(everybody, a.ID, 0, 0, forever); messages > 0 {
			d.Coverage = &share
		}
		all = append(all, d)
	}
	return all
}

func (r *Run) deliveryTable() string {
	t := newTable("Deliveries of the messages that were followed, from their source to their first arrival", 9,
		"application", "followed", "mean", "p50", "p95", "p99", "max", "mean hops", "max", "duplicates", "coverage")
	all := r.Deliveries()
	for _, d := range all[:min(len(all), shownRows)] {
		row := table.Row{d.App, d.Followed}
		if s := d.Latency; s != nil {
			for _, v := range []float64{s.Mean, s.P50, s.P95, s.P99, s.Max} {
				row = append(row, strconv.FormatFloat(v*1e3, 'f', 2, 64)+" ms")
			}
		} else {
			row = append(row, "-", "-", "-", "-", "-")
		}
		if s := d.Hops; s != nil {
			row = append(row, strconv.FormatFloat(s.Mean, 'f', 2, 64), s.Max)
		} else {
			row = append(row, "-", "-")
		}
		coverage := "-"
		if d.Coverage != nil {
			coverage = strconv.FormatFloat(*d.Coverage*100, 'f', 2, 64) + "%"
		}
		t.AppendRow(append(row, d.Duplicates, coverage))
	}
	return t.Render() + more(len(all), "applications")
}

// coverageOver is how the share of the nodes that have a message of an application grows
// with the time since it was made: by the messages and nodes that Coverage judges until the
// end of the run.
func (r *Run) coverageOver(app uint32) (delays *metric.Distribution, among uint64) {
	delays = new(metric.Distribution)
	f := &r.followed
	for i := range f.messages {
		m := &f.messages[i]
		if m.app != app {
			continue
		}
		for n := range r.Plan.Nodes {
			if n == int(m.maker) || !f.ran(n, m.made, r.Last()) {
				continue
			}
			among++
			if n < len(m.delay) && m.delay[n] > 0 {
				delays.Record(float64(m.delay[n]-1) * tick.Seconds())
			}
		}
	}
	return delays, among
}

// writeCoverage writes for each application the share of the nodes that have a message, by
// the time since it was made.
func (r *Run) writeCoverage(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"app", "within_s", "coverage"}); err != nil {
		return err
	}
	var err error
	for _, a := range r.Plan.Apps {
		delays, among := r.coverageOver(a.ID)
		delays.Each(func(value float64, upTo uint64) {
			if err == nil {
				err = c.Write([]string{a.Name, strconv.FormatFloat(value, 'g', 6, 64), strconv.FormatFloat(float64(upTo)/float64(among), 'g', 6, 64)})
			}
		})
	}
	if err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}
