package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
)

// idleFlags are the flags of "ioverlay bench idle".
type idleFlags struct {
	nodes    int
	links    string
	duration time.Duration
	format   string
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
	fl.StringVar(&f.format, "format", formatTable, "how to print: table or json")
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
			return json.NewEncoder(a.out).Encode(r)
		},
	}
}

func (a *app) runBenchIdle(ctx context.Context, f idleFlags) error {
	if err := checkFormat(f.format, formatTable, formatJSON); err != nil {
		return err
	}
	if f.nodes < 2 {
		return &usageError{"nodes", strconv.Itoa(f.nodes), "2 and up"}
	}
	kinds := splitList(f.links)
	for _, k := range kinds {
		if k != "mem" && k != "tcp" {
			return &usageError{"links", f.links, "mem, tcp or both"}
		}
	}
	var results []bench.IdleResult
	for _, k := range kinds {
		s := bench.IdleSpec{Nodes: f.nodes, Links: k, Duration: f.duration}
		if k == "tcp" {
			var err error
			if s.Nodes, err = bench.LimitByDescriptors(f.nodes); err != nil {
				return err
			}
		}
		spin := a.spinner(f.duration, fmt.Sprintf("%d idle nodes, %s links", s.Nodes, k))
		r, err := bench.RunIdle(ctx, []string{"bench", "idle-point"}, s)
		spin.stop()
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err != nil {
			return err
		}
		if f.format == formatJSON {
			if err := json.NewEncoder(a.out).Encode(r); err != nil {
				return err
			}
		}
		results = append(results, r)
	}
	if f.format == formatTable {
		_, err := fmt.Fprintln(a.out, idleTable(results))
		return err
	}
	return nil
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
