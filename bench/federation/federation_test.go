package federation_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/bench/federation"
	"github.com/ioverlay/ioverlay/bench/figure"
	"github.com/ioverlay/ioverlay/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is chosen are different nodes that have the services, data comes through them at the rate that their links allow, no
// choice is above the best, and the one by rate is not below the one by chance in the mean.
func TestFederations(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 3
	}
	var all []*federation.Outcome
	for seed := range seeds {
		o := federation.NewOverlay(16, seed+1)
		for _, p := range federation.Policies {
			out, err := o.Run(context.Background(), p, scenario.Options{World: "sim"})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, out)
			for i, n := range out.Chosen {
				if o.Services[n] != o.Need.Steps[i].Service || slices.Contains(out.Chosen[:i], n) {
					t.Errorf("seed %d, %s: step %d is at node %d: %v", o.Seed, p, i, n, out.Chosen)
				}
			}
			if math.Abs(out.Measured-out.Allowed) > 0.03*out.Allowed || out.Allowed > out.Optimum {
				t.Errorf("seed %d, %s: measured %.1f KBps, allowed %.1f, the best choice %.1f", o.Seed, p, out.Measured, out.Allowed, out.Optimum)
			}
			if !(out.DelayMs > out.PathMs) || out.FederateS <= 0 {
				t.Errorf("seed %d, %s: a delay of %.1f ms over a path of %.1f; federated in %.1f s", o.Seed, p, out.DelayMs, out.PathMs, out.FederateS)
			}
		}
	}
	sums := federation.Summarize(all)
	if len(sums) != 2 || sums[0].Measured < sums[1].Measured || sums[0].Overlays != int(seeds) {
		t.Errorf("by policy: %+v", sums)
	}
	o := federation.NewOverlay(all[0].Nodes, all[0].Seed)
	for name, p := range map[string]figure.Picture{"share": federation.ShareChart(all), "subgraph": federation.Subgraph(&o, all[0]),
		"overhead": federation.Overhead(all[0]), "loads": federation.Loads(all[0])} {
		svg, err := figure.SVG(p)
		if err != nil || !strings.Contains(string(svg), "<svg") {
			t.Errorf("the chart %s: %v", name, err)
		}
	}
}

// The best choice is not below any of many drawn ones, and overlays are decided by their seeds.
func TestOptimum(t *testing.T) {
	for seed := range uint64(50) {
		o, again := federation.NewOverlay(20, seed), federation.NewOverlay(20, seed)
		chosen, kbps := o.Optimum()
		if _, other := again.Optimum(); other != kbps || o.Rate(chosen) != kbps || o.Choices() != 16 {
			t.Fatalf("seed %d: %v and %v, %d choices", seed, kbps, other, o.Choices())
		}
		// Exchange one instance for another of its service, wherever there is one: a local look at what Optimum sees at once.
		for i := range chosen {
			for n, s := range o.Services {
				if s == o.Need.Steps[i].Service && !slices.Contains(chosen, n) {
					other := slices.Clone(chosen)
					other[i] = n
					if o.Rate(other) > kbps {
						t.Errorf("seed %d: %v has %v KBps, and the best %v", seed, other, o.Rate(other), kbps)
					}
				}
			}
		}
	}
}
