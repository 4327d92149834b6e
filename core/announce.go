package core

import "github.com/ioverlay/ioverlay/core/wire"

// What a runtime tells all nodes of a world alike: that everybody is up, and that the
// end has come.

// announced is what the algorithm has been told of its world.
type announced struct {
	up       bool // WorldUp
	stopping bool // Stopping
}

// TellWorldUp tells the algorithm that every node that the world begins with has
// started: WorldUp comes in the next round. A runtime calls it once that is so, and for
// a node that starts later right after Start; a second call does nothing, nor does one
// for a node that is stopping.
func (s *Switch) TellWorldUp() {
	n := s.node
	if n.state == nodeNew {
		panic("core: TellWorldUp of a node that has not started: call Start first")
	}
	if n.state != nodeRunning || n.told.up {
		return
	}
	n.told.up = true
	n.post(event{typ: wire.TypeWorldUp})
}

// TellStopping is the first half of Stop, for a runtime that ends many nodes at once: it
// tells each before it stops any. Between the two the node serves and takes lanes as
// before, so that nobody whose turn to be told is still to come sees a link end or a dial
// refused. A node that was not stopped goes on for as long as the runtime likes.
func (s *Switch) TellStopping() {
	if s.state == nodeRunning {
		s.tellStopping()
	}
}

func (n *Node) tellStopping() {
	if n.told.stopping {
		return
	}
	n.told.stopping = true
	n.post(event{typ: wire.TypeStopping})
}

// Accepts reports whether the node takes lanes from upstream: it runs and was not
// stopped. One that was only told that it will be still does.
func (s *Switch) Accepts() bool { return s.state == nodeRunning }
