package repro

import (
	"math"
	"testing"
	"time"
)

// Bounds under churn are means over the window of what is left without the relay that is down.
func TestBoundsUnderChurn(t *testing.T) {
	const a, c = 1, 3
	g := Butterfly()
	p, err := g.Pack()
	if err != nil {
		t.Fatal(err)
	}
	w := Window{Warmup: 10 * time.Second, Duration: 20 * time.Second}
	for _, x := range []struct {
		name   string
		all    []absence
		coding float64
	}{
		{"none", nil, 2},
		{"before the window", []absence{{c, 0, 10 * time.Second}}, 2},
		{"half of it", []absence{{c, 15 * time.Second, 25 * time.Second}}, 1.5},
		{"into it", []absence{{c, 5 * time.Second, 15 * time.Second}}, 1.75},
		{"two of them", []absence{{c, 10 * time.Second, 15 * time.Second}, {a, 20 * time.Second, 40 * time.Second}}, 1.25},
	} {
		coding, routing := g.bounds(p, x.all, w)
		if math.Abs(coding-x.coding) > 1e-9 || routing > coding || routing <= 0 {
			t.Errorf("%s: coding %v, routing %v; want %v and no more", x.name, coding, routing, x.coding)
		}
	}
	// A relay that is on the way of all trees to a receiver takes them all with it.
	chain := Topology{Nodes: 3, Edges: []Edge{{0, 1, 1}, {1, 2, 1}}, Receivers: []int{2}}
	p, err = chain.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if coding, routing := chain.bounds(p, []absence{{1, 0, time.Hour}}, w); coding != 0 || routing != 0 {
		t.Errorf("without its only relay a chain carries %v and %v", coding, routing)
	}
}

// Absences are drawn from the seed, and never overlap.
func TestAbsences(t *testing.T) {
	c := Churn{Every: 30 * time.Second, Down: 5 * time.Second}
	all := c.absences(Combination(4, 2), 1, 5*time.Minute)
	for i, x := range all {
		if x.relay < 1 || x.relay > 4 || x.till-x.from != c.Down || i > 0 && x.from < all[i-1].till {
			t.Errorf("%v", all)
		}
	}
	if len(all) != 9 || len((Churn{}).absences(Butterfly(), 1, time.Hour)) != 0 {
		t.Errorf("%d absences", len(all))
	}
	for _, wrong := range []Churn{{Every: time.Second}, {Every: time.Second, Down: time.Second}, {Down: time.Second}} {
		if wrong.check() == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

// Where relays crash, receivers of coding get everything all the same, if late, and routing what
// its trees still carry.
func TestTopologyUnderChurn(t *testing.T) {
	if raceOn {
		t.Skip("too slow under the race detector")
	}
	s := TopologySpec{World: Sim, Seed: 1, Churn: Churn{Every: 15 * time.Second, Down: 3 * time.Second},
		Window: Window{Warmup: 20 * time.Second, Duration: 30 * time.Second}}
	p, err := RunTopology(t.Context(), Combination(3, 2), s)
	if err != nil {
		t.Fatal(err)
	}
	if p.Wrong != 0 || p.RoutedShare() < 0.97 || p.RoutedShare() > 1.02 || p.Share() < 0.4 || p.Silence > 8 {
		t.Errorf("%+v", p)
	}
}

// A relay that was gone for a while does not cost its share of the rate for long: the source tries again what was enough before.
// (It came back from half the rate by steps of 1/128 to 1/4096 a generation, and had 0.55 of the bound.)
func TestRatesComeBack(t *testing.T) {
	if raceOn || testing.Short() {
		t.Skip("minutes of virtual time")
	}
	s := TopologySpec{World: Sim, Seed: 1, Churn: Churn{Every: 30 * time.Second, Down: 5 * time.Second},
		Window: Window{Warmup: 60 * time.Second, Duration: 120 * time.Second}}
	for _, x := range []Topology{Combination(4, 2), Combination(4, 3)} {
		p, err := RunTopology(t.Context(), x, s)
		if err != nil {
			t.Fatal(err)
		}
		if p.Wrong != 0 || p.Share() < 0.75 {
			t.Errorf("%+v: %v of the bound", p, p.Share())
		}
	}
}
