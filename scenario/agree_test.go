package scenario_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/bufpool"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/fluid"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// Where two ways to a node are alike in all but their lengths, nothing says on which of them
// messages wait, and for minutes queues fill on one at the other's cost. So the slowest links,
// of 20 KBps, need a long look: in 40 s the queues of a way, 60 messages, are 7% of what they
// carry. What a rule of sharing gets wrong stays.
const (
	meetingSpan = "220s"
	meetingFrom = 60 * time.Second
)

// meeting is a small network in which several sessions meet at links and nodes.
func meeting(seed uint64, kinds ...string) string {
	rng := rand.New(rand.NewPCG(seed, 1))
	n := 4 + rng.IntN(4)
	rate := func() int { return 200 + rng.IntN(800) }
	src := fmt.Sprintf("name: meeting %d\nseed: %d\nduration: %s\ndrain: 0s\nbuffers: {messages: 10}\nnodes:\n", seed, seed, meetingSpan)
	for i := range n {
		src += fmt.Sprintf("  - {names: n%d", i)
		if rng.IntN(3) == 0 {
			src += fmt.Sprintf(", bandwidth: {%s: %dKBps}", kinds[rng.IntN(len(kinds))], rate())
		}
		src += "}\n"
	}
	src += "links:\n"
	for i := range n - 1 {
		src += fmt.Sprintf("  - {link: n%d -> n%d, rate: %dKBps}\n", i, i+1, rate())
		if j := i + 2 + rng.IntN(3); j < n {
			src += fmt.Sprintf("  - n%d -> n%d\n", i, j)
		}
	}
	src += "applications:\n"
	for a := range 2 + rng.IntN(2) {
		src += fmt.Sprintf("  - {name: a%d, at: n%d, source: back-to-back, payload: 976B}\n", a, rng.IntN(n-1))
	}
	return src
}

// compareWithOracle is the largest difference between a run's links and the oracle's, in
// percent of the oracle's.
func compareWithOracle(t *testing.T, p *spec.Plan, r *scenario.Result, from time.Duration) (worst float64) {
	t.Helper()
	rates, err := fluid.Steady(p)
	if err != nil {
		t.Fatal(err)
	}
	for l, want := range rates {
		got := r.Throughput(spec.Target{Node: -1, From: p.Links[l].From, To: p.Links[l].To}, from, p.Duration)
		if want > 0 {
			worst = max(worst, 100*math.Abs(got-want)/want)
		}
	}
	return worst
}

// The oracle and virtual time agree where sessions meet, at links and at nodes, within 1%.
func TestOracleWhereSessionsMeet(t *testing.T) { agree(t, meetings("up", "down")) }

// The same where what comes to a node and what leaves it share its bandwidth. Random
// networks rarely show what a fault costs here, so one that does is the first.
func TestOracleWhereSessionsMeetAtTotals(t *testing.T) {
	chain := fmt.Sprintf(`name: totals
duration: %s
drain: 0s
buffers: {messages: 10}
nodes: [{names: n0, bandwidth: {total: 463KBps}}, {names: n1, bandwidth: {total: 546KBps}}, {names: n2, bandwidth: {total: 695KBps}}, {names: n3, bandwidth: {total: 490KBps}}, n4]
links: [{chain: n0..n4}]
applications:
  - {name: a, at: n3, source: back-to-back, payload: 976B}
  - {name: b, at: n1, source: back-to-back, payload: 976B}
  - {name: c, at: n0, source: back-to-back, payload: 976B}
  - {name: d, at: n0, source: back-to-back, payload: 976B}
`, meetingSpan)
	agree(t, append([]string{chain}, meetings("total")...))
}

// meetings are 30 random networks, or some of them, with limits of the given kinds.
func meetings(kinds ...string) (plans []string) {
	seeds := uint64(30)
	switch {
	case bufpool.Tracing: // one goroutine's arithmetic, which the race detector makes ten times as long
		seeds = 2
	case testing.Short():
		seeds = 8
	}
	for seed := range seeds {
		plans = append(plans, meeting(seed, kinds...))
	}
	return plans
}

func agree(t *testing.T, plans []string) {
	t.Helper()
	for _, src := range plans {
		p := parse(t, scenario.Shipped(), src)
		r := run(t, p, scenario.Options{World: "sim"})
		if worst := compareWithOracle(t, p, r, meetingFrom); worst > 1 {
			t.Errorf("%.2f%% off:\n%s", worst, src)
		}
	}
}

// A session that comes to a link in several ways has no more of it than one that comes in
// one; and of a node's downlink each link has its part.
func TestSessionsShareALink(t *testing.T) {
	for _, c := range []struct{ nodes, links, expect string }{
		{"S, A, B, C, M, Z", "S -> A, S -> B, A -> C, B -> C, C -> M, S -> M, {link: M -> Z, rate: 400KBps}",
			"throughput(M -> Z, app a) = 200KBps ± 2% after 5s; throughput(M -> Z, app b) = 200KBps ± 2% after 5s; throughput(S -> M) = 66.7KBps ± 2% after 5s"},
		{"S, A, M, Z", "S -> A, A -> M, S -> M, {link: M -> Z, rate: 300KBps}",
			"throughput(M -> Z, app a) = 150KBps ± 2% after 5s; throughput(S -> M) = 75KBps ± 2% after 5s"},
		{"S, A, M, {names: Z, bandwidth: {down: 500KBps}}", "S -> A, S -> Z, A -> Z, M -> Z",
			"throughput(M -> Z) = 166.7KBps ± 2% after 5s; throughput(S -> Z) = 166.7KBps ± 2% after 5s"},
	} {
		src := "name: meet\nduration: 20s\ndrain: 0s\nbuffers: {messages: 10}\nnodes: [" + c.nodes + "]\nlinks: [" + c.links + "]\napplications:\n" +
			"  - {name: a, at: S, source: back-to-back, payload: 976B}\n  - {name: b, at: M, source: back-to-back, payload: 976B}\nexpect:\n"
		for _, e := range strings.Split(c.expect, "; ") {
			src += "  - " + e + "\n"
		}
		p := parse(t, scenario.Shipped(), src)
		r := run(t, p, scenario.Options{World: "sim"})
		held(t, r)
		if worst := compareWithOracle(t, p, r, 5*time.Second); worst > 2 {
			t.Errorf("%s: %.2f%% off", c.links, worst)
		}
	}
}
