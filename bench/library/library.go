// Package library measures what the overlays in the folders of algos claim: each has a
// file here, with a function that builds it at the sizes of its paper, breaks it as the
// paper does, and returns what came of it beside what the paper says. "ioverlay repro
// library" prints them, and docs/library.md has a section for each.
//
// A measurement in virtual time is the same each time it is run with the same options,
// but for the rows of speed.
package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/internal/nodereport"
)

// Options say how an overlay is measured. The zero value is ready: the sizes of the
// paper, in virtual time.
type Options struct {
	Seed  uint64
	Nodes []int // sizes; nil: those of the overlay's claims
	Live  bool  // in the engine as well, of this process, where that makes sense
	Short bool  // a size that a test has time for, in place of the paper's

	Progress func(what string) // told what is measured next; may be nil
}

// sizes are the numbers of nodes to measure with.
func (o Options) sizes(paper []int, short int) []int {
	switch {
	case len(o.Nodes) > 0:
		return o.Nodes
	case o.Short:
		return []int{short}
	}
	return paper
}

func (o Options) tell(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// The worlds of rows.
const (
	Sim  = "sim"  // virtual time
	Live = "live" // the engine in this process
)

// Claim is something that is said of an overlay, and can be measured.
type Claim struct {
	Overlay string   `json:"overlay"`            // the folder in algos
	What    string   `json:"what"`               // is measured, in words
	Unit    string   `json:"unit,omitempty"`     // of the figure; empty: a ratio or a count
	Paper   string   `json:"paper,omitempty"`    // what the paper says, and where
	AtLeast *float64 `json:"at_least,omitempty"` // what the figure is held to; nil: to nothing
	AtMost  *float64 `json:"at_most,omitempty"`
}

// Row is one claim as it was measured once.
type Row struct {
	Claim
	World    string  `json:"world"`
	Nodes    int     `json:"nodes"`
	Seed     uint64  `json:"seed"`
	Measured float64 `json:"measured"`
	Held     bool    `json:"held"`
	Note     string  `json:"note,omitempty"` // what else is to be known of the figure
}

// Measured is the claim with a figure. A figure that is no number holds nothing.
func (c Claim) Measured(world string, nodes int, seed uint64, figure float64) Row {
	held := figure == figure && (c.AtLeast == nil || figure >= *c.AtLeast) && (c.AtMost == nil || figure <= *c.AtMost)
	return Row{Claim: c, World: world, Nodes: nodes, Seed: seed, Measured: figure, Held: held}
}

// bound is a pointer to a number, for the bounds of a Claim.
func bound(x float64) *float64 { return &x }

// Overlay is one that can be measured.
type Overlay struct {
	Name    string
	Measure func(context.Context, Options) ([]Row, error)
}

// Overlays are all that can be measured, in the order of their names.
func Overlays() []Overlay {
	return []Overlay{
		{"chord", Chord},
		{"cyclon", Cyclon},
		{"mesh", Mesh},
		{"plumtree", Plumtree},
		{"swim", SWIM},
	}
}

// Table shows rows to people: those of several seeds that are of the same claim as one, with the mean, and the least and the greatest figure.
func Table(w io.Writer, rows []Row) error {
	t := table.NewWriter()
	t.SetStyle(bench.TableStyle())
	t.AppendHeader(table.Row{"overlay", "what", "world", "nodes", "measured", "held to", "", "paper"})
	last := ""
	for _, of := range bySeeds(rows) {
		r := of[0]
		if last != "" && last != r.Overlay {
			t.AppendSeparator()
		}
		last = r.Overlay
		t.AppendRow(table.Row{r.Overlay, r.What, r.World, r.Nodes, spread(of), r.bounds(), verdict(of), r.Paper})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

// bySeeds gathers the rows that differ in their seeds alone, in the order of the first of each.
func bySeeds(rows []Row) (groups [][]Row) {
	type key struct {
		overlay, what, world string
		nodes                int
	}
	at := make(map[key]int)
	for _, r := range rows {
		k := key{r.Overlay, r.What, r.World, r.Nodes}
		i, there := at[k]
		if !there {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// spread is the figure of a claim, or what those of several seeds are.
func spread(of []Row) string {
	least, most, sum := of[0].Measured, of[0].Measured, 0.0
	for _, r := range of {
		least, most, sum = min(least, r.Measured), max(most, r.Measured), sum+r.Measured
	}
	if len(of) == 1 {
		return figure(least, of[0].Unit)
	}
	return fmt.Sprintf("%s (%.4g to %.4g, %d seeds)", figure(sum/float64(len(of)), of[0].Unit), least, most, len(of))
}

// verdict says whether a claim held with all seeds.
func verdict(of []Row) string {
	missed := 0
	for _, r := range of {
		if !r.Held {
			missed++
		}
	}
	switch {
	case of[0].AtLeast == nil && of[0].AtMost == nil:
		return ""
	case missed == 0:
		return "held"
	case len(of) == 1:
		return "NOT HELD"
	}
	return fmt.Sprintf("NOT HELD %d times", missed)
}

func figure(x float64, unit string) string {
	text := fmt.Sprintf("%.4g", x)
	if unit != "" {
		text += " " + unit
	}
	return text
}

func (c Claim) bounds() string {
	switch {
	case c.AtLeast != nil && c.AtMost != nil:
		return figure(*c.AtLeast, "") + " to " + figure(*c.AtMost, "")
	case c.AtLeast != nil:
		return "at least " + figure(*c.AtLeast, "")
	case c.AtMost != nil:
		return "at most " + figure(*c.AtMost, "")
	}
	return ""
}

// run lets virtual time pass, and looks at the context and for panics once a second of it.
func run(ctx context.Context, w *sim.World, d time.Duration) error {
	for d > 0 {
		step := min(d, time.Second)
		if err := w.RunFor(step); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		d -= step
	}
	for _, p := range w.Panics() {
		return fmt.Errorf("the algorithm of node %s panicked: %v\n%s", p.Node.Name(), p.Value, p.Stack)
	}
	return nil
}

// Speed is how fast a world ran.
type Speed struct {
	Messages   uint64 // that nodes took from other nodes, as "bench sim" counts them
	Events     uint64 // of the scheduler, timers among them
	CPUSeconds float64
}

// timed runs fn and says how fast the world ran meanwhile. The CPU time is the whole
// process's.
func timed(w *sim.World, fn func() error) (s Speed, err error) {
	before, err := nodereport.Self()
	if err != nil {
		return s, err
	}
	t0 := w.Totals()
	err = fn()
	t1 := w.Totals()
	after, err2 := nodereport.Self()
	s = Speed{Messages: t1.Messages - t0.Messages, Events: t1.Events - t0.Events, CPUSeconds: (after.CPU - before.CPU).Seconds()}
	return s, errors.Join(err, err2)
}

// rows are the speed as figures of an overlay at 1,000 nodes.
func (s Speed) rows(overlay string, nodes int, seed uint64) []Row {
	perCPU := func(what string, n uint64) Row {
		return Claim{Overlay: overlay, What: what, Unit: "a CPU-second"}.Measured(Sim, nodes, seed, float64(n)/s.CPUSeconds)
	}
	return []Row{perCPU("speed: events of the scheduler", s.Events), perCPU("speed: messages taken", s.Messages)}
}
