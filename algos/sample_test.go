package algos_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
)

// TestPick: so many, each once, and the list as before.
func TestPick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(0, 600).Draw(t, "n"), rapid.IntRange(-1, 700).Draw(t, "k")
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		got := algos.Pick(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), list, k)
		if len(got) != max(0, min(n, k)) || !slices.IsSorted(list) {
			t.Fatalf("%d of %d: %v", k, n, got)
		}
		slices.Sort(got)
		if len(slices.Compact(got)) != max(0, min(n, k)) {
			t.Fatalf("one was drawn twice: %v", got)
		}
	})
}

// TestPickIsFair: every element is drawn as often, at every place. Both ways of drawing.
func TestPickIsFair(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, k int }{{8, 3}, {40, 20}} {
		const draws = 100_000
		list := make([]int, c.n)
		for i := range list {
			list[i] = i
		}
		count := make([][]int, c.k)
		for i := range count {
			count[i] = make([]int, c.n)
		}
		for range draws / c.k {
			for place, x := range algos.Pick(rng, list, c.k) {
				count[place][x]++
			}
		}
		// Of each cell, chi-squared with n-1 degrees of freedom: its mean is n-1, and its
		// deviation the root of twice that. Six deviations are beyond luck.
		want := float64(draws/c.k) / float64(c.n)
		for place := range count {
			chi := 0.0
			for _, got := range count[place] {
				chi += (float64(got) - want) * (float64(got) - want) / want
			}
			if most := float64(c.n-1) + 6*math.Sqrt(2*float64(c.n-1)); chi > most {
				t.Errorf("%d of %d, place %d: chi-squared %.1f, %v", c.k, c.n, place, chi, count[place])
			}
		}
	}
}

func TestSample(t *testing.T) {
	w := coretest.New(t, core.Config{})
	b := &algos.Base{}
	for i := range 10 {
		b.AddHost(nodeID(i + 1))
	}
	w.Node("node", b)
	for range 100 {
		got := b.Sample(4, nodeID(1), nodeID(2), nodeID(99))
		if len(got) != 4 || slices.Contains(got, nodeID(1)) || slices.Contains(got, nodeID(2)) {
			t.Fatalf("drew %v", got)
		}
	}
	if got := b.Sample(20, nodeID(3)); len(got) != 9 {
		t.Errorf("drew %v", got)
	}
	if b.Sample(0) != nil || b.Sample(-1) != nil {
		t.Error("drew somebody")
	}
}
