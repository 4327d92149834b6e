package repro

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A flow is as large as the smallest cut: all cuts are tried.
func TestMaxFlowIsMinCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Topology{Nodes: rapid.IntRange(2, 8).Draw(t, "nodes")}
		for to := 1; to < g.Nodes; to++ {
			for from := range to {
				if c := rapid.IntRange(0, 4).Draw(t, "capacity"); c > 0 {
					g.Edges = append(g.Edges, Edge{from, to, c})
				}
			}
		}
		to := g.Nodes - 1
		least := 1 << 30
		for side := uint(1); side < 1<<g.Nodes; side += 2 { // with node 0, and without the last
			if side>>to&1 == 1 {
				continue
			}
			cut := 0
			for _, e := range g.Edges {
				if side>>e.From&1 == 1 && side>>e.To&1 == 0 {
					cut += e.Capacity
				}
			}
			least = min(least, cut)
		}
		if got := g.maxFlow(to); got != least {
			t.Fatalf("flow %d, smallest cut %d", got, least)
		}
	})
}

// Coding comes near the min cut, and beats plain routing where that cannot reach it.
func TestTopologies(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	s := TopologySpec{World: Sim, Seed: 1, Window: Window{Warmup: time.Minute, Duration: time.Minute}}
	for _, c := range []struct {
		topology Topology
		coded    float64 // at least, as a share of the min cut
		routed   float64 // at most
	}{
		{Butterfly(), 0.95, 0.77}, {RandomDAG(2), 0.95, 1.03},
		{RandomDAG(217), 0.95, 1.03}, // has a relay that leads nowhere
	} {
		p, err := RunTopology(t.Context(), c.topology, s)
		if err != nil {
			t.Fatal(err)
		}
		if p.Wrong != 0 || p.Share() < c.coded || p.Routed > c.routed*p.BoundPerS {
			t.Errorf("coded %.3f of the bound, routed %.3f: %+v", p.Share(), p.Routed/p.BoundPerS, p)
		}
	}
}

// Links that lose cost coding and routing what they lose, and little more.
func TestLossyTopology(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	s := TopologySpec{World: Sim, Seed: 1, Loss: 0.05, Window: Window{Warmup: 30 * time.Second, Duration: 40 * time.Second}}
	p, err := RunTopology(t.Context(), Combination(3, 2), s)
	if err != nil {
		t.Fatal(err)
	}
	if p.Wrong != 0 || p.Share() < 0.85 || p.RoutedShare() < 0.95 || p.RoutedShare() > 1.02 || p.Coded < 1.1*p.RoutablePerS {
		t.Errorf("%+v", p)
	}
}
