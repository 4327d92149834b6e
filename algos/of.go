package algos

import "github.com/ioverlay/ioverlay/core"

// BaseOf is the Base that an algorithm embeds, or the algorithm that it embeds does, for who sets a node up without
// knowing its algorithm: to set its Observer and hooks, and to read its counters. Nil if there is none. The Base belongs
// to the node's loop once the node runs.
func BaseOf(a core.Algorithm) *Base {
	if with, ok := a.(interface{ base() *Base }); ok {
		return with.base()
	}
	return nil
}

// base is promoted to what embeds a Base; no other package can have a method of this name.
func (b *Base) base() *Base { return b }
