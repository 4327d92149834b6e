package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/internal/golden"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A coded multicast as a scenario says it: links that lose, a receiver that comes late, a
// relay that crashes and comes back, a source that pauses.
const coded = `name: coded
seed: 3
duration: 30s
drain: 30s
algorithm: {name: rlnc, generation: 16, window: 32, code: sparse, weight: 6, linger: 200ms}
nodes:
  - s, a, b, t
  - {names: c, algorithm: {name: rlnc, receive: yes, window: 32}}
  - {names: late, starts: 10s}
links:
  - {link: s -> a, rate: 100KBps, loss: 5%}
  - {link: s -> b, rate: 100KBps, loss: 5%}
  - {link: a -> c, rate: 100KBps, latency: 10ms}
  - {link: b -> c, rate: 100KBps, latency: 30ms, loss: 1%}
  - {link: c -> t, rate: 150KBps}
  - {link: c -> late, rate: 150KBps}
applications:
  - {name: video, at: s, source: constant-rate, rate: 60 messages/s, payload: 500B, until: 28s}
timeline:
  - {at: 14s, kill: b}
  - {at: 17s, start: b}
expect:
  - distinct(t) = sent(s)
  - distinct(c) = sent(s)
  - distinct(late) > 0.5 * sent(s)
  - metric(missed, c) = 0
  - metric(missed, t) = 0
  - metric(wrong) = 0
  - latency(t) < 5s
  - coverage(t, app video) = 100%
  - goodput(c -> t) > 25KBps between 5s and 13s
`

func TestCodedMulticast(t *testing.T) {
	p, err := spec.Parse("coded.yaml", []byte(coded), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	held(t, run(t, p, scenario.Options{World: "sim"}))
}

// The figures of examples/multicast.yaml in virtual time, as they were. Whoever changes the
// multicast on purpose looks at what changes here, and writes it anew with -update.
func TestGoldenMulticast(t *testing.T) {
	p, err := scenario.Load("../examples/multicast.yaml", scenario.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, p, scenario.Options{World: "sim"})
	var got strings.Builder
	for _, v := range r.Verdicts {
		fmt.Fprintf(&got, "%s: %s\n", v.Expectation, v.Found)
	}
	for _, row := range rows(t, r) {
		if row.AtS == 4 {
			fmt.Fprintf(&got, "%s %s %q at 4s: received %d, distinct %d, sent %d\n", row.Kind, row.Name, row.App, row.Received, row.Distinct, row.Sent)
		}
	}
	golden.File(t, "testdata/multicast.golden", got.String())
}

// An algorithm that carries one application says so where there are several.
func TestCodedMulticastOfSeveral(t *testing.T) {
	text := strings.Replace(coded, "applications:", "applications:\n  - {name: audio, at: a, source: back-to-back}", 1)
	p, err := spec.Parse("coded.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Run(t.Context(), p, scenario.Options{World: "sim"}); err == nil || !strings.Contains(err.Error(), "application") {
		t.Errorf("the error is %v", err)
	}
}
