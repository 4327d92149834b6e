package result

import (
	"time"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Report is what a run came to, for programs.
type Report struct {
	Kind         string         `json:"kind"` // "summary"
	Scenario     string         `json:"scenario"`
	World        string         `json:"world"`
	Seed         uint64         `json:"seed"`
	DurationS    float64        `json:"duration_s"` // measured
	WallS        float64        `json:"wall_s"`
	Stopped      bool           `json:"stopped,omitzero"` // before its time
	Held         bool           `json:"held"`             // all expectations
	Nodes        []Figures      `json:"nodes"`
	Links        []Figures      `json:"links"`
	Expectations []spec.Verdict `json:"expectations"`
}

// Report sums a run up.
func (r *Run) Report() Report {
	return Report{
		Kind: "summary", Scenario: r.Plan.Name, World: r.World, Seed: r.Plan.Seed,
		DurationS: r.Ended.Seconds(), WallS: r.Wall.Seconds(), Stopped: r.Stopped, Held: r.Held(),
		Nodes: r.NodeFigures(), Links: r.LinkFigures(), Expectations: r.Verdicts,
	}
}

// Row is one interval of one node or link: a line of results.jsonl and of the CSV
// files. Counters are totals since the run began; rates are means over the interval
// that ends at AtS.
type Row struct {
	Kind          string  `json:"kind"` // "node" or "link"
	AtS           float64 `json:"at_s"`
	Name          string  `json:"name"`
	App           string  `json:"app"` // "" for all together
	Up            bool    `json:"up,omitempty"`
	ThroughputBps float64 `json:"throughput_bytes_per_s"`
	GoodputBps    float64 `json:"goodput_bytes_per_s"`
	Received      uint64  `json:"received_messages"`
	Distinct      uint64  `json:"distinct_messages,omitempty"`
	Sent          uint64  `json:"sent_messages,omitempty"`
	Broken        uint64  `json:"broken_sources,omitempty"`
	Queued        int     `json:"queued_messages,omitempty"`
	Lost          uint64  `json:"lost_messages,omitempty"`
}

// EventRow is something that happened: a line of results.jsonl.
type EventRow struct {
	Kind string  `json:"kind"` // "event"
	AtS  float64 `json:"at_s"`
	What string  `json:"what"`
}

// Rows calls fn for every row that the scenario records, in order of time.
func (r *Run) Rows(fn func(Row) error) error {
	for i := 1; i < len(r.Samples); i++ {
		before, now := &r.Samples[i-1], &r.Samples[i]
		if r.Plan.Record.Nodes {
			for n := range now.Nodes {
				if err := r.nodeRows(n, before, now, fn); err != nil {
					return err
				}
			}
		}
		if r.Plan.Record.Links {
			for l := range now.Links {
				if err := r.linkRows(l, before, now, fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *Run) nodeRows(i int, before, now *Sample, fn func(Row) error) error {
	a, b := &before.Nodes[i], &now.Nodes[i]
	row := Row{Kind: "node", Name: r.Plan.Nodes[i].Name, Up: b.Up, Queued: b.Queued, Lost: b.Lost}
	return r.appRows(row, now.At, b.When-a.When, a.Apps, b.Apps, fn)
}

func (r *Run) linkRows(i int, before, now *Sample, fn func(Row) error) error {
	b := &now.Links[i]
	var a LinkSample
	if i < len(before.Links) {
		a = before.Links[i]
	}
	ends := r.Links[i]
	row := Row{Kind: "link", Name: r.Name(spec.Target{Node: -1, From: ends[0], To: ends[1]}), Queued: b.Queued, Lost: b.Lost}
	return r.appRows(row, now.At, now.Nodes[ends[1]].When-before.Nodes[ends[1]].When, a.Apps, b.Apps, fn)
}

// appRows is a row for all applications together, and, if there are several, one for
// each.
func (r *Run) appRows(row Row, at, took time.Duration, before, now []Counts, fn func(Row) error) error {
	row.AtS = at.Seconds()
	if err := fn(row.with(sum(before), sum(now), took)); err != nil {
		return err
	}
	if len(r.Plan.Apps) == 1 {
		return nil
	}
	for k, c := range now {
		one := row
		one.App, one.Queued, one.Lost = r.Plan.Apps[k].Name, 0, 0
		var was Counts
		if k < len(before) {
			was = before[k]
		}
		if err := fn(one.with(was, c, took)); err != nil {
			return err
		}
	}
	return nil
}

func sum(cs []Counts) (c Counts) {
	for _, o := range cs {
		c.Add(o)
	}
	return c
}

func (row Row) with(was, is Counts, took time.Duration) Row {
	if took > 0 {
		row.ThroughputBps = float64(is.Bytes-was.Bytes) / took.Seconds()
		row.GoodputBps = float64(is.Payload-was.Payload) / took.Seconds()
	}
	row.Received, row.Distinct, row.Sent, row.Broken = is.Msgs, is.Distinct, is.Sent, is.Broken
	return row
}
