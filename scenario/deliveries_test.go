package scenario_test

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// A chain beside a diamond, so that every figure is known: D gets each message twice.
const deliveries = `name: deliveries
seed: 3
duration: 1200ms
drain: 10s
nodes: [A..E]
links:
  - {link: A -> B -> C, latency: 10ms}
  - {link: A -> D, latency: 30ms}
  - {link: C -> D, latency: 300ms} # far enough that a slow machine does not bring this way first
  - {link: D -> E, latency: 20ms}
applications:
  - {name: a, at: A, source: constant-rate, rate: 100/s, messages: 100, payload: 100B}
  - {name: b, at: C, source: constant-rate, rate: 100/s, messages: 50, payload: 100B, from: 100ms}
expect:
  - hops(B, app a) = 1
  - hops(C, app a) = 2
  - hops(D, app a) = 1
  - hops(D..E, app b) <= 2
  - hops(app b) = 1.5
  - max(hops()) = 2
  - latency(C, app a) >= 20ms
  - latency(E, app b) >= 320ms
  - min(latency(all, app b)) >= 300ms
  - duplicates(D, app a) = 100
  - duplicates(E) = 100
  - duplicates() = 200
  - coverage(app a) = 100%
  - coverage(A..C, app a) = 100%
  - coverage(app b) = 50% # A and B have no way to get it
  - coverage(A..B, app b) = 0%
  - coverage() = 5/6 # twice as many of a
  - coverage(app a) = 0% within 9ms
`

func followed(t *testing.T, src string, o scenario.Options) *scenario.Result {
	t.Helper()
	r := scenario.Shipped()
	o.Registry = r
	out, err := scenario.Run(t.Context(), parse(t, r, src), o)
	if err != nil {
		t.Fatal(err)
	}
	held(t, out)
	return out
}

func TestDeliveriesInEveryWorld(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := withDiarist()
			held(t, run(t, parse(t, r, deliveries), scenario.Options{World: w, Registry: r}))
		})
	}
}

// In virtual time every latency is what the links are told to take.
func TestDeliveriesInVirtualTime(t *testing.T) {
	followed(t, deliveries+`
  - latency(B, app a) = 10ms ± 1ms
  - latency(C, app a) = 20ms ± 1ms
  - latency(D, app a) = 30ms ± 1ms
  - latency(E, app a) = 50ms ± 1ms
  - p99(latency(all, app a)) = 50ms ± 1ms
  - max(latency()) = 320ms ± 1ms
  - latency(app b) = 310ms ± 1ms between 500ms and 800ms
  - coverage(app a) = 25% within 15ms
  - coverage(app a) = 50% within 25ms
  - coverage(app a) = 75% within 35ms
  - coverage(app a) = 100% within 55ms between 200ms and 400ms
`, scenario.Options{World: "sim"})
}

// A node is asked for what was made while it ran, and what it gets once more in its next
// life is no delivery.
func TestDeliveriesThroughRestarts(t *testing.T) {
	followed(t, `name: restarts
duration: 2s
nodes: [A, B, C, {names: D, starts: 1s}]
links: [A -> B, A -> C, A -> D]
applications:
  - {name: a, at: A, source: constant-rate, rate: 100/s, payload: 100B}
timeline:
  - {at: 500ms, kill: B}
  - {at: 1500ms, restart: B}
  - {at: 700ms, stop: C}
expect:
  - coverage(app a) = 100% within 100ms before 400ms # of B and C: D starts later
  - coverage(B, app a) = 100% within 100ms after 1700ms # A has linked up with it again
  - coverage(D) = 100% within 100ms after 1300ms
  - coverage(app a) = 100% within 100ms after 1700ms # of B and D: C has been stopped
  - coverage(C) >= 98% within 100ms before 600ms
  - distinct(B) < 110
`, scenario.Options{World: "sim"})
	// Nobody ran for all of the time from when these were made until a second later.
	r := scenario.Shipped()
	p := parse(t, r, `name: nobody
duration: 1s
nodes: [A, B]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 100/s, payload: 100B, until: 500ms}]
timeline: [{at: 600ms, kill: B}]
expect: [coverage(app a) = 100% within 650ms]
`)
	out, err := scenario.Run(t.Context(), p, scenario.Options{World: "sim", Registry: r})
	if err != nil || out.Verdicts[0].Held || !strings.Contains(out.Verdicts[0].Found, "no message was followed for long enough") {
		t.Errorf("%v, %+v", err, out.Verdicts)
	}
}

// With gossip over lossy links, coverage is what the counters of distinct messages say, and
// the hops are within the network, in all the ways that messages come.
func TestCoverageIsWhatWasCounted(t *testing.T) {
	for _, seed := range []string{"1", "2", "3"} {
		out := followed(t, `name: lossy
seed: `+seed+`
duration: 1s
algorithm: {name: gossip, probability: 60%}
nodes: [n1..n30]
links:
  - {random-graph: {nodes: n1..n30, degree: 5}, latency: "uniform(1ms, 30ms)", loss: 10%}
applications:
  - {name: a, at: n1, source: constant-rate, rate: 200/s, payload: 100B}
expect:
  - min(hops()) = 1
  - max(hops()) < 30
  - coverage(app a) > 10%
`, scenario.Options{World: "sim"})
		distinct := 0.0
		for i := range out.Plan.Nodes[1:] {
			distinct += float64(out.Total(i+1, 1).Distinct)
		}
		want := distinct / 29 / float64(out.Total(0, 1).Sent)
		got, messages := out.Coverage([]spec.Target{spec.Everything}, 1, 0, 0, time.Hour)
		if math.Abs(got-want) > 1e-9 || messages != 200 {
			t.Errorf("seed %s: coverage %v of %d messages, counted %v", seed, got, messages, want)
		}
	}
}

// What nobody asks for is not measured; the scenario may ask without an expectation.
func TestDeliveriesAreAskedFor(t *testing.T) {
	const plain = `name: plain
duration: 300ms
nodes: [A, B]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 100/s, payload: 100B}]
`
	for src, asked := range map[string]bool{plain: false, plain + "record: {deliveries: true}\n": true, plain + "expect: [hops(B) = 1]\n": true} {
		out := followed(t, src, scenario.Options{World: "sim"})
		if _, messages := out.Coverage([]spec.Target{spec.Everything}, 0, 0, 0, time.Hour); messages > 0 != asked || out.Following() != asked {
			t.Errorf("%d messages followed, asked for: %v\n%s", messages, asked, src)
		}
	}
}

// The results say what was measured of messages.
func TestDeliveriesAreWritten(t *testing.T) {
	out := followed(t, deliveries, scenario.Options{World: "sim"})
	rep := out.Report()
	if len(rep.Deliveries) != 2 {
		t.Fatalf("%+v", rep.Deliveries)
	}
	if a := rep.Deliveries[0]; a.App != "a" || a.Followed != 100 || a.Latency.Count != 400 || a.Hops.Max != 2 || a.Duplicates != 200 || *a.Coverage != 1 {
		t.Errorf("%+v, latency %+v, hops %+v", a, a.Latency, a.Hops)
	}
	dir := t.TempDir()
	if _, err := result.Write(out, dir); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, filepath.Join(dir, result.CoverageName))
	last := rows[len(rows)-1]
	if within, err := strconv.ParseFloat(last[1], 64); err != nil || last[0] != "b" || within < 0.31 || within > 0.33 || last[2] != "0.5" {
		t.Errorf("coverage.csv ends with %v, %v", last, err)
	}
	found := false
	for _, row := range readCSV(t, filepath.Join(dir, result.MetricsName)) {
		found = found || row[1] == "E" && row[2] == "b" && row[3] == "hops" && row[5] == "count" && row[6] == "50"
	}
	if s := out.Summary(); !found || !strings.Contains(s, "duplicates") || !strings.Contains(s, "50.00%") {
		t.Errorf("hops in metrics.csv: %v; the summary:\n%s", found, s)
	}
}
