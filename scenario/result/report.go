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
	Deliveries   []Delivery     `json:"deliveries,omitempty"` // by application, if messages were followed
	Metrics      []MetricTotal  `json:"metrics,omitempty"`    // what algorithms keep of themselves, all nodes together
	Expectations []spec.Verdict `json:"expectations"`
	Origin       Origin         `json:"origin"`
	Late         LateReport     `json:"lateness"`
	Behind       []Behind       `json:"sources_behind"`
	PipesFull    []PipeFull     `json:"pipes_full"` // links that in-flight held up
	Warnings     []string       `json:"warnings"`
}

// LateReport is how late a world in real time was, at worst, and in how many intervals
// too late for figures to be trusted.
type LateReport struct {
	TimersS   float64 `json:"timers_s"`
	SourcesS  float64 `json:"sources_s"`
	LoopsS    float64 `json:"loops_s"`
	Starved   int     `json:"starved_intervals"`
	Intervals int     `json:"intervals"`
}

// Report sums a run up.
func (r *Run) Report() Report {
	late := r.Lateness()
	starved, of := r.StarvedIntervals()
	return Report{
		Kind: "summary", Scenario: r.Plan.Name, World: r.World, Seed: r.Plan.Seed,
		DurationS: r.Ended.Seconds(), WallS: r.Wall.Seconds(), Stopped: r.Stopped, Held: r.Held(),
		Nodes: r.NodeFigures(), Links: r.LinkFigures(), Deliveries: r.Deliveries(), Metrics: r.MetricTotals(), Expectations: r.Verdicts, Origin: r.Origin,
		Late:   LateReport{late.Timers.Seconds(), late.Sources.Seconds(), late.Loops.Seconds(), starved, of},
		Behind: r.Behind(), PipesFull: r.PipesFull(), Warnings: r.Warnings(),
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
	Starved       bool    `json:"starved,omitempty"` // the machine had too much to do: do not trust the figures
}

// EventRow is something that happened: a line of results.jsonl.
type EventRow struct {
	Kind string   `json:"kind"` // "event"
	AtS  float64  `json:"at_s"` // when it was done, or noticed
	What string   `json:"what"`
	Of   []string `json:"of,omitempty"` // everything that it was done to
}

// Rows calls fn for every row that the scenario records, in order of time. Beside the row
// for all applications together there is, if the scenario has several, one for each
// application that ever reached the node or link.
func (r *Run) Rows(fn func(Row) error) error {
	nodeApps, linkApps := r.appsOf(r.nodes), r.appsOf(r.links)
	for i := 1; i < len(r.Samples); i++ {
		before, now := &r.Samples[i-1], &r.Samples[i]
		if r.Plan.Record.Nodes {
			for n := range r.nodes {
				row := Row{Kind: "node", Name: r.Plan.Nodes[n].Name, Up: r.nodes[n].state(i).Up}
				if err := r.rows(row, &r.nodes[n], nodeApps[n], i, now.when(n)-before.when(n), fn); err != nil {
					return err
				}
			}
		}
		if r.Plan.Record.Links {
			for l, ends := range r.Links {
				row := Row{Kind: "link", Name: r.Name(spec.Target{Node: -1, From: ends[0], To: ends[1]})}
				if err := r.rows(row, &r.links[l], linkApps[l], i, now.when(ends[1])-before.when(ends[1]), fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// appsOf lists for each series the applications that have rows of their own.
func (r *Run) appsOf(all []series) [][]uint32 {
	out := make([][]uint32, len(all))
	if len(r.Plan.Apps) > 1 {
		for i := range all {
			out[i] = all[i].appsOf()
		}
	}
	return out
}

// rows are those of one node or link for the interval that ends with a sample.
func (r *Run) rows(row Row, s *series, apps []uint32, sample int, took time.Duration, fn func(Row) error) error {
	state := s.state(sample)
	row.AtS = r.Samples[sample].At.Seconds()
	row.Starved = r.Samples[sample].Starved()
	row.Queued, row.Lost = state.Queued, state.Lost
	if err := fn(row.with(s.counts(all, sample-1), s.counts(all, sample), took)); err != nil {
		return err
	}
	for _, app := range apps {
		one := row
		one.App, one.Queued, one.Lost = r.Plan.Apps[app-1].Name, 0, 0
		if err := fn(one.with(s.counts(app, sample-1), s.counts(app, sample), took)); err != nil {
			return err
		}
	}
	return nil
}

func (row Row) with(was, is Counts, took time.Duration) Row {
	if took > 0 {
		row.ThroughputBps = float64(is.Bytes-was.Bytes) / took.Seconds()
		row.GoodputBps = float64(is.Payload-was.Payload) / took.Seconds()
	}
	row.Received, row.Distinct, row.Sent, row.Broken = is.Msgs, is.Distinct, is.Sent, is.Broken
	return row
}
