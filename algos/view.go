package algos

import (
	"math/rand/v2"
	"slices"

	"github.com/ioverlay/ioverlay/core"
)

// View is a bounded list of distinct nodes, as overlays keep of their members: the
// newest last. The zero value takes nobody; set Max.
type View struct {
	Max int                    // most nodes
	Not func(core.NodeID) bool // nodes that it never takes; nil: but for the zero ID it takes any

	ids []core.NodeID
}

// Add adds nodes that are not in the view yet. The oldest make room for them.
func (v *View) Add(ids ...core.NodeID) {
	for _, id := range ids {
		if !id.IsZero() && !v.Has(id) && (v.Not == nil || !v.Not(id)) {
			v.ids = append(v.ids, id)
		}
		if len(v.ids) > v.Max {
			v.ids = slices.Delete(v.ids, 0, 1)
		}
	}
}

// Remove takes a node out, and reports whether it was in the view.
func (v *View) Remove(id core.NodeID) bool {
	i := slices.Index(v.ids, id)
	if i >= 0 {
		v.ids = slices.Delete(v.ids, i, i+1)
	}
	return i >= 0
}

// Has reports whether a node is in the view.
func (v *View) Has(id core.NodeID) bool { return slices.Contains(v.ids, id) }

// Len is how many nodes are in the view.
func (v *View) Len() int { return len(v.ids) }

// Full reports whether the next node that is added pushes another one out.
func (v *View) Full() bool { return len(v.ids) >= v.Max }

// All are the nodes of the view. The slice is a view itself: read it, and do not keep it
// while nodes come and go.
func (v *View) All() []core.NodeID { return v.ids }

// Except are the nodes of the view but for some. The slice is the caller's.
func (v *View) Except(some ...core.NodeID) []core.NodeID {
	return slices.DeleteFunc(slices.Clone(v.ids), func(id core.NodeID) bool { return slices.Contains(some, id) })
}

// Oldest is the node that makes room for the next one, or nobody.
func (v *View) Oldest() (id core.NodeID) {
	if len(v.ids) > 0 {
		id = v.ids[0]
	}
	return id
}

// Pick draws up to k nodes of the view, other than those given (see [Pick]).
func (v *View) Pick(rng *rand.Rand, k int, except ...core.NodeID) []core.NodeID {
	return Pick(rng, v.Except(except...), k)
}

// One draws one of a list's elements. It is the zero value if there is none.
func One[T any](rng *rand.Rand, from []T) (one T) {
	if len(from) == 0 {
		return one
	}
	return from[rng.IntN(len(from))]
}
