package algos

import (
	"github.com/ioverlay/ioverlay/algos/pack"
	"github.com/ioverlay/ioverlay/core"
)

// Walk is a pack.Body: a random walk, a message about a node that goes from neighbour to neighbour, each drawn by the one before, until
// its hops are used up. Where it ends is as good as anywhere, so it is for who joins, and for samples of an overlay of which nobody
// knows all. Who passes it on sends it with a hop less, and no more than an honest node would give it. A walk that carries more has
// a type that embeds Walk:
//
//	func (s *shuffle) Fields(f *pack.Fields) { s.Walk.Fields(f); f.Nodes(&s.Nodes) }
type Walk struct {
	Who core.NodeID // whom it is about: somebody
	TTL uint8       // hops that are left
}

// Fields implements pack.Body.
func (w *Walk) Fields(f *pack.Fields) {
	if f.Node(&w.Who); w.Who.IsZero() {
		f.Fail("it is about nobody")
	}
	f.Uint8(&w.TTL)
}
