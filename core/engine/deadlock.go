package engine

import (
	"slices"
	"sync"

	"github.com/ioverlay/ioverlay/core"
)

// waits is what waits for what among the nodes of all loops. Loops come here only when
// something has stood still for a while.
type waits struct {
	mu    sync.Mutex
	graph core.WaitGraph
	found []core.Circle
}

// update takes what a node has to say, and tells of circles that it closes: the log,
// and the nodes in them.
func (s *waits) update(e *Engine, node core.NodeID, now []core.Wait) {
	s.mu.Lock()
	circles := s.graph.Update(node, now)
	s.found = append(s.found, circles...)
	s.found = s.found[max(0, len(s.found)-keptDeadlocks):]
	s.mu.Unlock()
	for _, c := range circles {
		e.opt.Log.Error("data runs in a circle and has come to a stop: send less than the links carry, or break the circle", "waits", c.String())
		for _, w := range c {
			if n := e.lookup(w.Node); n != nil {
				n.loop.post(func() {
					if n.live() {
						n.core.TellDeadlock(c)
					}
				})
			}
		}
	}
}

// Deadlocks are the circles of data lanes of this engine's nodes that wait for each
// other, in the order in which they were found: within a second or so after they
// closed. Those that have dissolved are among them; of very many only the last.
func (e *Engine) Deadlocks() []core.Circle {
	e.waits.mu.Lock()
	defer e.waits.mu.Unlock()
	return slices.Clone(e.waits.found)
}
