package algos_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/coretest"
	"github.com/ioverlay/ioverlay/core/wire"
)

// knowing is a node with facts, which it learns as it hears them.
type knowing struct {
	algos.Base
	facts algos.Facts
	times int
}

func (k *knowing) Bind(n *core.Node) {
	k.Base.Bind(n)
	k.facts.Got = func(a algos.Fact, fetched bool) {
		if fetched {
			k.facts.Learn(a, 0)
		} else {
			k.facts.Learn(a, k.times)
		}
	}
	k.facts.Open(&k.Base, wire.FirstUserType)
}

func twoKnowing(t coretest.TB, limit, most, times int) (w *coretest.World, a, b *knowing) {
	w = coretest.New(t, core.Config{})
	a = &knowing{facts: algos.Facts{Max: limit, Most: most}, times: times}
	b = &knowing{facts: algos.Facts{Max: limit, Most: most}, times: times}
	w.Node("a", a)
	w.Node("b", b)
	return w, a, b
}

// Nodes that have learnt the same facts, in any order, again and again, with older ones
// among them, have the same digest and values; those that have not, have not.
func TestFactsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, a, b := twoKnowing(t, 100, 4, 3)
		who := rapid.IntRange(0, 5)
		learnt := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) algos.Fact {
			return algos.Fact{Who: w.ID(fmt.Sprint("m", who.Draw(t, "who"))), Value: rapid.Uint64Range(1, 4).Draw(t, "value")}
		}), 1, 20).Draw(t, "facts")
		greatest := make(map[core.NodeID]uint64)
		for _, f := range learnt {
			if got, want := a.facts.Learn(f, 1), f.Value > greatest[f.Who]; got != want {
				t.Fatalf("%v was learnt: %v, want %v", f, got, want)
			}
			greatest[f.Who] = max(greatest[f.Who], f.Value)
		}
		for i, f := range rapid.Permutation(learnt).Draw(t, "order") {
			if i > 0 && same(&a.facts, &b.facts) != agrees(greatest, &b.facts) {
				t.Fatalf("the digests are the same: %v, after %d facts", same(&a.facts, &b.facts), i)
			}
			b.facts.Learn(f, 1)
		}
		if !same(&a.facts, &b.facts) || !agrees(greatest, &b.facts) || b.facts.Len() != len(greatest) {
			t.Fatalf("a and b have learnt the same and do not agree")
		}
	})
}

func same(a, b *algos.Facts) bool {
	return a.Tell(core.NodeID{}).Digest == b.Tell(core.NodeID{}).Digest
}

func agrees(want map[core.NodeID]uint64, f *algos.Facts) bool {
	for who, v := range want {
		if f.Value(who) != v {
			return false
		}
	}
	return true
}

// Each fact is told as often as was asked for, those that were told least first, no
// more than Most on a message; then no more.
func TestNewsIsToldSoOften(t *testing.T) {
	w, a, _ := twoKnowing(t, 100, 4, 0)
	told := make(map[core.NodeID]int)
	for i := range 10 {
		a.facts.Learn(algos.Fact{Who: w.ID(fmt.Sprint("m", i)), Value: 1}, 3)
	}
	for i := range 20 {
		news := a.facts.Tell(w.ID("b")).Facts
		if len(news) > 4 || i < 2 && len(news) != 4 {
			t.Fatalf("message %d tells %d facts", i, len(news))
		}
		for _, f := range news {
			told[f.Who]++
		}
	}
	for i := range 10 {
		if got := told[w.ID(fmt.Sprint("m", i))]; got != 3 {
			t.Errorf("fact %d was told %d times, want 3", i, got)
		}
	}
}

// A node that has missed everything fetches it, page by page; one that has the same
// fetches nothing.
func TestFactsAreFetched(t *testing.T) {
	const n = 1200 // three pages
	w, a, b := twoKnowing(t, 2*n, 4, 1)
	for i := range n {
		a.facts.Learn(algos.Fact{Who: w.ID(fmt.Sprint("m", i)), Value: uint64(1 + i)}, 0)
	}
	for range 2 {
		b.facts.Heard(a.ID(), a.facts.Tell(b.ID()))
		w.Run()
		if !same(&a.facts, &b.facts) || b.facts.Fetched() != 3 {
			t.Errorf("b knows of %d nodes, of %d, after %d pages, want 3", b.facts.Len(), n, b.facts.Fetched())
		}
	}
}

func TestFactsAreBounded(t *testing.T) {
	w, a, _ := twoKnowing(t, 3, 4, 1)
	for i := range 5 {
		a.facts.Learn(algos.Fact{Who: w.ID(fmt.Sprint("m", i)), Value: 1}, 1)
	}
	if a.facts.Len() != 3 || a.facts.Refused() != 2 || !a.facts.Learn(algos.Fact{Who: w.ID("m0"), Value: 2}, 1) {
		t.Errorf("%d facts and %d refused, want 3 and 2", a.facts.Len(), a.facts.Refused())
	}
}

// Next comes to each fact that will do once a round, and rounds differ; new ones join it.
func TestNextGoesRound(t *testing.T) {
	w, a, _ := twoKnowing(t, 100, 4, 1)
	odd := func(f algos.Fact) bool { return f.Value%2 == 1 }
	if f := a.facts.Next(odd); !f.Who.IsZero() || len(a.facts.Some(3, odd)) != 0 {
		t.Fatalf("there is %v of nothing", f)
	}
	for i := range 20 {
		a.facts.Learn(algos.Fact{Who: w.ID(fmt.Sprint("m", i)), Value: uint64(1 + i)}, 1)
	}
	var rounds [2][]uint64
	for r := range rounds {
		for range 10 {
			rounds[r] = append(rounds[r], a.facts.Next(odd).Value)
		}
		sorted := slices.Sorted(slices.Values(rounds[r]))
		for i, v := range sorted {
			if v != uint64(1+2*i) {
				t.Fatalf("round %d went to %v", r, sorted)
			}
		}
	}
	if slices.Equal(rounds[0], rounds[1]) {
		t.Errorf("both rounds went %v", rounds[0])
	}
	if got := a.facts.Some(3, odd); len(got) != 3 || got[0] == got[1] || !odd(got[2]) {
		t.Errorf("some are %v", got)
	}
}
