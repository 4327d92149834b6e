package scenario_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/world"
)

const delayed = `name: delayed
duration: 12s
drain: 1s
algorithm: {name: diarist, dir: "DIR"}
nodes: [S, fast, far, even, normal, exponential]
links:
  - {link: S -> fast, latency: 7ms}
  - {link: S -> far, latency: 700ms}
  - {link: S -> even, latency: 60ms, jitter: uniform(50ms)}
  - {link: S -> normal, latency: 100ms, jitter: normal(20ms)}
  - {link: S -> exponential, latency: 20ms, jitter: exponential(30ms)}
applications: [{name: a, at: S, source: constant-rate, rate: 500 messages/s, payload: 100B}]
expect: ["received(fast, far, even, normal, exponential) = sent(S)"]
`

// How often a delay may be at most x, in ms, by what was asked for.
var delays = map[string]func(ms float64) float64{
	"fast":        func(ms float64) float64 { return step(ms, 7) },
	"far":         func(ms float64) float64 { return step(ms, 700) },
	"even":        func(ms float64) float64 { return min(max((ms-10)/100, 0), 1) },
	"normal":      func(ms float64) float64 { return math.Erfc((100-ms)/20/math.Sqrt2) / 2 },
	"exponential": func(ms float64) float64 { return 1 - math.Exp(-max(ms-20, 0)/30) },
}

func step(ms, at float64) float64 {
	if ms < at {
		return 0
	}
	return 1
}

// No message arrives before its delay is over, in any world, and jitter has the distribution that was asked for: a
// machine that is busy makes messages later and never earlier, so the share of those that took at most so
// long is held against an upper bound everywhere, and in virtual time, where nothing is late, against a lower one.
func TestDelaysAreThoseAskedFor(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := withDiarist()
			dir := t.TempDir()
			held(t, run(t, parse(t, r, strings.Replace(delayed, "DIR", dir, 1)), scenario.Options{World: w, Registry: r}))
			for node, entries := range diaries(t, dir, "fast", "far", "even", "normal", "exponential") {
				var took []time.Duration
				for _, e := range entries {
					if e.what == "data" {
						took = append(took, e.late)
					}
				}
				if len(took) < 200 {
					t.Fatalf("%s has %d messages", node, len(took))
				}
				checkDelays(t, node, took, w == "sim")
			}
		})
	}
}

// spread is how far the shares of independent delays may be off. 12 s of a jitter whose correlation is some 150 ms have about 80: they are off by
// that much once in 20,000 times (exp(-2·80·spread²)); with 6 s it was once in 150.
const spread = 0.25

func checkDelays(t *testing.T, node string, took []time.Duration, exact bool) {
	t.Helper()
	slices.Sort(took)
	for i, d := range took {
		share := delays[node](float64(d) / float64(time.Millisecond))
		rank := float64(i+1) / float64(len(took))
		if share == 0 && d > 0 || rank > share+spread {
			t.Errorf("%s: %.0f%% of messages took at most %v; asked were %.0f%%", node, 100*rank, d, 100*share)
			return
		}
		if exact && share-rank > spread && share < 1 {
			t.Errorf("%s: only %.0f%% of messages took at most %v; asked were %.0f%%", node, 100*rank, d, 100*share)
			return
		}
	}
	if least := took[0]; delays[node](float64(least)/float64(time.Millisecond)) == 0 {
		t.Errorf("%s: a message took %v", node, least)
	}
	// Virtual time has a hop of its own, and asks sources once in it: some tenths of a millisecond.
	if last := took[len(took)-1]; exact && (node == "fast" || node == "far") && last > took[0]+time.Millisecond {
		t.Errorf("%s: messages took from %v to %v", node, took[0], last)
	}
}
