package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/internal/subprocess"
	"github.com/ioverlay/ioverlay/observer/live"
	"github.com/ioverlay/ioverlay/observer/report"
)

// observerFlags are the flags of "ioverlay bench observer".
type observerFlags struct {
	nodes, processes int
	poll, duration   time.Duration
	format           string
	cpuProfile       string
	alone            bool
}

// observerResult is what was measured.
type observerResult struct {
	Nodes     int     `json:"nodes"`
	Up        int     `json:"up"` // shown as up at the end
	Links     int     `json:"links"`
	Alone     bool    `json:"alone,omitempty"` // each node over a connection of its own
	PollS     float64 `json:"poll_s"`
	Seconds   float64 `json:"seconds"`
	Cores     float64 `json:"cores"` // of the observer's process
	RSSBytes  int64   `json:"rss_bytes"`
	Reports   float64 `json:"reports_per_s"`
	Dropped   uint64  `json:"dropped"`
	History   float64 `json:"history_s"` // that is remembered
	StartedIn float64 `json:"started_in_s"`
}

func (a *app) benchObserver() *cobra.Command {
	var f observerFlags
	cmd := &cobra.Command{
		Use:   "observer",
		Short: "Measure what an observer of many nodes costs",
		Long: `Run an observer in this process and nodes in others, each linked to the next by a trickle of data, and measure the
observer's processor time and memory while it polls them. The nodes of a process report together, unless --alone is given:
then the observer has two descriptors a node, and a process with nodes three.`,
		Example: `  ioverlay bench observer --nodes 9900 --processes 3 --poll 1s --duration 30s

  # where the observer's time goes
  ioverlay bench observer --cpuprofile cpu.pprof && go tool pprof -top cpu.pprof`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runBenchObserver(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.IntVar(&f.nodes, "nodes", 1000, "nodes")
	fl.IntVar(&f.processes, "processes", 2, "processes that they are in")
	fl.DurationVar(&f.poll, "poll", time.Second, "how often each is asked")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "how long to measure, once all are shown")
	fl.StringVar(&f.format, "format", console.FormatTable, "how to print: table or json")
	fl.BoolVar(&f.alone, "alone", false, "each node reports over a connection of its own, as if it had a process of its own")
	fl.StringVar(&f.cpuProfile, "cpuprofile", "", "write a CPU profile of the observer while it is measured, to this file")
	return cmd
}

// benchObserved is the child's side: a process with nodes.
func (a *app) benchObserved() *cobra.Command {
	var count int
	var observer string
	var alone bool
	cmd := &cobra.Command{
		Use: "observed", Hidden: true, Args: cobra.NoArgs,
		Short: "Be some nodes with an observer, until standard input ends",
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := core.ParseNodeID(observer)
			if err != nil {
				return err
			}
			eng, err := engine.New(engine.Options{ExpectNodes: count})
			if err != nil {
				return err
			}
			defer eng.Close()
			eng.AllUp()
			if err := observedNodes(eng, id, count, !alone); err != nil {
				return err
			}
			if err := json.NewEncoder(a.Out).Encode(map[string]int{"nodes": count}); err != nil {
				return err
			}
			for s := bufio.NewScanner(a.In); s.Scan(); { // until it ends
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&count, "count", 1, "nodes")
	cmd.Flags().BoolVar(&alone, "alone", false, "each reports over a connection of its own")
	cmd.Flags().StringVar(&observer, "observer", "", "their observer")
	return cmd
}

// observedNodes starts nodes in a chain of pairs: each second one has a link from the one before it.
func observedNodes(eng *engine.Engine, observer core.NodeID, count int, share bool) error {
	to := report.To
	if share {
		shared, err := report.Share(eng, engine.NodeOptions{}, observer)
		if err != nil {
			return err
		}
		to = shared.To
	}
	var last *engine.Node
	for i := range count {
		var alg *relay.Relay
		if i%2 == 1 {
			alg = relay.New(nil, last.ID())
		} else {
			alg = relay.New(nil)
		}
		o := report.Options{Observers: []core.NodeID{observer}, Name: "n" + strconv.Itoa(i), Group: "bench", Algorithm: "relay",
			Place: &algos.Place{Lat: float64(i%180) - 90, Lon: float64(i%360) - 180}}
		if err := to(alg, o); err != nil {
			return err
		}
		n, err := eng.AddNode(alg, engine.NodeOptions{})
		if err != nil {
			return err
		}
		if i%2 == 1 {
			err = n.Do(func(*core.Node) { alg.Deploy(1, []byte("rate=5 payload=100")) })
			if err != nil {
				return err
			}
		}
		last = n
	}
	return nil
}

func (a *app) runBenchObserver(ctx context.Context, f observerFlags) (err error) {
	switch {
	case f.nodes < 1:
		return console.Usage("nodes", strconv.Itoa(f.nodes), "1 and up")
	case f.processes < 1 || f.processes > f.nodes:
		return console.Between("processes", f.processes, 1, f.nodes)
	}
	if err := console.CheckFormat(f.format, console.FormatTable, console.FormatJSON); err != nil {
		return err
	}
	l, err := live.Start(live.Options{Poll: f.poll, Nodes: f.nodes})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	began := time.Now()
	var started []*subprocess.Process
	defer func() {
		for _, p := range started {
			err = errors.Join(err, p.Kill())
		}
	}()
	for i := range f.processes {
		count := f.nodes*(i+1)/f.processes - f.nodes*i/f.processes
		self, err := subprocess.Self("bench", "observed", "--count", strconv.Itoa(count), "--observer", l.ID().String(), "--alone="+strconv.FormatBool(f.alone))
		if err != nil {
			return err
		}
		p, err := subprocess.Start(ctx, subprocess.Command{Name: "nodes " + strconv.Itoa(i), Program: self})
		if err != nil {
			return err
		}
		started = append(started, p)
		var up map[string]int
		if err := p.Receive(ctx, &up); err != nil {
			return err
		}
	}
	r, err := measureObserver(ctx, l, f, began)
	if err != nil {
		return err
	}
	if f.format == console.FormatJSON {
		return json.NewEncoder(a.Out).Encode(r)
	}
	_, err = fmt.Fprintf(a.Out, "%d nodes (%d up), %d links, a poll each %.3g s%s: %.3f cores, %.1f MB, %.0f reports a second, %d dropped, all shown after %.1f s, %.0f s remembered\n",
		r.Nodes, r.Up, r.Links, r.PollS, map[bool]string{true: ", each over its own connection"}[f.alone], r.Cores, float64(r.RSSBytes)/1e6, r.Reports, r.Dropped, r.StartedIn, r.History)
	return err
}

// measureObserver waits until all nodes are shown, and measures.
func measureObserver(ctx context.Context, l *live.Live, f observerFlags, began time.Time) (r observerResult, err error) {
	r = observerResult{Nodes: f.nodes, Alone: f.alone, PollS: f.poll.Seconds()}
	for {
		c, err := l.Counts()
		if err != nil {
			return r, err
		}
		if c.Up == f.nodes {
			break
		}
		if time.Since(began) > 5*time.Minute {
			return r, fmt.Errorf("after 5 minutes %d of %d nodes are shown", c.Up, f.nodes)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return r, err
		}
	}
	r.StartedIn = time.Since(began).Seconds()
	if err := sleep(ctx, 2*f.poll); err != nil { // they have come one after another; let them settle
		return r, err
	}
	before, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	c0, err := l.Counts()
	if err != nil {
		return r, err
	}
	start := time.Now()
	if err := whileProfiling(f.cpuProfile, func() error { return sleep(ctx, f.duration) }); err != nil {
		return r, err
	}
	after, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	c, err := l.Counts()
	if err != nil {
		return r, err
	}
	m, err := l.Meta(ctx)
	if err != nil {
		return r, err
	}
	r.Seconds = time.Since(start).Seconds()
	r.Cores = (after.CPU - before.CPU).Seconds() / r.Seconds
	r.RSSBytes = nodereport.Now().RSS
	r.Reports = float64(c.Reports-c0.Reports) / r.Seconds
	r.Up, r.Links, r.Dropped, r.History = c.Up, c.Links, c.Dropped, (m.End - m.Begin).Seconds()
	return r, nil
}

// whileProfiling does something, and writes a CPU profile of this process meanwhile if a file is named.
func whileProfiling(name string, do func() error) (err error) {
	if name == "" {
		return do()
	}
	file, err := os.Create(name)
	if err != nil {
		return console.InFile(fmt.Errorf("--cpuprofile: %w", err))
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return do()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return console.ErrInterrupted
	}
}
