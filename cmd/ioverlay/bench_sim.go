package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/console"
)

// simFlags are the flags of "ioverlay bench sim".
type simFlags struct {
	nodes    string
	loads    string
	messages uint64
	rounds   int
	seed     uint64
	outputs
}

// maxSimNodes is how many nodes have made-up IDs in 10.0.0.0/8 that differ.
const maxSimNodes = 1 << 24

func (a *app) benchSim() *cobra.Command {
	var f simFlags
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Measure how fast virtual time runs",
		Long: `Run worlds in virtual time and measure message events per CPU-second and memory, each
point in a process of its own, rounds interleaved, medians shown. A message event is one message
that a node takes from another: a message over four links counts four times.

gossip    a random graph in which each node knows four others; 128-byte messages, each flooded to all
scenario  the same as a scenario, so with all that a user of "ioverlay run" gets: links with 20 ms of
          latency, the host around each algorithm, the monitor, samples; 100 messages a second are
          flooded, and the whole run is counted, from reading the file to the end
tree      a stream of 5 KB messages down a tree with four children a node
chain     the same down a chain of all nodes
sources   a scenario in which every node of a tree sends a message a second to its root, over 20 ms a
          link, each as an application of its own: what samples of many applications cost`,
		Example: `  ioverlay bench sim --nodes 1000,10000
  ioverlay bench sim --nodes 10000 --loads gossip,scenario
  ioverlay bench sim --nodes 2500 --loads sources --rounds 1
  ioverlay bench sim --nodes 100000 --loads scenario --messages 2000000 --rounds 1
  ioverlay bench sim --nodes 10000 --loads gossip --messages 20000000 --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchSim(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.nodes, "nodes", "1000,10000", "sizes of worlds")
	fl.StringVar(&f.loads, "loads", "gossip,scenario,tree,chain", "what the worlds do: "+console.Either(bench.SimLoads()))
	fl.Uint64Var(&f.messages, "messages", 5_000_000, "message events to measure, after a warm-up")
	fl.IntVar(&f.rounds, "rounds", 3, "how often each point is measured")
	fl.Uint64Var(&f.seed, "seed", 1, "decides all that is random")
	f.define(fl, resultsName)
	return cmd
}

// benchSimPoint is the child's side of bench sim.
func (a *app) benchSimPoint() *cobra.Command {
	return &cobra.Command{
		Use: "sim-point SPEC", Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Measure one world in virtual time and print it as JSON",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := bench.ServeSim(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return json.NewEncoder(a.Out).Encode(r)
		},
	}
}

// specs are the points of one round.
func (f *simFlags) specs() ([]bench.SimSpec, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.messages < 1:
		return nil, console.Usage("messages", strconv.FormatUint(f.messages, 10), "1 and up")
	case f.rounds < 1 || f.rounds > bench.MaxRounds:
		return nil, console.Between("rounds", f.rounds, 1, bench.MaxRounds)
	}
	var specs []bench.SimSpec
	for _, load := range console.SplitList(f.loads) {
		if !slices.Contains(bench.SimLoads(), load) {
			return nil, console.Usage("loads", f.loads, console.Either(bench.SimLoads()))
		}
		for _, word := range console.SplitList(f.nodes) {
			n, err := strconv.Atoi(word)
			if err != nil || n < 2 || n > maxSimNodes {
				return nil, console.Usage("nodes", f.nodes, fmt.Sprintf("numbers from 2 to %d, not %q", maxSimNodes, word))
			}
			specs = append(specs, bench.SimSpec{Nodes: n, Load: load, Messages: f.messages, Seed: f.seed})
		}
	}
	if len(specs) == 0 {
		return nil, console.Usage("nodes", f.nodes, "one size or more, such as 1000,10000")
	}
	return specs, nil
}

func (a *app) runBenchSim(ctx context.Context, f simFlags) error {
	specs, err := f.specs()
	if err != nil {
		return err
	}
	m, err := a.begin(ctx, f.outputs)
	if err != nil {
		return err
	}
	results, err := a.measureSim(m, specs, f.rounds)
	return m.finish(err, func() error {
		return m.table(func(w io.Writer) error {
			_, err := fmt.Fprintln(w, simTable(results))
			return err
		})
	})
}

// measureSim returns results by spec, then round.
func (a *app) measureSim(m *measurement, specs []bench.SimSpec, rounds int) ([][]bench.SimResult, error) {
	results := make([][]bench.SimResult, len(specs))
	bar := a.Steps(len(specs)*rounds, "")
	defer bar.Stop()
	for round := range rounds {
		for i, s := range specs {
			bar.Say(fmt.Sprintf("%d nodes, %s", s.Nodes, s.Load))
			r, err := bench.RunSim(m.ctx, []string{"bench", "sim-point"}, s)
			if err != nil {
				return results, err
			}
			r.Round = round + 1
			results[i] = append(results[i], r)
			bar.Add(1)
			if err := m.record(r); err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

func simTable(results [][]bench.SimResult) string {
	t := table.NewWriter()
	t.SetTitle("Virtual time: message events per CPU-second, medians (least to most of the rounds)")
	t.AppendHeader(table.Row{"load", "nodes", "links", "million messages a CPU-second", "messages", "virtual s", "CPU s", "peak MB"})
	for _, rounds := range results {
		if len(rounds) == 0 {
			continue // interrupted before its first round
		}
		slices.SortFunc(rounds, func(x, y bench.SimResult) int { return int(x.MessagesPerCPUs - y.MessagesPerCPUs) })
		m, least, most := rounds[len(rounds)/2], rounds[0].MessagesPerCPUs, rounds[len(rounds)-1].MessagesPerCPUs
		t.AppendRow(table.Row{m.Load, m.Nodes, m.Links,
			fmt.Sprintf("%.2f (%.2f to %.2f)", m.MessagesPerCPUs/1e6, least/1e6, most/1e6),
			m.Messages, fmt.Sprintf("%.3f", m.VirtualSeconds), fmt.Sprintf("%.2f", m.CPUSeconds), m.RSSPeak / 1e6})
	}
	return t.Render()
}
