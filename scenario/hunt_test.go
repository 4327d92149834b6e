package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/spec"
)

// touchy is a relay that panics when it is told what it does not like.
type touchy struct {
	*relay.Relay
	about core.Type
}

func (a *touchy) Process(m *core.Msg) core.Verdict {
	ended := m.Type() == wire.TypeLinkDown && m.Link().Reason == core.ReasonEnded // as every session does
	if m.Type() == a.about && !ended {
		a.complain(m)
	}
	return a.Relay.Process(m)
}

func (a *touchy) complain(m *core.Msg) {
	panic(fmt.Sprintf("no %v, please, not from %v", m.Type(), m.Sender()))
}

// hoarder keeps every message of data.
type hoarder struct{ *relay.Relay }

func (h *hoarder) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		return core.Hold
	}
	return h.Relay.Process(m)
}

func strange() *scenario.Registry {
	r := scenario.Shipped()
	for name, about := range map[string]core.Type{"touchy-down": wire.TypeLinkDown, "touchy-end": wire.TypeSourceEnd} {
		r.Add(scenario.Algorithm{Name: name, New: func(e scenario.Env) (core.Algorithm, error) {
			return &touchy{relay.New(nil, e.Downstreams...), about}, nil
		}})
	}
	r.Add(scenario.Algorithm{Name: "hoarder", New: func(e scenario.Env) (core.Algorithm, error) {
		return &hoarder{relay.New(nil, e.Downstreams...)}, nil
	}})
	return r
}

// hunted is a scenario that fails in one way when it is whole, and in another when it is
// made shorter: then too little is sent, faults or not.
const hunted = `name: hunted
duration: 2s
drain: 1s
nodes: [{names: A, algorithm: ALGORITHM}, B, C]
links: [A -> B -> C]
applications:
  - {name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}
timeline:
  - {at: 500ms, churn: {nodes: "B, C", rate: 3/s, down: 50ms, until: 1500ms}}
expect:
  - sent(A) >= 195
  - EXPECT
`

// A failure that is made small is the one that was found: the same expectation, or a
// panic in the same place.
func TestHuntsKeepTheFailure(t *testing.T) {
	for _, c := range []struct{ algorithm, expect, failure string }{
		{"relay", "received(C) = sent(A)", "received(C) = sent(A)"},
		{"relay", "lost() = 0", "lost() = 0"},
		{"touchy-down", "sent(A) > 0", "panicked at node A"},
	} {
		src := strings.NewReplacer("ALGORITHM", c.algorithm, "EXPECT", c.expect).Replace(hunted)
		registry := strange()
		h := scenario.Hunter{Registry: registry, Load: func(seed uint64) (*scenario.Plan, error) {
			return spec.Parse("test.yaml", []byte(src), spec.Options{Algorithms: registry, Seed: &seed})
		}}
		found, err := h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 30})
		if err != nil || found == nil {
			t.Fatalf("%s: %v, %+v", c.failure, err, found)
		}
		for _, what := range []string{found.Outcome.Failure, found.Small.Failure} {
			if !strings.Contains(what, c.failure) {
				t.Errorf("it failed with %q, and small with %q; want %q in both", found.Outcome.Failure, found.Small.Failure, c.failure)
			}
		}
		if len(found.Smallest.Faults) == 0 || found.Small.FailedAt == 0 {
			t.Errorf("%s: what is left is %+v, failing at %v", c.failure, found.Smallest, found.Small.FailedAt)
		}
	}
}

// A panic has its time and its node, in every world: the source ends at 300 ms.
func TestPanicsHaveTheirTime(t *testing.T) {
	const src = `name: panics
duration: 1s
nodes: [{names: A, algorithm: touchy-end}, B]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 10 messages/s, payload: 100B, until: 300ms}]
`
	for _, w := range []string{"sim", "live"} {
		r := strange()
		out, err := scenario.Run(t.Context(), parse(t, r, src), scenario.Options{World: w, Registry: r})
		var crash *scenario.Crash
		if !errors.As(err, &crash) || crash.Node != "A" || crash.At < 300*time.Millisecond || w == "sim" && crash.At != 300*time.Millisecond {
			t.Errorf("%s: %v", w, err)
			continue
		}
		if !strings.Contains(err.Error(), crash.At.String()) || out.Events[len(out.Events)-1].What != "node A panicked" || out.Events[len(out.Events)-1].At != crash.At {
			t.Errorf("%s: %v; %+v", w, err, out.Events)
		}
	}
}

// What waits for ever at the end is a deadlock and an error in virtual time. What is only
// slow, or cut, is not: it is told.
func TestDeadlocksAreTold(t *testing.T) {
	const src = `name: waits
duration: 2s
drain: 1s
buffers: {messages: 5}
nodes: [A, {names: B, algorithm: ALGORITHM}]
links: [{link: A -> B, rate: RATE}]
applications: [{name: a, at: A, source: back-to-back, payload: 976B}]
timeline: [{at: 1s, set: {nodes: B, up: unlimited}}TIMELINE]
`
	for _, c := range []struct {
		algorithm, rate, timeline string
		deadlock                  bool
		told                      string
	}{
		{"hoarder", "1MBps", "", true, "still wait at A"},
		{"hoarder", "unlimited", "", true, "still wait at A"},
		{"hoarder", "unlimited", ", {at: 1500ms, stop: A}", true, "have not ended: A"},
		{"relay", "100KBps", "", false, ""},
		{"relay", "100KBps", ", {at: 1500ms, stop: A}", false, ""},
		{"relay", "500Bps", "", false, "still wait at A"},
		{"relay", "500Bps", ", {at: 1500ms, stop: A}", false, "have not ended: A"},
		{"relay", "100KBps", ", {at: 1500ms, cut: A -> B}", false, "still wait at A"},
	} {
		r := strange()
		text := strings.NewReplacer("ALGORITHM", c.algorithm, "RATE", c.rate, "TIMELINE", c.timeline).Replace(src)
		out, err := scenario.Run(t.Context(), parse(t, r, text), scenario.Options{World: "sim", Registry: r})
		if errors.Is(err, scenario.ErrDeadlock) != c.deadlock || !c.deadlock && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if told := strings.Join(out.Warnings(), " "); !strings.Contains(told, c.told) || (told == "") != (c.told == "") {
			t.Errorf("%+v: %q", c, out.Warnings())
		}
	}
}

// stubborn does not return from a message of a type for as long as a channel is open.
type stubborn struct {
	*relay.Relay
	about core.Type
	until chan struct{}
}

func (s *stubborn) Process(m *core.Msg) core.Verdict {
	if m.Type() == s.about {
		<-s.until
	}
	return s.Relay.Process(m)
}

// A hunt reports a node that does not return. In its own process it runs no such case again: each would stay there.
func TestHuntsFindHangs(t *testing.T) {
	until := make(chan struct{})
	t.Cleanup(func() { close(until) })
	registry := strange()
	registry.Add(scenario.Algorithm{Name: "stubborn", New: func(e scenario.Env) (core.Algorithm, error) {
		return &stubborn{relay.New(nil, e.Downstreams...), wire.TypeSourceEnd, until}, nil
	}})
	load := func(seed uint64) (*scenario.Plan, error) {
		text := strings.NewReplacer("ALGORITHM", "stubborn", "EXPECT", "lost() = 0").Replace(hunted)
		return spec.Parse("hunted", []byte(text), spec.Options{Algorithms: registry, Seed: &seed})
	}
	h := scenario.Hunter{Registry: registry, Load: load, HangAfter: 500 * time.Millisecond}
	found, err := h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 1})
	if err != nil || found == nil || found.Shrinks != 0 || !found.Outcome.NoShrink || !strings.Contains(found.Outcome.Failure, "node A, which was given a message of type source-end, has not returned") {
		t.Fatalf("%+v, %v", found, err)
	}
	if text := found.String(); !strings.Contains(text, "not made smaller") {
		t.Error(text)
	}
	ran, err := h.Run(t.Context(), found.Original)
	if err != nil || !ran.Hung || len(ran.Failures) != 1 || !strings.Contains(ran.Failures[0].Which, "(*stubborn).Process") {
		t.Fatalf("%+v, %v", ran, err)
	}
	// Another process does it again and again: here one that only says so.
	runs := 0
	h = scenario.Hunter{Registry: registry, Load: load, Elsewhere: func(_ context.Context, c hunt.Case) (scenario.Ran, error) {
		runs++
		if c.Duration < time.Second {
			return scenario.Ran{}, nil
		}
		return ran, nil
	}}
	found, err = h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 1, Workers: 1})
	if err != nil || found.Outcome.NoShrink || len(found.Smallest.Faults) != 0 || uint64(runs) != found.Runs+found.Shrinks {
		t.Errorf("%+v, %v", found, err)
	}
}
