package scenario_test

import (
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

// taught is a relay that is told things by the timeline, and has an opinion on its state.
type taught struct {
	*relay.Relay
	told   []string
	links  int // that went down
	panics bool
}

const (
	typeTell  core.Type = 1024
	typeWrong core.Type = 1025
)

func (a *taught) Process(m *core.Msg) core.Verdict {
	switch m.Type() {
	case typeTell:
		x, y := m.Params()
		a.told = append(a.told, fmt.Sprintf("%d %d %s app %d", x, y, m.Payload(), m.App()))
		return core.Done
	case typeWrong:
		a.told = append(a.told, "wrong")
		return core.Done
	case wire.TypeLinkDown:
		if m.Link().Reason != core.ReasonEnded { // as every session does
			a.links++
		}
	}
	return a.Relay.Process(m)
}

func (a *taught) Invariant() error {
	if n := len(a.told); n > 0 && a.told[n-1] == "wrong" {
		if a.panics {
			panic("I cannot look")
		}
		return fmt.Errorf("told wrong after %d", n-1)
	}
	if a.links > 0 {
		return fmt.Errorf("%d links are down", a.links)
	}
	return nil
}

func teachable() *scenario.Registry { return withTaught(scenario.Shipped()) }

func withTaught(r *scenario.Registry) *scenario.Registry {
	for _, panics := range []bool{false, true} {
		name := "taught"
		if panics {
			name += "-panics"
		}
		r.Add(scenario.Algorithm{Name: name, Types: map[string]core.Type{"tell": typeTell, "wrong": typeWrong},
			New: func(e scenario.Env) (core.Algorithm, error) {
				return &taught{Relay: relay.New(nil, e.Downstreams...), panics: panics}, nil
			}})
	}
	return r
}

const lessons = `name: lessons
duration: 1s
drain: 0s
algorithm: ALGORITHM
nodes: [A, B, {names: C, starts: later}]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}]
timeline:
  - {at: 300ms, send: {to: "A, C", type: tell, a: 7, b: -1, payload: hello, every: 200ms, until: 500ms}}
  - TIMELINE
record: {every: 500ms}
expect: [sent(A) = 100]
`

func lesson(t *testing.T, r *scenario.Registry, algorithm, timeline string) *scenario.Plan {
	t.Helper()
	return parse(t, r, strings.NewReplacer("ALGORITHM", algorithm, "TIMELINE", timeline).Replace(lessons))
}

const harmless = "{at: 900ms, send: {to: B, type: 1024}}"

// What the timeline sends arrives as it was written, where it was sent to, in every world
// of this process; who does not run gets nothing, and that is told.
func TestSends(t *testing.T) {
	r := teachable()
	var seen []string
	out := run(t, lesson(t, r, "taught", harmless), scenario.Options{World: "sim", Registry: r, Checks: []scenario.Check{
		{At: 400 * time.Millisecond, Holds: look(&seen)}, {AtEnd: true, Holds: look(&seen)}}})
	held(t, out)
	want := "A [7 -1 hello app 0] B [] / A [7 -1 hello app 0 7 -1 hello app 0] B [0 0  app 0]"
	if got := strings.Join(seen, " / "); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	var events []string
	for _, e := range out.Events {
		if strings.Contains(e.What, "tell") {
			events = append(events, fmt.Sprintf("%v %s", e.At, e.What))
		}
	}
	want = "300ms send tell to A, C; 300ms tell is not sent to C, which does not run; 500ms send tell to A, C; 500ms tell is not sent to C, which does not run"
	if got := strings.Join(events, "; "); got != want {
		t.Errorf("events %s", got)
	}
}

// look notes what all have been told.
func look(seen *[]string) func(map[string]core.Algorithm) error {
	return func(nodes map[string]core.Algorithm) error {
		*seen = append(*seen, fmt.Sprintf("A %v B %v", nodes["A"].(*taught).told, nodes["B"].(*taught).told))
		if nodes["C"] != nil {
			return errors.New("C does not run")
		}
		return nil
	}
}

// An invariant that does not hold ends the run, in every world, and is a verdict.
func TestInvariants(t *testing.T) {
	for _, c := range []struct{ world, algorithm, says string }{
		{"sim", "taught", "told wrong after 0"},
		{"live", "taught", "told wrong after 0"},
		{"proc", "taught", "told wrong after 0"},
		{"sim", "taught-panics", "Invariant panicked: I cannot look"},
		{"live", "taught-panics", "Invariant panicked: I cannot look"},
	} {
		r := teachable()
		out := run(t, lesson(t, r, c.algorithm, "{at: 600ms, send: {to: B, type: wrong}}"), scenario.Options{World: c.world, Registry: r})
		v := out.Violated
		if v == nil || v.Node != "B" || v.What != c.says || v.At < 600*time.Millisecond {
			t.Errorf("%s, %s: %+v", c.world, c.algorithm, v)
			continue
		}
		first := out.Verdicts[0]
		if out.Held() || first.Held || !first.Measured || first.Expectation != "the invariant of node B" || !strings.Contains(first.Found, c.says) || len(out.Verdicts) != 2 {
			t.Errorf("%s: %+v", c.world, out.Verdicts)
		}
		if c.world == "sim" && (v.At >= time.Second || out.Ended >= time.Second) {
			t.Errorf("it is seen at %v, and the run ends at %v: a sample would have done", v.At, out.Ended)
		}
		if last := out.Events[len(out.Events)-1]; last.At != v.At || !strings.Contains(last.What, c.says) {
			t.Errorf("%s: the last event is %+v", c.world, last)
		}
	}
}

// What holds until the end holds: the end itself, in which links go down, is none of it.
// How often it is looked at changes nothing else.
func TestInvariantsThatHold(t *testing.T) {
	r := teachable()
	var before string
	for _, every := range []int{-1, 0, 1} {
		out := run(t, lesson(t, r, "taught", harmless), scenario.Options{World: "sim", Registry: r, InvariantEvery: every})
		held(t, out)
		now := fmt.Sprintf("%+v", out.Samples) + fmt.Sprint(out.Total(1, 1))
		if before != "" && now != before {
			t.Errorf("with %d: %s, and before %s", every, now, before)
		}
		before = now
	}
}

// A check of the whole overlay is made at its time, before what happens at it, and fails
// like an invariant.
func TestChecks(t *testing.T) {
	r := teachable()
	p := lesson(t, r, "taught", harmless)
	for _, c := range []struct {
		check scenario.Check
		at    time.Duration
	}{
		{scenario.Check{At: 300 * time.Millisecond}, 0}, // nothing was told yet
		{scenario.Check{At: 301 * time.Millisecond}, 301 * time.Millisecond},
		{scenario.Check{AtEnd: true}, time.Second},
		{scenario.Check{At: 2 * time.Second}, 0}, // never
	} {
		c.check.Holds = func(nodes map[string]core.Algorithm) error {
			if n := len(nodes["A"].(*taught).told); n > 0 {
				return fmt.Errorf("A was told %d things", n)
			}
			return nil
		}
		out := run(t, p, scenario.Options{World: "sim", Registry: r, Checks: []scenario.Check{c.check}})
		switch v := out.Violated; {
		case c.at == 0 && v != nil, c.at > 0 && (v == nil || v.At != c.at || v.Node != "" || out.Held()):
			t.Errorf("%+v: %+v", c.check, v)
		}
	}
	for _, bad := range []scenario.Options{
		{World: "live", Checks: []scenario.Check{{AtEnd: true, Holds: look(new([]string))}}},
		{World: "sim", Checks: []scenario.Check{{AtEnd: true}}},
		{World: "sim", Checks: []scenario.Check{{At: -1, Holds: look(new([]string))}}},
	} {
		bad.Registry = r
		if _, err := scenario.Run(t.Context(), p, bad); err == nil || !strings.Contains(err.Error(), "Options.Checks") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// Hunts find violations and make them small: the same violation, with other numbers in it.
func TestHuntsFindViolations(t *testing.T) {
	r := teachable()
	const churn = "{at: 100ms, churn: {nodes: B, rate: 3/s, down: 50ms, until: 900ms}}"
	src := strings.NewReplacer("ALGORITHM", "taught", "TIMELINE", churn).Replace(lessons)
	h := scenario.Hunter{Registry: r, Load: func(seed uint64) (*scenario.Plan, error) {
		return spec.Parse("test.yaml", []byte(src), spec.Options{Algorithms: r, Seed: &seed})
	}}
	found, err := h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 20})
	if err != nil || found == nil {
		t.Fatalf("%v, %v", found, err)
	}
	if !strings.Contains(found.Outcome.Failure, "invariant of node A") || !strings.Contains(found.Small.Failure, "1 links are down") || found.Small.FailedAt == 0 {
		t.Errorf("%+v, small %+v", found.Outcome, found.Small)
	}
	if len(found.Smallest.Faults) != 1 || !strings.Contains(found.Smallest.Faults[0].String(), "crash B") || found.Smallest.Duration >= time.Second {
		t.Errorf("what is left: %+v", found.Smallest)
	}
	// A check of the overlay is found as well, and without any fault.
	src = strings.NewReplacer("ALGORITHM", "taught", "TIMELINE", harmless).Replace(lessons)
	h = scenario.Hunter{Registry: r, Load: h.Load, InvariantEvery: -1, Checks: []scenario.Check{{At: 400 * time.Millisecond, Holds: func(nodes map[string]core.Algorithm) error {
		return fmt.Errorf("A was told %d things", len(nodes["A"].(*taught).told))
	}}}}
	found, err = h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 20})
	if err != nil || found == nil || !strings.Contains(found.Small.Failure, "check of the whole overlay") || len(found.Smallest.Faults) != 0 {
		t.Errorf("%v, %+v", err, found)
	}
}
