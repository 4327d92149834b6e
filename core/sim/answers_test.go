package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
	"github.com/ioverlay/ioverlay/core/wire"
)

// Two nodes ask and answer each other within Process, over slow links: every question
// is answered or told lost, exactly, whatever the queues.
func TestRequestAnswer(t *testing.T) {
	const ask, answer = wire.FirstUserType, wire.FirstUserType + 1
	for _, c := range []struct{ queue, overflow, burst int }{{2, 0, 40}, {10, 0, 40}, {0, 0, 40}, {10, 5, 40}, {1, 1, 200}, {0, 0, 2000}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			w := newWorld(t, Options{Seed: 1, Core: core.Config{QueueMsgs: c.queue, OverflowMsgs: c.overflow}})
			var asked, answered, told uint64
			for i, name := range []string{"a", "b"} {
				peer := w.ID([]string{"b", "a"}[i])
				w.AddNode(name, does(func(n *core.Node, m *core.Msg) core.Verdict {
					switch m.Type() {
					case wire.TypeStarted:
						n.After(time.Second, 1)
					case wire.TypeTimer:
						for range c.burst {
							asked++
							n.Send(n.NewMsg(ask, 0, 1000), peer)
						}
						if n.Now() < time.Minute {
							n.After(time.Second, 1)
						}
					case ask:
						n.Send(n.NewMsg(answer, 0, 1000), m.From())
					case answer:
						answered++
					case wire.TypeSendFailed, wire.TypeLinkDown:
						told += m.Link().Lost
					}
					return core.Done
				})).SetBandwidth(emul.Bandwidth{Up: 1000 * emul.KBps})
			}
			mustRun(t, w, 10*time.Minute)
			if asked != uint64(2*60*c.burst) || asked != answered+told || answered == 0 {
				t.Errorf("asked %d, answered %d, told lost %d", asked, answered, told)
			}
		})
	}
}
