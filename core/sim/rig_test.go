package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
)

// algo is an algorithm in one function.
type algo struct {
	*core.Node
	do func(n *core.Node, m *core.Msg) core.Verdict
}

func (a *algo) Bind(n *core.Node) { a.Node = n }

func (a *algo) Process(m *core.Msg) core.Verdict {
	if a.do == nil {
		return core.Done
	}
	return a.do(a.Node, m)
}

// does makes algorithms of one function.
func does(do func(n *core.Node, m *core.Msg) core.Verdict) func() core.Algorithm {
	return func() core.Algorithm { return &algo{do: do} }
}

// newWorld makes a world that is closed, and checked for slabs, when the test ends.
func newWorld(t testing.TB, o Options) *World {
	w := New(o)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// mustRun lets time pass.
func mustRun(t testing.TB, w *World, d time.Duration) {
	t.Helper()
	if err := w.RunFor(d); err != nil {
		t.Fatal(err)
	}
}

// say makes a node send a message.
func say(from *Node, to core.NodeID, app uint32, seq uint64, payload string) {
	n := from.Core()
	n.Call(func() {
		m := n.NewMsg(wire.TypeData, app, len(payload))
		m.SetSeq(seq)
		copy(m.Payload(), payload)
		n.Send(m, to)
	})
}

// diary is a Watcher that writes lines.
type diary struct {
	w     *World
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf("%v ", d.w.Now())+fmt.Sprintf(format, args...))
}

func (d *diary) Message(_ time.Duration, n *Node, m *core.Msg) {
	switch m.Type() {
	case wire.TypeLinkUp, wire.TypeLinkDown, wire.TypeLinkStalled, wire.TypeLinkRecovered, wire.TypeSendFailed, wire.TypeSourceEnd, wire.TypeBrokenSource:
		e := m.Link()
		d.add("%s: %v %v %s/%d: %v, lost %d", n.Name(), m.Type(), e.Direction, d.w.Name(e.Peer), e.App, e.Reason, e.Lost)
	case wire.TypeStarted, wire.TypeWorldUp, wire.TypeStopping:
		d.add("%s: %v", n.Name(), m.Type())
	case wire.TypeTimer:
		d.add("%s: timer %d", n.Name(), m.TimerID())
	default:
		from := "itself"
		if !m.From().IsZero() {
			from = d.w.Name(m.From())
		}
		d.add("%s: %v from %s/%d #%d %q", n.Name(), m.Type(), from, m.App(), m.Seq(), m.Payload())
	}
}

func (d *diary) Sent(_ time.Duration, from, to *Node, app uint32, r core.Run) {
	d.add("%s sent %d to %s/%d", from.Name(), r.Msgs, to.Name(), app)
}

func (d *diary) Fault(_ time.Duration, f Fault) { d.add("fault %v", f) }

func (d *diary) Warned(_ time.Duration, n *Node, from core.NodeID, app uint32, err error) {
	d.add("%s: warned of %s/%d: %v", n.Name(), d.w.Name(from), app, err)
}

func (d *diary) Ended(_ time.Duration, n *Node, c *core.Crash) {
	if c != nil {
		d.add("%s crashed: %v", n.Name(), c.Value)
		return
	}
	d.add("%s ended", n.Name())
}

// watched makes a world and its diary.
func watched(t testing.TB, o Options) (*World, *diary) {
	d := &diary{}
	o.Watch = d
	d.w = newWorld(t, o)
	return d.w, d
}

func (d *diary) take() []string {
	l := d.lines
	d.lines = nil
	return l
}
