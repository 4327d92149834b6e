package engine

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Data that multiplies round a ring comes to a stop in the live world too, and engine
// and algorithms hear who waits for whom.
func TestDeadlockIsNamed(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		opt := w.options()
		opt.Core.QueueMsgs, opt.SocketBytes = 4, 8<<10
		e := newEngine(t, opt)
		told := make(chan string, 16)
		ids := make([]core.NodeID, 3)
		var nodes []*Node
		for i := range ids {
			nodes = append(nodes, e.add(t, script(func(n *core.Node, m *core.Msg) core.Verdict {
				switch m.Type() {
				case wire.TypeData:
					n.Send(m, ids[(i+1)%3])
					n.Send(n.Clone(m), ids[(i+1)%3])
				case wire.TypeDeadlock:
					told <- string(m.Payload())
				}
				return core.Done
			}), NodeOptions{Loop: OnLoop(i % w.loops)}))
		}
		for i, n := range nodes {
			ids[i] = n.ID() // nobody reads them yet
		}
		for _, n := range nodes {
			do(t, n, func(*core.Node) {}) // and each loop has seen them
		}
		do(t, nodes[0], func(n *core.Node) { n.Send(n.NewMsg(wire.TypeData, 7, 1000), ids[1]) })
		for range ids {
			text := receive(t, "news of the deadlock", told)
			for _, id := range ids {
				if !strings.Contains(text, "at "+id.String()+" application 7") {
					t.Errorf("the news %q does not name %v", text, id)
				}
			}
		}
		if got := e.Deadlocks(); len(got) != 1 || len(got[0]) != 3 {
			t.Errorf("the engine knows of %v", got)
		}
	})
}
