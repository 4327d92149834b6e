package spec_test

import (
	"reflect"
	"testing"

	"github.com/ioverlay/ioverlay/scenario/spec"
)

// known is a small set of algorithms.
type known struct{}

func (known) Names() []string { return []string{"gossip", "relay", "tuned"} }

func (known) Params(name string) ([]spec.Param, bool) {
	switch name {
	case "relay":
		return nil, true
	case "gossip":
		return []spec.Param{{Name: "probability", Kind: spec.Probability, Default: 1.0, About: "How likely."}}, true
	}
	if name == "tuned" {
		return []spec.Param{{Name: "rate", Kind: spec.Rate, Default: int64(1000), About: "How fast."}}, true
	}
	return nil, false
}

func parse(t *testing.T, src string) *spec.Plan {
	t.Helper()
	p, err := spec.Parse("test.yaml", []byte(src), spec.Options{Algorithms: known{}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

const everything = `
name: everything
about: every key of the format
seed: 7
duration: 20s
drain: 1s
transport: mem
buffers: {messages: 10 messages}
bandwidth: {total: 400KBps}
algorithm: {name: gossip, probability: 50%}
bootstrap: all
nodes:
  - A..G
  - names: n1..n20
    bandwidth: {up: "uniform(50KBps, 200KBps)", down: unlimited}
    algorithm: relay
  - names: [x1, x2]
    starts: later
    bootstrap: {random: 5}
  - names: y
    starts: 3s
    bootstrap: {seeds: [A, n1..n3]}
links:
  - A -> B, C
  - B -> D -> E
  - link: D <-> F
    rate: 3 Mbps
    latency: normal(20ms, 5ms)
    jitter: exponential(2ms)
    loss: 1%
  - chain: n1..n5
  - ring: n6..n9
  - star: {center: n10, leaves: n11..n13}
  - tree: {nodes: n14..n20, fanout: 2}
  - random-graph: {nodes: "x1, x2, y", degree: 2}
  - random-dag: {nodes: "G, n1, n6", degree: 2}
applications:
  - {name: a, at: A, source: back-to-back, payload: 1000B}
  - {name: b, at: B, source: constant-rate, rate: 20 messages/s, from: 1s, until: 5s, messages: 10}
timeline:
  - {at: 2s, set: {nodes: D, up: 30KBps}}
  - {at: 2s, set: {links: A -> B, rate: 10KBps, latency: 5ms}}
  - {at: 3s, kill: B}
  - {at: 4s, stop: C}
  - {at: 5s, restart: "B, C"}
  - {at: 5s, start: x1}
  - {at: 6s, join: {nodes: D, application: a}}
  - {at: 6s, leave: {nodes: D, application: a}}
  - {at: 6s, send: {to: "A, D", type: 1024, a: 7, b: -1, app: a, payload: hello}}
  - {at: 6s, send: {to: "random(3, n1..n20)", type: 1025, payload-hex: "07 ff", every: 500ms, until: 8s}}
  - {at: 7s, cut: A -> B}
  - {at: 7s, partition: ["A, B", C..G]}
  - {at: 8s, heal: all}
  - {at: 8s, slow: {nodes: D, per-message: 2ms}}
  - {at: 9s, churn: {nodes: n1..n20, rate: 2/s, down: exponential(1s), how: stop, until: 12s}}
record: {every: 200ms, series: [node, link]}
expect:
  - throughput(D) = 400KBps ± 2% between 5s and 10s
  - throughput(A -> B, app a) + throughput(A->C) <= 400KBps
  - received(F, app a) = sent(A, app a)
  - min(throughput(B..D)) > 0.5 * throughput(A -> B) after 2s
  - alive(B) = 0 at 4s
  - lost() = 0
`

func TestEverything(t *testing.T) {
	p := parse(t, everything)
	if len(p.Nodes) != 30 || len(p.Apps) != 2 || p.BufferMsgs != 10 || p.BufferBytes != 0 {
		t.Errorf("plan: %d nodes, %d apps, buffers %d and %d", len(p.Nodes), len(p.Apps), p.BufferMsgs, p.BufferBytes)
	}
	if l := p.Links[p.LinkBetween(p.NodeNamed("D"), p.NodeNamed("F"))]; l.Rate != 375_000 || l.Jitter != "exponential" || l.Loss != 0.01 {
		t.Errorf("link D -> F: %+v", l)
	}
	for name, want := range map[string]spec.Contacts{"A": {All: true}, "n20": {All: true}, "x2": {Random: 5}, "y": {Seeds: []int{0, 7, 8, 9}}} {
		if got := p.Nodes[p.NodeNamed(name)].Contacts; !reflect.DeepEqual(got, want) {
			t.Errorf("%s knows %+v", name, got)
		}
	}
	for i := 1; i < len(p.Steps); i++ {
		if p.Steps[i].At < p.Steps[i-1].At {
			t.Errorf("step %d at %v comes after %v", i, p.Steps[i].At, p.Steps[i-1].At)
		}
	}
}
