package world

import (
	"errors"

	"github.com/ioverlay/ioverlay/core"
)

// ErrViolated is what Advance of a world returns that noticed by itself that the
// Invariant of an algorithm does not hold. Counters say which.
var ErrViolated = errors.New("world: an invariant does not hold")

// Inspector is a world whose algorithms can be looked at between two events.
type Inspector interface {
	// Algorithms are those of the nodes that run, by their names.
	Algorithms() map[string]core.Algorithm
}

// Algorithms implements Inspector.
func (w *virtual) Algorithms() map[string]core.Algorithm {
	all := make(map[string]core.Algorithm, len(w.nodes))
	for i := range w.nodes {
		if n := &w.nodes[i]; n.node != nil && !n.node.Core().Ended() {
			all[n.name] = n.host.Inner()
		}
	}
	return all
}
