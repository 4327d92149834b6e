package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/emul"
)

// Limits, latency and loss on real links, changed while traffic flows: what a link was
// told to lose is lost and counted, and nothing else; the rest comes whole and in order.
func TestEmulatedLinks(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		const limit = 4000
		e := newEngine(t, w.options())
		sinks := []*apps.Checker{{}, {}}
		c := e.add(t, relay.New(sinks[1]), NodeOptions{Bandwidth: emul.Bandwidth{Down: 200 * emul.MBps}})
		b := e.add(t, relay.New(sinks[0], c.ID()), NodeOptions{Bandwidth: emul.Bandwidth{Total: 100 * emul.MBps}})
		a := e.add(t, relay.New(nil, b.ID()), NodeOptions{Bandwidth: emul.Bandwidth{Up: 50 * emul.MBps}})
		do(t, b, func(n *core.Node) {
			n.SetLink(c.ID(), emul.Link{Latency: 2 * time.Millisecond, Loss: 0.1,
				Jitter: emul.Jitter{Dist: emul.Uniform, Spread: time.Millisecond}})
		})
		src := apps.NewBackToBack(apps.Stream{App: 1, Payload: 5000, Limit: limit})
		do(t, a, func(n *core.Node) { n.AddSource(1, src) })
		half := func() (reached bool) {
			do(t, b, func(*core.Node) { reached = sinks[0].Tally().Messages >= limit/2 })
			return reached
		}
		eventually(t, "half of it has passed", half)
		do(t, a, func(n *core.Node) { n.SetBandwidth(emul.Bandwidth{}) })
		do(t, b, func(n *core.Node) { n.SetLink(c.ID(), emul.Link{Rate: 80 * emul.MBps, Loss: 0.1}) })
		eventually(t, "everything has come or is lost", func() bool {
			lost := stats(t, b).Lost.EmulMsgs
			var got apps.Tally
			do(t, c, func(*core.Node) { got = sinks[1].Tally() })
			return got.Messages+lost == limit
		})
		var got apps.Tally
		do(t, c, func(*core.Node) { got = sinks[1].Tally() })
		lost := stats(t, b).Lost
		if got.OutOfOrder != 0 || got.Corrupt != 0 || lost.OutMsgs != 0 || lost.EmulMsgs == 0 {
			t.Errorf("the last node got %+v, the link lost %+v", got, lost)
		}
	})
}

// A limited link that has nothing to carry wakes nobody, but for the one timer that
// forgets a lane whose session is over.
func TestAnIdleLimitedLinkSetsNoTimer(t *testing.T) {
	inWorlds(t, func(t *testing.T, w world) {
		e := newEngine(t, w.options())
		sink := &apps.Checker{}
		b := e.add(t, relay.New(sink), NodeOptions{Bandwidth: emul.Bandwidth{Down: emul.MBps}})
		a := e.add(t, relay.New(nil, b.ID()), NodeOptions{Bandwidth: emul.Bandwidth{Up: emul.MBps}})
		send(t, a, apps.Stream{App: 1, Payload: 5000, Limit: 50})
		eventually(t, "everything has come", func() (all bool) {
			do(t, b, func(*core.Node) { all = sink.Tally().Messages == 50 })
			return all
		})
		for _, lp := range e.loops {
			eventually(t, "no timer is set", func() (none bool) {
				if err := lp.do(func() {
					none = true
					for _, timer := range lp.timers.heap.list {
						none = none && timer.at > lp.Now()+core.DefaultIdleTimeout/2
					}
				}); err != nil {
					t.Fatal(err)
				}
				return none
			})
		}
	})
}

func TestBandwidthOfANodeIsChecked(t *testing.T) {
	e := newEngine(t, Options{Loops: 1, Links: Mem})
	_, err := e.AddNode(relay.New(nil), NodeOptions{Bandwidth: emul.Bandwidth{Up: -1}})
	if err == nil || !strings.Contains(err.Error(), "uplink") {
		t.Errorf("a negative uplink: %v", err)
	}
}
