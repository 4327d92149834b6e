package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// What would be sent at `until` or later is not, and everything before is: the same
// number of messages in every world.
func TestUntilIsExclusive(t *testing.T) {
	const src = `name: fence posts
duration: 1500ms
nodes: [A, B]
links: [A -> B]
applications:
  - {name: one, at: A, source: constant-rate, rate: 2/s, payload: 100B, until: 500ms}
  - {name: two, at: A, source: constant-rate, rate: 2/s, payload: 100B, from: 500ms, until: 1s}
  - {name: ten, at: A, source: constant-rate, rate: 10/s, payload: 100B, from: 300ms, until: 900ms}
  - {name: odd, at: A, source: constant-rate, rate: 7/s, payload: 30B, until: 1s}
  - {name: many, at: A, source: constant-rate, rate: 1000/s, payload: 30B, from: 200ms, until: 700ms}
  - {name: bytes, at: A, source: constant-rate, rate: 1240Bps, payload: 100B, until: 1s}
  - {name: end, at: A, source: constant-rate, rate: 2/s, payload: 30B}
  - {name: few, at: A, source: constant-rate, rate: 100/s, payload: 30B, messages: 3, until: 1s}
expect:
  - sent(A, app one) = 1
  - sent(A, app two) = 1
  - sent(A, app ten) = 6
  - sent(A, app odd) = 7
  - sent(A, app many) = 500
  - sent(A, app bytes) = 10
  - sent(A, app end) = 3
  - sent(A, app few) = 3
  - received(B) = sent(A)
`
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			r := run(t, parse(t, scenario.Shipped(), src), scenario.Options{World: w})
			held(t, r)
			if behind := r.Behind(); len(behind) > 0 {
				t.Errorf("they sent what they had to, and yet %+v", behind)
			}
		})
	}
}

// The format counts headers as the wire has them.
func TestHeadersOfTheFormat(t *testing.T) {
	if spec.HeaderBytes != wire.HeaderSize {
		t.Errorf("%d bytes, and %d on the wire", spec.HeaderBytes, wire.HeaderSize)
	}
}

// A source that is at once with its node's start begins; one whose node does not run
// does not, and that is said.
func TestSourcesOfLateNodes(t *testing.T) {
	const src = `name: late
duration: 3s
nodes: [{names: A, starts: 1s}, {names: B, starts: later}, C, {names: D, starts: later}]
links: ["A, B, D -> C"]
applications:
  - {name: a, at: A, source: constant-rate, rate: 10/s, payload: 100B, from: 1s}
  - {name: b, at: B, source: constant-rate, rate: 10/s, payload: 100B, from: 2s}
  - {name: d, at: D, source: constant-rate, rate: 10/s, payload: 100B}
timeline:
  - {at: 2s, start: B}
expect:
  - received(C, app a) = 20
  - received(C, app b) = 10
  - received(C, app d) = 0
`
	r := run(t, parse(t, scenario.Shipped(), src), scenario.Options{World: "sim"})
	held(t, r)
	if !slices.ContainsFunc(r.Events, func(e scenario.Event) bool { return strings.Contains(e.What, "source of d does not begin") }) {
		t.Errorf("nothing says that d never began: %+v", r.Events)
	}
}

// A run that is made shorter ends then, whatever its expectations and its timeline are
// about; what cannot be measured any more does not hold, and does not count as found.
func TestShorterRuns(t *testing.T) {
	const src = `name: shorter
seed: 4
duration: 20s
nodes: [A..C]
links: [A -> B -> C]
applications:
  - {name: a, at: A, source: constant-rate, rate: 100/s, payload: 100B}
  - {name: b, at: A, source: constant-rate, rate: 10/s, payload: 100B, from: 6s, until: 15s}
timeline:
  - {at: 9s, kill: C}
expect:
  - throughput(C) = 12400Bps between 1s and 19s
  - alive() = 3 at 18s
  - received(B) = 1900 before 19500ms
  - throughput(B) > 0Bps after 17s
  - throughput(B, app a) = 12400Bps between 500ms and 1s
`
	p := parse(t, scenario.Shipped(), src)
	for _, d := range []time.Duration{time.Second, 1700 * time.Millisecond, 8 * time.Second} {
		q, err := scenario.WithFaults(p, scenario.Faults(p), d)
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, q, scenario.Options{World: "sim"})
		if last := r.Last(); r.Ended != d || last < d || last > d+time.Second {
			t.Errorf("a run of %v ended at %v, with its drain at %v", d, r.Ended, last)
		}
		for i, v := range r.Verdicts {
			if whole := i == 4; v.Measured != whole || v.Held != whole {
				t.Errorf("in %v: %+v", d, v)
			}
		}
		if n := r.Total(0, 1).Sent; n != uint64(d/(10*time.Millisecond)) {
			t.Errorf("%d messages in %v", n, d)
		}
	}
	if _, err := scenario.WithFaults(p, []sim.Fault{}, 21*time.Second); err == nil || !strings.Contains(err.Error(), "20s") {
		t.Errorf("longer than the file says: %v", err)
	}
}

// Events have the time at which they were done, in real time too, where nothing is done
// at the moment for which it is planned.
func TestEventsAreMeasured(t *testing.T) {
	const src = `name: events
duration: 700ms
nodes: [A..H]
links: [{chain: A..H}]
applications: [{name: a, at: A, source: constant-rate, rate: 10/s, payload: 100B}]
timeline:
  - {at: 100ms, slow: {nodes: all, per-message: 1us}}
  - {at: 300ms, kill: "C..H"}
  - {at: 500ms, kill: D}
`
	for _, w := range world.Names {
		r := run(t, parse(t, scenario.Shipped(), src), scenario.Options{World: w})
		planned := map[string]time.Duration{"slow A": 100 * time.Millisecond, "kill C": 300 * time.Millisecond, "kill D": 500 * time.Millisecond}
		for what, at := range planned {
			i := slices.IndexFunc(r.Events, func(e scenario.Event) bool { return strings.HasPrefix(e.What, what) })
			if i < 0 || r.Events[i].At < at || w != "sim" && r.Events[i].At == at || w == "sim" && r.Events[i].At != at {
				t.Errorf("%s: %q is planned at %v: %+v", w, what, at, r.Events)
			}
		}
		i := slices.IndexFunc(r.Events, func(e scenario.Event) bool { return strings.HasPrefix(e.What, "kill C") })
		if got := fmt.Sprint(r.Events[i].Of); got != "[C D E F G H]" {
			t.Errorf("%s: the event is of %s", w, got)
		}
		if !slices.ContainsFunc(r.Events, func(e scenario.Event) bool { return e.What == "nothing to kill: node D does not run" }) {
			t.Errorf("%s: nothing says that D was gone: %+v", w, r.Events)
		}
	}
}

// hog keeps its loop busy once.
type hog struct {
	*relay.Relay
	done bool
}

func (h *hog) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData && !h.done {
		h.done = true
		for began := time.Now(); time.Since(began) < 4*result.Starving; {
		}
	}
	return h.Relay.Process(m)
}

// A world in real time that is late says so, and marks the figures that it took
// meanwhile. Virtual time is never late.
func TestStarvedRunsSaySo(t *testing.T) {
	const src = `name: starved
duration: 600ms
nodes: [{names: A, algorithm: hog}, B]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 200 messages/s, payload: 100B, from: 100ms}]
record: {every: 100ms}
expect:
  - throughput(B) > 0Bps between 100ms and 500ms
`
	for _, w := range []string{"live", "sim"} {
		r := scenario.Shipped()
		r.Add(scenario.Algorithm{Name: "hog", New: func(e scenario.Env) (core.Algorithm, error) {
			return &hog{Relay: relay.New(nil, e.Downstreams...)}, nil
		}})
		out, err := scenario.Run(t.Context(), parse(t, r, src), scenario.Options{World: w, Registry: r})
		if err != nil {
			t.Fatal(err)
		}
		n, _ := out.StarvedIntervals()
		said := strings.Contains(out.Summary(), "had too much to do in")
		if late := w == "live"; (n > 0) != late || said != late || out.Verdicts[0].Starved != late {
			t.Errorf("%s: %d intervals, %+v, %+v", w, n, out.Lateness(), out.Verdicts)
		}
	}
}

// A source that its network does not let send its rate is named, in every world.
func TestSourcesBehindTheirRateAreNamed(t *testing.T) {
	const src = `name: behind
duration: 2s
drain: 0s
buffers: {messages: 5}
nodes: [A, B, C]
links: [{link: A -> B, rate: 20KBps}, A -> C]
applications:
  - {name: fast, at: A, source: constant-rate, rate: 1000 messages/s, payload: 976B}
  - {name: slow, at: C, source: constant-rate, rate: 10 messages/s, payload: 100B}
`
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			t.Parallel()
			out := run(t, parse(t, scenario.Shipped(), src), scenario.Options{World: w})
			b := out.Behind()
			if len(b) != 1 || b[0].Application != "fast" || b[0].Node != "A" || b[0].Due < 1900 || b[0].Sent >= b[0].Due/2 {
				t.Errorf("%+v", b)
			}
			if !strings.Contains(out.Summary(), "fast at A sent") {
				t.Error(out.Summary())
			}
		})
	}
}
