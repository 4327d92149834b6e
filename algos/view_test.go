package algos_test

import (
	"slices"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"

	"pgregory.net/rapid"
)

func id(i int) core.NodeID {
	var n core.NodeID
	if i > 0 {
		n, _ = core.ParseNodeID("10.0.0." + string(rune('0'+i)) + ":80")
	}
	return n
}

// A view is a bounded list without repetitions, oldest first, whatever is done to it.
func TestView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most, never := rapid.IntRange(0, 5).Draw(t, "most"), rapid.IntRange(1, 9).Draw(t, "never")
		v := algos.View{Max: most, Not: func(n core.NodeID) bool { return n == id(never) }}
		var want []core.NodeID // the model
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			i := rapid.IntRange(0, 9).Draw(t, "node")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				had := slices.Contains(want, id(i))
				if v.Remove(id(i)) != had {
					t.Fatalf("Remove said %v", !had)
				}
				want = slices.DeleteFunc(want, func(n core.NodeID) bool { return n == id(i) })
			default:
				v.Add(id(i), id(i))
				if i != 0 && i != never && !slices.Contains(want, id(i)) {
					want = append(want, id(i))
					want = want[max(0, len(want)-most):]
				}
			}
			if !slices.Equal(v.All(), want) || v.Len() != len(want) || v.Full() != (len(want) >= most) || v.Has(id(i)) != slices.Contains(want, id(i)) {
				t.Fatalf("the view has %v, want %v", v.All(), want)
			}
			rest := slices.DeleteFunc(slices.Clone(want), func(n core.NodeID) bool { return n == id(i) })
			picked := v.Pick(core.Rand(1), 2, id(i))
			if !slices.Equal(v.Except(id(i)), rest) || len(picked) != min(2, len(rest)) || slices.ContainsFunc(picked, func(n core.NodeID) bool { return !slices.Contains(rest, n) }) {
				t.Fatalf("without %v: %v, want %v; picked %v", id(i), v.Except(id(i)), rest, picked)
			}
		}
	})
	if got := algos.One(core.Rand(1), []int(nil)); got != 0 {
		t.Errorf("One of nothing is %d", got)
	}
}
