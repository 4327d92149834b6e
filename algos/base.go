// Package algos holds what algorithms have in common (Base, the paper's
// iAlgorithm) and, a folder each, the algorithms that come with iOverlay.
package algos

import (
	"github.com/ioverlay/ioverlay/core"
)

// Base is the generic base of an algorithm.
type Base struct {
	*core.Node
}

// Bind implements core.Algorithm.
func (b *Base) Bind(n *core.Node) { b.Node = n }

// Process handles every message by default.
func (b *Base) Process(m *core.Msg) core.Verdict { return core.Done }
