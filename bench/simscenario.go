package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/internal/nodereport"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// What a user gets: loads that go through the scenario layer, with a host around each
// algorithm, emulated latency, the monitor and samples. The figure counts all that a run
// takes, from reading the file to the end of the drain.

const (
	scenarioLatency = "20ms"
	scenarioRate    = 100 // messages a second that are flooded
	sourcesSeconds  = 10  // the least that sources last
)

// simScenarios are loads as scenario files, by name.
var simScenarios = map[string]func(SimSpec) string{"scenario": gossipScenario, "sources": sourcesScenario}

// gossipScenario floods messages over a random graph in which a node knows four others
// on average, as the load gossip does without a scenario.
func gossipScenario(s SimSpec) string {
	degree := min(simDegree, s.Nodes-1)
	events := uint64(max(degree*s.Nodes-(s.Nodes-1), 1)) // a message: over every link but those back to where it came from
	messages := (s.Messages + events - 1) / events
	return fmt.Sprintf(`name: gossip
seed: %d
duration: %v
nodes: [{names: n1..n%d, algorithm: gossip}]
links: [{random-graph: {nodes: n1..n%d, degree: %d}, latency: %s}]
applications: [{name: flood, at: n1, source: constant-rate, rate: %d messages/s, payload: %dB}]
`, s.Seed, time.Duration(messages)*time.Second/scenarioRate, s.Nodes, s.Nodes, degree, scenarioLatency, scenarioRate, gossipPayload)
}

// sourcesScenario has every node but the root of a tree send to it, each an application of
// its own: what samples cost is seen here.
func sourcesScenario(s SimSpec) string {
	var b strings.Builder
	hops := 0
	depth := make([]int, s.Nodes)
	for i := 1; i < s.Nodes; i++ {
		depth[i] = depth[(i-1)/simDegree] + 1
		hops += depth[i]
	}
	seconds := max(sourcesSeconds, (int(s.Messages)+hops-1)/max(hops, 1))
	fmt.Fprintf(&b, "name: sources\nseed: %d\nduration: %ds\nnodes: [n0..n%d]\nlinks:\n", s.Seed, seconds, s.Nodes-1)
	for i := 1; i < s.Nodes; i++ {
		fmt.Fprintf(&b, "  - {link: n%d -> n%d, latency: %s}\n", i, (i-1)/simDegree, scenarioLatency)
	}
	b.WriteString("applications:\n")
	for i := 1; i < s.Nodes; i++ {
		fmt.Fprintf(&b, "  - {name: a%d, at: n%d, source: constant-rate, rate: 1 messages/s, payload: %dB}\n", i, i, gossipPayload)
	}
	return b.String()
}

// simScenario runs a load that is a scenario, in this process.
func simScenario(ctx context.Context, s SimSpec, text string) (SimResult, error) {
	r := SimResult{Kind: "sim", Load: s.Load, Seed: s.Seed, Nodes: s.Nodes}
	started := time.Now()
	before, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	registry := scenario.Shipped()
	plan, err := spec.Parse(s.Load+".yaml", []byte(text), spec.Options{Algorithms: registry})
	if err != nil {
		return r, fmt.Errorf("bench: the scenario of the load %s: %w", s.Load, err)
	}
	run, err := scenario.Run(ctx, plan, scenario.Options{World: "sim", Registry: registry})
	if err != nil {
		return r, err
	}
	if run.Stopped {
		return r, context.Cause(ctx)
	}
	after, err := nodereport.Self()
	if err != nil {
		return r, err
	}
	for i := range plan.Nodes {
		c := run.Total(i, 0)
		r.Messages += c.Msgs
		r.Bytes += c.Bytes
	}
	r.Links, r.VirtualSeconds, r.WallSeconds = len(run.Links), run.Ended.Seconds(), time.Since(started).Seconds()
	r.CPUSeconds = (after.CPU - before.CPU).Seconds()
	r.MessagesPerCPUs = float64(r.Messages) / r.CPUSeconds
	r.RSSPeak = after.RSSPeak
	return r, nil
}
