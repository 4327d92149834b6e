package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/fluid"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Agreement: what a network with capped links and nodes carries in the long run, in
// virtual time, live, and by a max-min fluid oracle, link by link. The three share
// nothing but the topology (and, the first two, the code under test).

// AgreementSpec says what to compare.
type AgreementSpec struct {
	Seed   uint64         // of topologies and caps
	DAGs   int            // random DAGs
	Worlds []string       // beside the oracle: sim, live
	Links  spec.Transport // of the live world
	Window time.Duration  // over which throughput is measured

	Progress func(done int, what string)  // of Steps, and what comes next; may be nil
	Record   func(row AgreementRow) error // given every row as soon as it is there; may be nil
}

// Steps is how many runs there will be.
func (s AgreementSpec) Steps() int { return len(agreementCases(s)) * len(s.Worlds) }

// agreementWarmup is how long buffers may take to fill before the window begins.
const agreementWarmup = 3 * time.Second

// AgreementRow is one link.
type AgreementRow struct {
	Kind     string              `json:"kind"` // "link"
	Topology string              `json:"topology"`
	Link     string              `json:"link"`
	Oracle   float64             `json:"oracle_bytes_per_s"`
	Measured map[string]float64  `json:"measured_bytes_per_s"` // by world
	Off      map[string]*float64 `json:"off_percent"`          // by world: measured against the oracle
}

// agreementCase is a topology, as a scenario.
type agreementCase struct{ name, yaml string }

const agreementHead = `name: %s
seed: %d
duration: %dns
drain: 0s
transport: %s
buffers: {messages: %d}
record: {every: 1s, series: [link]}
`

// agreementCases are chains, trees, diamonds and DAGs, with caps on links and nodes of
// every kind, drawn from the seed; and chains with latencies to 200 ms and small buffers,
// with jitter, with sessions that share links and nodes, and with messages of all sizes.
func agreementCases(s AgreementSpec) (cases []agreementCase) {
	add := func(name string, seed uint64, buffers int, body string) {
		head := fmt.Sprintf(agreementHead, name, seed, (agreementWarmup + s.Window).Nanoseconds(), s.Links, buffers)
		cases = append(cases, agreementCase{name, head + body})
	}
	const source = "applications:\n  - {name: a, at: n1, source: back-to-back, payload: 1000B}\n"
	add("chain", s.Seed, 10, `nodes: [{names: n1..n6, bandwidth: {total: "uniform(2.4MBps, 8MBps)"}}]
links: [{chain: n1..n6, rate: "uniform(1.2MBps, 4MBps)", latency: "uniform(0ms, 10ms)"}]
`+source)
	add("chain with two sources", s.Seed, 10, `nodes: [n1..n6]
links: [{chain: n1..n6, rate: "uniform(1.2MBps, 4MBps)"}]
applications:
  - {name: a, at: n1, source: back-to-back, payload: 1000B}
  - {name: b, at: n3, source: back-to-back, payload: 1000B}
`)
	add("tree", s.Seed, 10, `nodes: [{names: n1..n13, bandwidth: {up: "uniform(1.6MBps, 8MBps)", down: "uniform(0.8MBps, 4MBps)"}}]
links: [{tree: {nodes: n1..n13, fanout: 3}, latency: "uniform(0ms, 10ms)"}]
`+source)
	add("diamond", s.Seed, 10, `nodes: [{names: n1..n4, bandwidth: {total: "uniform(2MBps, 12MBps)"}}]
links: [{link: "n1 -> n2, n3", rate: "uniform(1.2MBps, 4MBps)"}, {link: "n2, n3 -> n4", rate: "uniform(1.2MBps, 4MBps)"}]
`+source)
	for _, ms := range []int{20, 50, 100, 200} {
		for _, buffers := range []int{5, 10, 40} {
			add(fmt.Sprintf("%d ms, %d messages", ms, buffers), s.Seed, buffers, fmt.Sprintf(`nodes: [n1..n4]
links: [{link: n1 -> n2, rate: 800KBps}, {link: n2 -> n3, latency: %dms}, {link: n3 -> n4, rate: 700KBps}]
`, ms)+source)
		}
	}
	add("jitter", s.Seed, 10, `nodes: [n1..n5]
links: [{link: n1 -> n2, rate: 800KBps, latency: 20ms, jitter: exponential(20ms)}, {link: n2 -> n3, latency: 100ms, jitter: normal(20ms)},
  {link: n3 -> n4, rate: 700KBps}, {link: n4 -> n5, latency: 50ms, jitter: uniform(50ms)}]
`+source)
	add("sessions on one link", s.Seed, 10, `nodes: [n1..n6]
links: [{chain: n1..n6, rate: "uniform(1.2MBps, 4MBps)", latency: "uniform(0ms, 100ms)"}]
applications:
  - {name: a, at: n1, source: back-to-back, payload: 1000B}
  - {name: b, at: n1, source: back-to-back, payload: 1000B}
  - {name: c, at: n3, source: back-to-back, payload: 1000B}
`)
	add("sessions at nodes with a total", s.Seed, 10, `nodes: [{names: n1, bandwidth: {total: 926KBps}}, {names: n2, bandwidth: {total: 1092KBps}}, {names: n3, bandwidth: {total: 1390KBps}},
  {names: n4, bandwidth: {total: 980KBps}}, n5]
links: [{chain: n1..n5}]
applications:
  - {name: a, at: n4, source: back-to-back, payload: 1000B}
  - {name: b, at: n2, source: back-to-back, payload: 1000B}
  - {name: c, at: n1, source: back-to-back, payload: 1000B}
  - {name: d, at: n1, source: back-to-back, payload: 1000B}
`)
	add("mixed sizes", s.Seed, 4, `nodes: [{names: n1, bandwidth: {up: 900KBps}}, n2..n3]
links: [{link: n1 -> n2, latency: 20ms}, {link: n2 -> n3, rate: 600KBps}]
applications:
  - {name: p, at: n1, source: back-to-back, payload: 20000B}
  - {name: q, at: n1, source: back-to-back, payload: 1000B}
  - {name: r, at: n1, source: back-to-back, payload: 40B}
`)
	for i := range s.DAGs {
		add(fmt.Sprintf("DAG %d", i+1), s.Seed+uint64(i), 10, `nodes: [{names: n1..n8, bandwidth: {up: "uniform(4MBps, 16MBps)", down: "uniform(4MBps, 16MBps)"}}]
links: [{random-dag: {nodes: n1..n8, degree: 2}, rate: "uniform(2MBps, 8MBps)"}]
`+source)
	}
	return cases
}

// Agreement runs every topology in every world and puts the links beside each other. With an error, such as the end of
// the context, come the rows of what was run until then: the last topology may lack worlds.
func Agreement(ctx context.Context, s AgreementSpec) ([]AgreementRow, error) {
	if s.Links == "" {
		s.Links = spec.TransportMem
	}
	cases := agreementCases(s)
	registry := scenario.Shipped()
	var rows []AgreementRow
	for i, c := range cases {
		plan, err := spec.Parse(c.name, []byte(c.yaml), spec.Options{Algorithms: registry})
		if err != nil {
			return rows, fmt.Errorf("bench: the topology %s: %w", c.name, err)
		}
		oracle, err := fluid.Steady(plan)
		if err != nil {
			return rows, fmt.Errorf("bench: the topology %s: %w", c.name, err)
		}
		of := make([]AgreementRow, len(plan.Links))
		for l := range of {
			of[l] = AgreementRow{Kind: "link", Topology: c.name, Oracle: oracle[l], Measured: make(map[string]float64), Off: make(map[string]*float64)}
		}
		for k, world := range s.Worlds {
			if s.Progress != nil {
				s.Progress(i*len(s.Worlds)+k, c.name+", "+world)
			}
			if err := measureLinks(ctx, plan, registry, world, of); err != nil {
				err = fmt.Errorf("bench: the topology %s, world %s: %w", c.name, world, err)
				if k == 0 {
					return rows, err
				}
				return append(rows, of...), errors.Join(err, s.record(of))
			}
		}
		rows = append(rows, of...)
		if err := s.record(of); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (s AgreementSpec) record(rows []AgreementRow) error {
	if s.Record == nil {
		return nil
	}
	for _, r := range rows {
		if err := s.Record(r); err != nil {
			return err
		}
	}
	return nil
}

// measureLinks adds what one world carried to the rows of a topology's links.
func measureLinks(ctx context.Context, plan *spec.Plan, r *scenario.Registry, world string, rows []AgreementRow) error {
	run, err := scenario.Run(ctx, plan, scenario.Options{World: world, Registry: r})
	if err != nil {
		return err
	}
	if run == nil || run.Stopped {
		return context.Cause(ctx)
	}
	for l := range rows {
		of := spec.Target{Node: -1, From: plan.Links[l].From, To: plan.Links[l].To}
		rows[l].Link = run.Name(of)
		v := run.Throughput(of, agreementWarmup, plan.Duration)
		rows[l].Measured[world] = v
		if o := rows[l].Oracle; o > 0 {
			off := 100 * (v - o) / o
			rows[l].Off[world] = &off
		}
	}
	return nil
}

// AgreementWorst is the largest difference to the oracle in a world, in percent, and
// where it is. A link that should carry nothing and does, or the other way round, is
// infinitely off.
func AgreementWorst(rows []AgreementRow, world string) (percent float64, at string) {
	for _, r := range rows {
		if _, ran := r.Measured[world]; !ran {
			continue // interrupted
		}
		off := 0.0
		switch {
		case r.Off[world] != nil:
			off = *r.Off[world]
		case r.Measured[world] > 0:
			off = math.Inf(1)
		}
		if at == "" || math.Abs(off) > math.Abs(percent) {
			percent, at = off, strings.Join([]string{r.Topology, r.Link}, ", ")
		}
	}
	return percent, at
}
