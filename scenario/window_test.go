package scenario_test

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// A multicast by sliding window as a scenario says it: links that lose, a receiver that comes late, a relay that crashes and comes back.
const windowed = `name: windowed
seed: 3
duration: 20s
drain: 10s
algorithm: {name: rlnc-window, window: 128}
nodes:
  - s, a, b, t
  - {names: c, algorithm: {name: rlnc-window, receive: yes}}
  - {names: late, starts: 10s}
links:
  - {link: s -> a, rate: 100KBps, loss: 5%}
  - {link: s -> b, rate: 100KBps, loss: 5%}
  - {link: a -> c, rate: 100KBps, latency: 10ms}
  - {link: b -> c, rate: 100KBps, latency: 30ms, loss: 1%}
  - {link: c -> t, rate: 150KBps, loss: 5%}
  - {link: c -> late, rate: 150KBps}
applications:
  - {name: video, at: s, source: constant-rate, rate: 60 messages/s, payload: 500B, until: 18s}
timeline:
  - {at: 12s, kill: b}
  - {at: 15s, start: b}
expect:
  - distinct(t) = sent(s)
  - distinct(c) = sent(s)
  - distinct(late) > 0.3 * sent(s)
  - metric(missed, c) = 0
  - metric(missed, t) = 0
  - metric(wrong) = 0
  - p99(latency(t)) < 400ms between 2s and 11s
  - coverage(t, app video) = 100%
`

func windowPlan(t *testing.T, edits ...string) *spec.Plan {
	t.Helper()
	text := strings.NewReplacer(edits...).Replace(windowed)
	p, err := spec.Parse("windowed.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWindowMulticast(t *testing.T) {
	held(t, run(t, windowPlan(t), scenario.Options{World: "sim"}))
}

// With a deadline a receiver is not silent for longer for the sake of one packet, with and without feedback.
func TestWindowMulticastDeadline(t *testing.T) {
	const bounded = `expect:
  - distinct(t) > 0.9 * sent(s)
  - metric(skipped, t) < 0.1 * sent(s)
  - metric(silence-ms, t) < 600
  - metric(wrong) = 0
`
	_, end, _ := strings.Cut(windowed, "timeline:")
	for _, params := range []string{"deadline: 400ms", "deadline: 400ms, feedback: no, overhead: 30%"} {
		held(t, run(t, windowPlan(t, "window: 128", params, "receive: yes", "receive: yes, "+params, "timeline:"+end, bounded), scenario.Options{World: "sim"}))
	}
}

// A message longer than the window's packets ends the run with what is to be done about it.
func TestWindowMulticastTooLong(t *testing.T) {
	r, err := scenario.Run(t.Context(), windowPlan(t, "window: 128", "size: 100"), scenario.Options{World: "sim"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Violated == nil || !strings.Contains(r.Verdicts[0].Found, "the parameter size") {
		t.Errorf("the verdicts are %+v", r.Verdicts)
	}
}

// The same in all worlds: whatever is lost, all arrives, in order, as it was sent.
func TestWindowMulticastInAllWorlds(t *testing.T) {
	const text = `name: windows
duration: 2s
drain: 20s
algorithm: {name: rlnc-window}
nodes: [s, a, b, t]
links:
  - {link: s -> a, loss: 5%}
  - {link: s -> b, loss: 5%}
  - {link: a -> t, loss: 5%}
  - {link: b -> t, loss: 5%}
applications:
  - {name: video, at: s, source: constant-rate, rate: 50 messages/s, payload: 200B, until: 2s}
expect:
  - distinct(t) = sent(s)
  - metric(wrong) = 0
`
	for _, world := range []string{"sim", "live", "proc"} {
		if world != "sim" && testing.Short() {
			continue // real time, and processes
		}
		t.Run(world, func(t *testing.T) {
			p, err := spec.Parse("windows.yaml", []byte(text), spec.Options{Algorithms: scenario.Shipped()})
			if err != nil {
				t.Fatal(err)
			}
			held(t, run(t, p, scenario.Options{World: world}))
		})
	}
}
