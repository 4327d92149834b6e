package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

// idleFlags are the flags of "ioverlay bench idle".
type idleFlags struct {
	nodes    int
	links    string
	duration time.Duration
	outputs
}

func (a *app) benchIdle() *cobra.Command {
	var f idleFlags
	cmd := &cobra.Command{
		Use:   "idle",
		Short: "Measure what idle nodes and links cost",
		Long: `Start nodes, open a link from each to another, and then do nothing: memory a node
and a link, CPU time and context switches, beside those of a Go process that has
no engine. With tcp links there are as many nodes as the process has descriptors
for (three a node).`,
		Example: `  ioverlay bench idle --nodes 10000 --links mem,tcp --duration 10s`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runBenchIdle(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.nodes, "nodes", 10000, "nodes, each with a link to another")
	fl.StringVar(&f.links, "links", "mem,tcp", "kinds of links: mem, tcp")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "how long to watch")
	f.define(fl, resultsName)
	return cmd
}

// benchIdlePoint is the child's side of bench idle.
func (a *app) benchIdlePoint() *cobra.Command {
	return &cobra.Command{
		Use: "idle-point SPEC", Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Measure one idle engine and print it as JSON",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := bench.ServeIdle(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return json.NewEncoder(a.Out).Encode(r)
		},
	}
}

// specs are what the flags ask for, one for each kind of link.
func (f idleFlags) specs() (specs []bench.IdleSpec, err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.nodes < 2 {
		return nil, console.Usage("nodes", strconv.Itoa(f.nodes), "2 and up")
	}
	for _, k := range console.SplitList(f.links) {
		s := bench.IdleSpec{Nodes: f.nodes, Links: k, Duration: f.duration}
		switch k {
		case "mem":
		case "tcp":
			if s.Nodes, err = bench.LimitByDescriptors(f.nodes); err != nil {
				return nil, err
			}
		default:
			return nil, console.Usage("links", f.links, "mem, tcp or both")
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func (a *app) runBenchIdle(ctx context.Context, f idleFlags) error {
	specs, err := f.specs()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	var results []bench.IdleResult
	for _, s := range specs {
		bar := a.Elapsing(f.duration, fmt.Sprintf("%d idle nodes, %s links", s.Nodes, s.Links))
		var r bench.IdleResult
		r, err = bench.RunIdle(ctx, []string{"bench", "idle-point"}, s)
		bar.Stop()
		if err == nil {
			results = append(results, r)
			err = m.record(r)
		}
		if err != nil {
			break
		}
	}
	return m.finish(err, func() error {
		if len(results) == 0 {
			return nil
		}
		return m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, idleTable(results))
			return err
		})
	})
}

func idleTable(results []bench.IdleResult) string {
	t := table.NewWriter()
	t.SetTitle("Idle nodes, one link each; beside a Go process without an engine")
	t.AppendHeader(table.Row{"links", "nodes", "B a node", "B a link", "s", "CPU s", "bare CPU s", "switches", "bare switches"})
	for _, r := range results {
		t.AppendRow(table.Row{r.Links, r.Nodes, fmt.Sprintf("%.0f", r.BytesPerNode), fmt.Sprintf("%.0f", r.BytesPerLink),
			fmt.Sprintf("%.1f", r.Seconds), fmt.Sprintf("%.3f", r.CPUSeconds), fmt.Sprintf("%.3f", r.BareCPUSeconds),
			r.ContextSwitches, r.BareSwitches})
	}
	return t.Render()
}
