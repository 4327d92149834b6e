package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/bufpool/slabtest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim/hunt"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/result"
	"github.com/ioverlay/ioverlay/scenario/spec"
	"github.com/ioverlay/ioverlay/scenario/world"
)

// childArgument makes this test program a node of the proc world.
const childArgument = "be-a-node"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		if err := world.ServeChild(withTaught(withGreeter(withDiarist())), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(slabtest.Main{M: m})
}

// parse reads a scenario of a test.
func parse(t *testing.T, r *scenario.Registry, src string) *scenario.Plan {
	t.Helper()
	p, err := spec.Parse("test.yaml", []byte(src), spec.Options{Algorithms: r})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// settle is how long what is counted in real time may take to arrive: on a machine that is busy with other
// tests, a link has moved a fortieth of its rate. A drain ends as soon as nothing moves, so it costs nothing.
const settle = 2 * time.Minute

func run(t *testing.T, p *scenario.Plan, o scenario.Options) *scenario.Result {
	t.Helper()
	o.Child = child(t)
	if o.World != "sim" && p.Drain > 0 {
		p.Drain = max(p.Drain, settle)
	}
	r, err := scenario.Run(t.Context(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// held fails the test for expectations that did not hold.
func held(t *testing.T, r *scenario.Result) {
	t.Helper()
	for _, v := range r.Verdicts {
		if !v.Held {
			t.Errorf("%s, world %s: %s: found %s", r.Plan.Name, r.World, v.Expectation, v.Found)
		}
	}
}

func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	return files
}

// Every example holds in virtual time, and twice alike: whatever the processors do,
// the same seed gives the same samples.
func TestExamplesInVirtualTime(t *testing.T) {
	for _, file := range examples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := scenario.Load(file, scenario.Shipped())
			if err != nil {
				t.Fatal(err)
			}
			first := run(t, p, scenario.Options{World: "sim"})
			held(t, first)
			again := run(t, p, scenario.Options{World: "sim"})
			if !reflect.DeepEqual(rows(t, first), rows(t, again)) || !reflect.DeepEqual(first.Events, again.Events) {
				t.Error("the same seed gave two runs")
			}
		})
	}
}

// rows are all rows of a run's results.
func rows(t *testing.T, r *scenario.Result) (all []result.Row) {
	t.Helper()
	if err := r.Rows(func(row result.Row) error { all = append(all, row); return nil }); err != nil || len(all) == 0 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	return all
}

// Every example runs in real time too, a few at once: they mostly wait. What does not
// depend on how fast the machine is must hold; the rest is in the log.
func TestExamplesInRealTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the longest example")
	}
	var all sync.WaitGroup
	few := make(chan struct{}, 3)
	for _, file := range examples(t) {
		p, err := scenario.Load(file, scenario.Shipped())
		if err != nil {
			t.Fatal(err)
		}
		if p.Duration > time.Minute { // the demo, which cli/demo runs for as long as somebody looks
			continue
		}
		p.Drain = max(p.Drain, settle)
		for _, w := range []string{"live", "proc"} {
			all.Go(func() {
				few <- struct{}{}
				defer func() { <-few }()
				r, err := scenario.Run(t.Context(), p, scenario.Options{World: w, Child: child(t)})
				if err != nil {
					t.Errorf("%s, %s: %v", p.Name, w, err)
					return
				}
				checkRealTime(t, r)
			})
		}
	}
	all.Wait()
}

func checkRealTime(t *testing.T, r *scenario.Result) {
	for i, v := range r.Verdicts {
		switch {
		case v.Held:
		case r.Plan.Expect[i].Timed():
			t.Logf("%s, %s: %s: found %s, on a busy machine perhaps", r.Plan.Name, r.World, v.Expectation, v.Found)
		default:
			t.Errorf("%s, %s: %s: found %s", r.Plan.Name, r.World, v.Expectation, v.Found)
		}
	}
}

// child is the command line of a node's process.
func child(t *testing.T) []string {
	program, err := os.Executable()
	if err != nil {
		t.Error(err)
	}
	return []string{program, childArgument}
}

// What worlds count does not depend on how busy the machine is.
const counts = `name: counts
seed: 1
duration: 4s
drain: 10s
transport: TRANSPORT
nodes:
  - A..D
  - {names: late, starts: 200ms}
links:
  - A -> B -> C
  - C -> D
  - B -> late
applications:
  - {name: a, at: A, source: constant-rate, rate: 200 messages/s, payload: 100B, from: 400ms, messages: 100}
  - {name: b, at: B, source: back-to-back, payload: 1000B, messages: 500, from: 300ms}
timeline:
  - {at: 0s, set: {links: A -> B, latency: 5ms}}
  - {at: 100ms, slow: {nodes: C, per-message: 500us}}
  - {at: 100ms, join: {nodes: D, application: a}}
  - {at: 3s, stop: late}
  - {at: 3900ms, kill: late}
expect:
  - received(D, app a) = 100
  - received(D, app b) = 500
  - distinct(D) = sent()
  - received(C -> D) = received(B -> C)
  - alive() = 5 at 2900ms
  - alive(late) = 0
  - lost() = 0
`

func TestWorldsCountAlike(t *testing.T) {
	for _, c := range []struct{ world, transport string }{{"sim", "tcp"}, {"live", "tcp"}, {"live", "mem"}, {"proc", "tcp"}} {
		t.Run(c.world+" "+c.transport, func(t *testing.T) {
			p := parse(t, scenario.Shipped(), strings.Replace(counts, "TRANSPORT", c.transport, 1))
			r := run(t, p, scenario.Options{World: c.world})
			if c.world == "sim" {
				held(t, r)
			} else {
				checkRealTime(t, r)
			}
		})
	}
}

const failing = `name: failing
seed: 3
duration: 1s
drain: 1s
nodes: [A..C]
links: [A -> B -> C]
applications:
  - {name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}
timeline:
  - {at: 300ms, kill: B}
  - {at: 600ms, restart: B}
expect:
  - received(C) < 80
  - received(C) > 20
  - sent(A) >= 95
  - lost() > 0
  - alive(B) = 0 at 500ms
  - alive(B) = 1 at 1s
  - alive(B) = 1
`

// A node that is killed and comes back, under the same address, in every world. What
// it counted before is not forgotten.
func TestKillAndRestart(t *testing.T) {
	for _, w := range world.Names {
		t.Run(w, func(t *testing.T) {
			r := run(t, parse(t, scenario.Shipped(), failing), scenario.Options{World: w})
			if w == "sim" {
				held(t, r)
				return
			}
			for _, i := range []int{3, 6} {
				if v := r.Verdicts[i]; !v.Held {
					t.Errorf("%s: found %s", v.Expectation, v.Found)
				}
			}
		})
	}
}

// Cuts and partitions stop what crosses them, and healing lets it through.
func TestCutAndHeal(t *testing.T) {
	const src = `name: cut
duration: 3s
nodes: [A..D]
links: [A -> B, A -> C, C -> D]
applications:
  - {name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}
timeline:
  - {at: 1s, cut: A -> B}
  - {at: 1s, partition: ["A, B", "C, D"]}
  - {at: 1500ms, heal: A <-> C}
  - {at: 2s, heal: all}
expect:
  - throughput(A -> B) = 0Bps between 1100ms and 2s
  - throughput(A -> C) = 0Bps between 1100ms and 1500ms
  - throughput(A -> C) > 0Bps between 1500ms and 2s
  - received(B..D) = sent(A)
`
	for _, w := range world.Names {
		r := run(t, parse(t, scenario.Shipped(), src), scenario.Options{World: w})
		if w == "sim" {
			held(t, r)
		} else if v := r.Verdicts[3]; !v.Held {
			t.Errorf("%s: %s: found %s", w, v.Expectation, v.Found)
		}
	}
}

// crasher panics at its fifth message.
type crasher struct {
	algos.Base
	n int
}

func (c *crasher) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeData {
		if c.n++; c.n == 5 {
			panic("five is too many")
		}
	}
	return c.Base.Process(m)
}

func withCrasher() *scenario.Registry {
	r := scenario.Shipped()
	r.Add(scenario.Algorithm{Name: "crasher", New: func(scenario.Env) (core.Algorithm, error) { return &crasher{}, nil }})
	return r
}

const crashing = `name: crashing
duration: 1s
nodes: [A, {names: B, algorithm: crasher}]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}]
`

// A program adds its own algorithm; and one that panics ends the run, which says so.
func TestAnAlgorithmThatPanics(t *testing.T) {
	for _, w := range []string{"sim", "live"} {
		r := withCrasher()
		out, err := scenario.Run(t.Context(), parse(t, r, crashing), scenario.Options{World: w, Registry: r})
		if !errors.Is(err, scenario.ErrCrashed) || !strings.Contains(err.Error(), "node B") || !strings.Contains(err.Error(), "five is too many") {
			t.Errorf("%s: %v", w, err)
		}
		if out == nil || len(out.Samples) == 0 {
			t.Errorf("%s: what was measured until then is gone", w)
		}
	}
}

// Who has had enough gets what was measured until then.
func TestInterrupted(t *testing.T) {
	for _, w := range world.Names[:2] {
		ctx, cancel := context.WithCancel(t.Context())
		p := parse(t, scenario.Shipped(), strings.Replace(failing, "duration: 1s", "duration: 1h", 1))
		out, err := scenario.Run(ctx, p, scenario.Options{World: w, Progress: func(done, _ time.Duration) {
			if done > 200*time.Millisecond {
				cancel()
			}
		}})
		cancel()
		if err != nil || out == nil || !out.Stopped || len(out.Samples) < 2 || out.Ended >= time.Hour {
			t.Errorf("%s: %v, %+v", w, err, out)
		}
	}
}

func TestHunt(t *testing.T) {
	src := strings.Replace(failing, "  - {at: 300ms, kill: B}\n  - {at: 600ms, restart: B}\n",
		"  - {at: 100ms, churn: {nodes: \"B, C\", rate: 1/s, down: 200ms}}\n", 1)
	src, _, _ = strings.Cut(src, "expect:")
	src += "expect: [received(C) = sent(A)]\n"
	h := scenario.Hunter{Load: func(seed uint64) (*scenario.Plan, error) {
		return spec.Parse("test.yaml", []byte(src), spec.Options{Algorithms: scenario.Shipped(), Seed: &seed})
	}}
	found, err := h.Hunt(t.Context(), hunt.Plan{First: 1, Last: 50})
	if err != nil || found == nil || len(found.Smallest.Faults) != 1 || !strings.Contains(found.Small.Failure, "received(C) = sent(A)") {
		t.Fatalf("%v, %+v", err, found)
	}
	plan, err := h.Load(found.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err = scenario.WithFaults(plan, found.Smallest.Faults, found.Smallest.Duration); err != nil {
		t.Fatal(err)
	}
	if r := run(t, plan, scenario.Options{World: "sim"}); r.Held() {
		t.Error("what was found does not fail when it is run again")
	}
}
