package scenario_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// echo sends data back to where it came from, over a link that nobody has declared.
type echo struct {
	algos.Base
}

func (e *echo) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		e.Send(m, m.Sender())
		return core.Done
	}
	return e.Base.Process(m)
}

// asker sends its source's data on, and notes how soon the first of it is back.
type asker struct {
	algos.Base
	peers []core.NodeID
	least *atomic.Int64
	began time.Duration
}

func (a *asker) Process(m *core.Msg) core.Verdict {
	if m.Type() != wire.TypeData {
		return a.Base.Process(m)
	}
	if m.Seq() != 0 {
		return core.Done
	}
	if m.From() == (core.NodeID{}) {
		a.began = a.Now()
		for _, p := range a.peers {
			a.Send(m, p)
		}
		return core.Done
	}
	a.least.Store(int64(a.Now() - a.began))
	return core.Done
}

const answers = `name: answers
duration: 1s
nodes: [{names: A, algorithm: asker}, {names: B, algorithm: echo}]
links: [{link: A -> B, latency: 30ms}]
default-link: {latency: 50ms}
applications: [{name: a, at: A, source: constant-rate, rate: 10 messages/s, payload: 100B}]
`

// Answers go over a link that the scenario has not declared, and take what its default
// says.
func TestUndeclaredLinksHaveTheDefault(t *testing.T) {
	for _, w := range []string{"sim", "live"} {
		t.Run(w, func(t *testing.T) {
			var least atomic.Int64
			r := scenario.Shipped()
			r.Add(scenario.Algorithm{Name: "echo", New: func(scenario.Env) (core.Algorithm, error) { return &echo{}, nil }})
			r.Add(scenario.Algorithm{Name: "asker", New: func(e scenario.Env) (core.Algorithm, error) {
				return &asker{peers: e.Downstreams, least: &least}, nil
			}})
			run(t, parse(t, r, answers), scenario.Options{World: w, Registry: r})
			if took := time.Duration(least.Load()); took < 80*time.Millisecond || w == "sim" && took > 81*time.Millisecond {
				t.Errorf("the first answer took %v, want 80ms", took)
			}
		})
	}
}

const buffered = `name: buffered
duration: 4s
drain: 0s
buffers: {messages: 5}
nodes: [S, A, B, C]
links: [S -> A, {link: A -> B, latency: 20ms}, {link: B -> C, rate: 20KBps}]
applications: [{name: s, at: S, source: back-to-back, payload: 1000B}]
expect:
  - received(A) - received(B) <= 50 at 1s
  - received(A) - received(B) <= 50 at 2s
  - received(A) - received(B) <= 50 at 4s
  - received(C) > 10
`

// Buffers bound a link with latency in every world: its queue, the room at its far end,
// and, with a process a node, what the kernel holds.
func TestBuffersBoundLinksWithLatencyInAllWorlds(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			held(t, run(t, parse(t, scenario.Shipped(), buffered), scenario.Options{World: w}))
		})
	}
}

const piped = `name: piped
duration: 1500ms
drain: 0s
nodes: [A, B, C, D]
links:
  - {link: A -> B, latency: 50ms, in-flight: 5KB}
  - {link: A -> C, latency: 50ms, rate: 100KBps}
  - {link: D -> C, latency: 50ms}
applications:
  - {name: a, at: A, source: back-to-back, payload: 1000B}
  - {name: d, at: D, source: constant-rate, rate: 20KBps, payload: 1000B}
`

// A link that the bound on what is in flight has held up is named, and no other is.
func TestRunsSayWhatInFlightHeldUp(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := run(t, parse(t, scenario.Shipped(), piped), scenario.Options{World: w})
			full := r.Report().PipesFull
			if len(full) != 1 || full[0].Link != "A -> B" || full[0].S <= 0 {
				t.Fatalf("held up: %+v, want A -> B alone", full)
			}
			if s := r.Summary(); !strings.Contains(s, "in flight (in-flight) held up messages on 1 link: A -> B for") {
				t.Errorf("the summary does not say so:\n%s", s)
			}
		})
	}
}

const severed = `name: severed
duration: 3s
nodes: [A..C]
links: [{link: A -> B, rate: 100KBps}, {link: A -> C, latency: 10ms}]
applications: [{name: a, at: A, source: constant-rate, rate: 50 messages/s, payload: 1000B, until: 2s}]
timeline: [{at: 500ms, cut: A -> B}, {at: 500ms, cut: A -> C}, {at: 2500ms, heal: all}]
expect:
  - received(B) - received(C) = 0
  - throughput(A -> B) = 0Bps between 1s and 2500ms
  - throughput(A -> C) = 0Bps between 1s and 2500ms
  - received(B..C) = sent(A)
`

// A cut lets nothing through in any world, and after it everything comes.
func TestACutIsExactInAllWorlds(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			held(t, run(t, parse(t, scenario.Shipped(), severed), scenario.Options{World: w}))
		})
	}
}
