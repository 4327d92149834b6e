package sim

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// What an algorithm may not do with a message ends its node in a strict world, with words that say what it was.
func TestStrictFindsMisuse(t *testing.T) {
	const ask = wire.FirstUserType
	var kept *core.Msg
	var payload []byte
	for _, c := range []struct {
		name string
		do   func(n *core.Node, m *core.Msg) core.Verdict // for messages of type ask and timers, at b
		says string                                       // "" : nothing is wrong
	}{
		{"write after send", func(n *core.Node, m *core.Msg) core.Verdict {
			r := n.NewMsg(ask+1, 0, 4)
			copy(r.Payload(), "good")
			n.Send(r, m.From())
			r.Payload()[0] = 'x'
			return core.Done
		}, "was written to after it had been sent"},
		{"write into a message from elsewhere", func(_ *core.Node, m *core.Msg) core.Verdict {
			m.Payload()[0] = 'x'
			return core.Done
		}, "was written to after it had been sent"},
		{"write into a held message", func(n *core.Node, m *core.Msg) core.Verdict {
			n.Retain(m)
			m.Payload()[0] = 'x'
			n.Release(m)
			return core.Done
		}, "was written to after it had been sent"},
		{"kept message", func(_ *core.Node, m *core.Msg) core.Verdict {
			if kept != nil {
				_ = kept.Seq()
			}
			kept = m
			return core.Done
		}, "was used after the Process call it belonged to"},
		{"kept message that was made here", func(n *core.Node, m *core.Msg) core.Verdict {
			if kept != nil {
				n.Send(kept, m.From())
			}
			kept = n.NewMsg(ask+1, 0, 0)
			return core.Done
		}, "Send of a message after the Process call"},
		{"kept payload", func(_ *core.Node, m *core.Msg) core.Verdict {
			if len(payload) > 0 && payload[0] == poisoned {
				panic("poison")
			}
			payload = m.Payload()
			return core.Done
		}, "poison"},
		{"all that is allowed", func(n *core.Node, m *core.Msg) core.Verdict {
			n.Send(m, n.ID())
			n.Retain(m)
			c := n.Clone(m)
			c.Payload()[0] = 'x'
			n.Send(c, m.From())
			n.Send(c, m.From())
			n.Retain(c)
			n.Send(c, m.From())
			n.Release(c)
			n.Release(m)
			return core.Done
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, payload = nil, nil
			w := newWorld(t, Options{Core: core.Config{Strict: true}})
			a := w.AddNode("a", does(nil))
			w.AddNode("b", does(func(n *core.Node, m *core.Msg) core.Verdict {
				if m.Type() == wire.TypeData {
					return c.do(n, m)
				}
				return core.Done
			}))
			for i := range 2 {
				w.At(time.Duration(i)*time.Second, func() { say(a, w.ID("b"), 1, uint64(i), "text") })
			}
			mustRun(t, w, 3*time.Second)
			got := ""
			for _, p := range w.Panics() {
				got += fmt.Sprint(p.Node.Name(), ": ", p.Value)
			}
			if c.says == "" && got != "" || !strings.Contains(got, c.says) || c.says != "" && !strings.HasPrefix(got, "b: ") {
				t.Errorf("the panics are %q, want one of b that says %q", got, c.says)
			}
		})
	}
}

const poisoned = 0xDB
