package report

import (
	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/observer/report/mailbox"
)

// VirtualWorld is what a world in virtual time, or another runtime than an engine, does for nodes that report together.
type VirtualWorld struct {
	Alive   func(core.NodeID) bool // whether a node runs
	Deliver func(id core.NodeID, t core.Type, payload []byte)
}

// Virtual is [Shared] in such a world.
type Virtual struct {
	observers []core.NodeID
	box       *mailbox.Mailbox
}

// ShareVirtually is [Share] in such a world: the algorithm is that of the node that speaks for the others, and is to be run
// before they are. There must be an observer.
func ShareVirtually(w VirtualWorld, observers ...core.NodeID) (*Virtual, core.Algorithm) {
	box := mailbox.New()
	return &Virtual{observers: observers, box: box}, newReporter(box, virtual{w}, observers)
}

// To is [Shared.To].
func (s *Virtual) To(alg core.Algorithm, o Options) error { return shareTo(alg, o, s.observers, s.box) }

func shareTo(alg core.Algorithm, o Options, observers []core.NodeID, box *mailbox.Mailbox) error {
	o.Observers = observers
	if err := To(alg, o); err != nil {
		return err
	}
	algos.BaseOf(alg).Reports = box
	return nil
}

// virtual is a VirtualWorld as world.
type virtual struct{ w VirtualWorld }

func (v virtual) refresh()                  {}
func (v virtual) alive(id core.NodeID) bool { return v.w.Alive(id) }
func (v virtual) deliver(id core.NodeID, t core.Type, payload []byte) bool {
	v.w.Deliver(id, t, payload)
	return true
}
