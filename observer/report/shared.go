package report

import (
	"fmt"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/engine"
	"github.com/ioverlay/ioverlay/observer/report/mailbox"
	"github.com/ioverlay/ioverlay/ring"
)

// Shared lets the nodes of an engine report together: a node of their own speaks for all of them, with one connection to
// each observer, and says what has changed. It is safe for concurrent use.
type Shared struct {
	observers []core.NodeID
	box       *mailbox.Mailbox
	node      *engine.Node
}

// Share adds the node that speaks for the others to an engine. It listens where it is told, as theirs do, since observers
// ask it. An observer that is to believe it without asking each node must reach it at the address that they have; with
// another one each is asked once. The nodes need [Shared.To] before they are added.
func Share(eng *engine.Engine, o engine.NodeOptions, observers ...core.NodeID) (*Shared, error) {
	if len(observers) == 0 {
		return nil, fmt.Errorf("report: Share without an observer to report to")
	}
	box := mailbox.New()
	r := newReporter(box, &engineWorld{eng: eng}, observers)
	node, err := eng.AddNode(r, o)
	if err != nil {
		return nil, fmt.Errorf("report: start the node that reports for the others: %w", err)
	}
	return &Shared{observers: observers, box: box, node: node}, nil
}

// To is [To] for an algorithm that reports with the others. The options' observers are those of Share.
func (s *Shared) To(alg core.Algorithm, o Options) error {
	return shareTo(alg, o, s.observers, s.box)
}

// ID is the node that speaks for the others.
func (s *Shared) ID() core.NodeID { return s.node.ID() }

func newReporter(box *mailbox.Mailbox, w world, observers []core.NodeID) *reporter {
	r := &reporter{box: box, world: w}
	r.Observer, r.Watchers, r.Usage = observers[0], observers[1:], usage
	r.BootPause = bootPause
	return r
}

// Bind implements core.Algorithm.
func (r *reporter) Bind(n *core.Node) {
	r.Base.Bind(n)
	r.box.SpeaksFor(n.ID())
}

// engineWorld is an engine as world. It is used on the reporter's loop only.
type engineWorld struct {
	eng   *engine.Engine
	nodes map[core.NodeID]*engine.Node
}

func (w *engineWorld) refresh() { w.nodes = nil }

func (w *engineWorld) find(id core.NodeID) *engine.Node {
	if w.nodes == nil {
		list := w.eng.Nodes()
		w.nodes = make(map[core.NodeID]*engine.Node, len(list))
		for _, n := range list {
			w.nodes[n.ID()] = n
		}
	}
	return w.nodes[id]
}

func (w *engineWorld) alive(id core.NodeID) bool { return w.find(id) != nil }

func (w *engineWorld) deliver(id core.NodeID, t core.Type, payload []byte) bool {
	if w.find(id) == nil {
		w.refresh() // it is new
	}
	n := w.find(id)
	return n == nil || n.Post(t, 0, 0, payload) != ring.Full // who is gone needs none
}
