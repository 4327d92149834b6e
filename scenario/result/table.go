package result

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// shownRows bounds the table of nodes and that of links; the files have all.
const shownRows = 20

// Summary is what a run came to, in a few lines and tables for people.
func (r *Run) Summary() string {
	var b strings.Builder
	p := r.Plan
	fmt.Fprintf(&b, "%s: %d nodes, %d links, seed %d, world %s: %v in %v\n",
		p.Name, len(p.Nodes), len(r.Links), p.Seed, r.World, r.Ended.Round(time.Millisecond), r.Wall.Round(time.Millisecond))
	if p.About != "" {
		fmt.Fprintln(&b, p.About)
	}
	if r.Stopped {
		fmt.Fprintf(&b, "Stopped at %v of %v; this is what was measured until then.\n", r.Ended.Round(time.Millisecond), p.Duration)
	}
	for _, w := range r.Warnings() {
		fmt.Fprintf(&b, "WARNING: %s.\n", w)
	}
	b.WriteString(r.nodeTable() + "\n")
	if len(r.Links) > 0 {
		b.WriteString(r.linkTable() + "\n")
	}
	if len(r.followed.messages) > 0 {
		b.WriteString(r.deliveryTable() + "\n")
	}
	if len(r.own.kinds) > 0 {
		b.WriteString(r.metricTable() + "\n")
	}
	if len(r.Verdicts) > 0 {
		b.WriteString(r.verdictTable() + "\n")
	}
	return b.String()
}

// Figures of one node or link over the whole run.
type Figures struct {
	Name          string  `json:"name"`
	Up            bool    `json:"up,omitempty"`               // of a node: at the end
	ThroughputBps float64 `json:"throughput_bytes_per_s"`     // mean over the run, headers included
	LateBps       float64 `json:"late_bytes_per_s"`           // mean over its second half
	Received      uint64  `json:"received_messages"`          // duplicates included
	Distinct      uint64  `json:"distinct_messages,omitzero"` // of a node
	Sent          uint64  `json:"sent_messages,omitzero"`     // by a node's sources
	Lost          uint64  `json:"lost_messages"`
	Broken        uint64  `json:"broken_sources,omitzero"` // of a node
}

func measure(name string) spec.Measure {
	i := slices.IndexFunc(spec.Measures, func(m spec.Measure) bool { return m.Name == name })
	return spec.Measures[i]
}

// Throughput is the mean over a part of the run, in bytes a second with headers, of
// all applications. There must have been samples at both ends.
func (r *Run) Throughput(of spec.Target, from, to time.Duration) float64 {
	a, since := r.Read(measure("throughput"), of, 0, from)
	b, when := r.Read(measure("throughput"), of, 0, to)
	if when <= since {
		return 0
	}
	return (b - a) / (when - since).Seconds()
}

func (r *Run) figures(of spec.Target) Figures {
	read := func(name string) uint64 {
		v, _ := r.Read(measure(name), of, 0, r.Last())
		return uint64(v)
	}
	f := Figures{
		Name:          r.Name(of),
		ThroughputBps: r.Throughput(of, 0, r.Ended),
		LateBps:       r.Throughput(of, r.Ended/2, r.Ended),
		Received:      read("received"),
		Lost:          read("lost"),
	}
	if of.Node >= 0 {
		f.Up, f.Distinct, f.Sent, f.Broken = read("alive") == 1, read("distinct"), read("sent"), read("broken")
	}
	return f
}

// NodeFigures are those of every node, in the plan's order.
func (r *Run) NodeFigures() (fs []Figures) {
	for i := range r.Plan.Nodes {
		fs = append(fs, r.figures(spec.Target{Node: i, From: -1, To: -1}))
	}
	return fs
}

// LinkFigures are those of every link.
func (r *Run) LinkFigures() (fs []Figures) {
	for _, l := range r.Links {
		fs = append(fs, r.figures(spec.Target{Node: -1, From: l[0], To: l[1]}))
	}
	return fs
}

func newTable(title string, numbers int, head ...any) table.Writer {
	t := table.NewWriter()
	t.SetTitle(title)
	t.AppendHeader(head)
	var configs []table.ColumnConfig
	for i := len(head) - numbers; i < len(head); i++ {
		configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

func kilo(v float64) string { return fmt.Sprintf("%.1f", v/1e3) }

func (r *Run) nodeTable() string {
	t := newTable("Nodes", 7, "node", "", "KBps", "KBps, 2nd half", "received", "distinct", "sent", "lost", "broken")
	fs := r.NodeFigures()
	for _, f := range fs[:min(len(fs), shownRows)] {
		state := "down"
		if f.Up {
			state = "up"
		}
		t.AppendRow(table.Row{f.Name, state, kilo(f.ThroughputBps), kilo(f.LateBps), f.Received, f.Distinct, f.Sent, f.Lost, f.Broken})
	}
	return t.Render() + more(len(fs), "nodes")
}

func (r *Run) linkTable() string {
	t := newTable("Links", 4, "link", "KBps", "KBps, 2nd half", "received", "lost")
	fs := r.LinkFigures()
	for _, f := range fs[:min(len(fs), shownRows)] {
		t.AppendRow(table.Row{f.Name, kilo(f.ThroughputBps), kilo(f.LateBps), f.Received, f.Lost})
	}
	return t.Render() + more(len(fs), "links")
}

func more(n int, what string) string {
	if n <= shownRows {
		return ""
	}
	return fmt.Sprintf("\nand %d more %s, which the files of --out have", n-shownRows, what)
}

func (r *Run) verdictTable() string {
	t := newTable("Expectations", 0, "", "expectation", "found")
	for _, v := range r.Verdicts {
		held := "FAILED"
		switch {
		case v.Held:
			held = "ok"
		case !v.Measured:
			held = "-"
		}
		found := v.Found
		if v.Starved {
			found += " (while the machine had too much to do)"
		}
		t.AppendRow(table.Row{held, v.Expectation, found})
	}
	return t.Render()
}
