package algos

import (
	"math/rand/v2"
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// Sample draws up to k known hosts, other than those given, without putting back: any of
// them, in any order, with the node's dice. The slice is the caller's.
func (b *Base) Sample(k int, except ...core.NodeID) []core.NodeID {
	if k <= 0 {
		return nil
	}
	drawn := Pick(b.Rand(), b.Known(), k+len(except))
	if len(except) > 0 {
		drawn = slices.DeleteFunc(drawn, func(id core.NodeID) bool { return slices.Contains(except, id) })
	}
	return drawn[:min(k, len(drawn))]
}

// Contacts are all nodes that this one was told of (Known), and those of them that could not be reached (Suspects), who may be back:
// for overlays that have to find others again when nobody whom they know is there. The slice is the caller's.
func (b *Base) Contacts() []core.NodeID { return slices.Concat(b.Known(), b.Suspects()) }

// Pick draws k of a list's elements (all, if it has no more), without putting back: any
// of them, in any order. The list stays as it is, and the slice is the caller's.
func Pick[T any](rng *rand.Rand, from []T, k int) []T {
	n := len(from)
	k = min(k, n)
	if k <= 0 {
		return nil
	}
	if k > few && k > n/few {
		all := slices.Clone(from)
		for i := range k {
			j := i + rng.IntN(n-i)
			all[i], all[j] = all[j], all[i]
		}
		return slices.Clip(all[:k])
	}
	// A few of many: Floyd's algorithm, which looks at no more than it draws, gives a
	// random subset; then the order.
	places := make([]int, 0, k)
	for j := n - k; j < n; j++ {
		if at := rng.IntN(j + 1); !slices.Contains(places, at) {
			places = append(places, at)
		} else {
			places = append(places, j)
		}
	}
	rng.Shuffle(k, func(i, j int) { places[i], places[j] = places[j], places[i] })
	drawn := make([]T, k)
	for i, at := range places {
		drawn[i] = from[at]
	}
	return drawn
}

// few is up to how many draws a scan of what was drawn is cheap.
const few = 16
