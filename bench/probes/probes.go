// Package probes measures the error of the measurements that algorithms ask for,
// algos.Base.MeasureBandwidth and MeasureLatency, against emulated truth: two nodes
// of one engine, in real time, whose link has a known rate and latency.
package probes

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Spec says what to measure.
type Spec struct {
	Links     engine.Links
	Rates     []emul.Rate
	Latencies []time.Duration // one way
	Trials    int
}

// Trial is one measurement beside the truth. Bandwidth is in bytes a second, latency
// in nanoseconds of a round-trip.
type Trial struct {
	Object   string  `json:"object"` // "trial"
	What     string  `json:"what"`
	Links    string  `json:"links"`
	Truth    float64 `json:"truth"`
	Measured float64 `json:"measured"`
	Error    float64 `json:"error"` // measured over truth, less 1
	Cost     uint64  `json:"cost_bytes"`
	Seconds  float64 `json:"seconds"`
}

// Row sums up the trials of one truth.
type Row struct {
	Object      string  `json:"object"` // "row"
	What        string  `json:"what"`
	Links       string  `json:"links"`
	Truth       float64 `json:"truth"`
	Trials      int     `json:"trials"`
	MedianError float64 `json:"median_error"`
	WorstError  float64 `json:"worst_error"` // the largest, whatever its sign
	Cost        uint64  `json:"cost_bytes"`  // median
	Seconds     float64 `json:"seconds"`     // median
}

// surveyor hands results to whoever waits for them.
type surveyor struct {
	algos.Base
	results chan algos.Measurement
	broken  chan error
}

// Process implements core.Algorithm.
func (s *surveyor) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeMeasured {
		r, err := algos.ParseMeasured(m)
		if err != nil {
			s.broken <- err //ioverlay:impure for whoever measures, and live only
			return core.Done
		}
		s.results <- r //ioverlay:impure for whoever measures, and live only
	}
	return s.Base.Process(m)
}

// Run measures, and hands each Trial to record as it is there.
func Run(ctx context.Context, s Spec, record func(Trial) error) error {
	for i := range s.Trials {
		for _, rate := range s.Rates {
			t, err := one(ctx, s.Links, emul.Link{Rate: rate}, algos.Bandwidth)
			if err == nil {
				err = record(t)
			}
			if err != nil {
				return fmt.Errorf("bandwidth of %v, trial %d: %w", rate, i+1, err)
			}
		}
		for _, l := range s.Latencies {
			t, err := one(ctx, s.Links, emul.Link{Latency: l}, algos.Latency)
			if err == nil {
				err = record(t)
			}
			if err != nil {
				return fmt.Errorf("latency of %v, trial %d: %w", l, i+1, err)
			}
		}
	}
	return nil
}

// one measures a link in an engine of its own.
func one(ctx context.Context, links engine.Links, link emul.Link, what string) (t Trial, err error) {
	e, err := engine.New(engine.Options{Links: links, Loops: 1})
	if err != nil {
		return t, err
	}
	defer e.Close()
	s := &surveyor{results: make(chan algos.Measurement, 1), broken: make(chan error, 1)}
	near, err := e.AddNode(s, engine.NodeOptions{})
	if err != nil {
		return t, err
	}
	far, err := e.AddNode(&algos.Base{}, engine.NodeOptions{})
	if err != nil {
		return t, err
	}
	if err := far.Do(func(c *core.Node) { c.SetLink(near.ID(), emul.Link{Latency: link.Latency}) }); err != nil {
		return t, err
	}
	began := time.Now()
	err = near.Do(func(c *core.Node) {
		c.SetLink(far.ID(), link)
		if what == algos.Bandwidth {
			s.MeasureBandwidth(far.ID())
		} else {
			s.MeasureLatency(far.ID())
		}
	})
	if err != nil {
		return t, err
	}
	select {
	case r := <-s.results:
		return compare(links, link, r, time.Since(began))
	case err := <-s.broken:
		return t, err
	case <-ctx.Done():
		return t, context.Cause(ctx)
	}
}

func compare(links engine.Links, link emul.Link, r algos.Measurement, took time.Duration) (Trial, error) {
	if r.Failed != "" {
		return Trial{}, fmt.Errorf("no result: %s", r.Failed)
	}
	t := Trial{Object: "trial", What: r.What, Links: links.String(), Cost: r.Cost, Seconds: took.Seconds()}
	if r.What == algos.Bandwidth {
		t.Truth, t.Measured = float64(link.Rate), float64(r.Rate)
	} else {
		t.Truth, t.Measured = float64(2*link.Latency), float64(r.Median)
	}
	t.Error = t.Measured/t.Truth - 1
	return t, nil
}

// Summarize sums trials up, a Row for each truth in the order of first appearance.
func Summarize(trials []Trial) (rows []Row) {
	type key struct {
		what, links string
		truth       float64
	}
	var order []key
	by := make(map[key][]Trial)
	for _, t := range trials {
		k := key{t.What, t.Links, t.Truth}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], t)
	}
	for _, k := range order {
		ts := by[k]
		row := Row{Object: "row", What: k.what, Links: k.links, Truth: k.truth, Trials: len(ts)}
		row.MedianError = middle(ts, func(t Trial) float64 { return t.Error })
		row.Cost = uint64(middle(ts, func(t Trial) float64 { return float64(t.Cost) }))
		row.Seconds = middle(ts, func(t Trial) float64 { return t.Seconds })
		for _, t := range ts {
			if math.Abs(t.Error) > math.Abs(row.WorstError) {
				row.WorstError = t.Error
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func middle(ts []Trial, of func(Trial) float64) float64 {
	vs := make([]float64, len(ts))
	for i, t := range ts {
		vs[i] = of(t)
	}
	slices.Sort(vs)
	return (vs[(len(vs)-1)/2] + vs[len(vs)/2]) / 2
}

// WriteTable prints rows.
func WriteTable(w io.Writer, rows []Row) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"measured", "links", "truth", "trials", "median error", "worst error", "cost", "takes"})
	for _, r := range rows {
		truth := emul.Rate(r.Truth).String()
		if r.What == algos.Latency {
			truth = time.Duration(r.Truth).String() + " there and back"
		}
		t.AppendRow(table.Row{r.What, r.Links, truth, r.Trials, fmt.Sprintf("%+.2f%%", 100*r.MedianError),
			fmt.Sprintf("%+.2f%%", 100*r.WorstError), fmt.Sprintf("%.0f KB", float64(r.Cost)/1e3), fmt.Sprintf("%.2f s", r.Seconds)})
	}
	t.Render()
}
