package scenariotest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/scenario"
	"github.com/ioverlay/ioverlay/scenario/scenariotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	run := scenariotest.Run(t, "../../examples/tree.yaml", scenariotest.Seed(9))
	run.Expect("distinct(n2..n15) = sent(n1)", "lost() = 0", "throughput(n15) > 50KBps after 1s")
	if got, want := run.Value("received(n15, app video)"), run.Value("sent(n1)"); got != want || got == 0 {
		t.Errorf("n15 received %.0f of %.0f messages", got, want)
	}
}

// complaints is a test that only takes notes.
type complaints struct{ all []string }

func (c *complaints) Helper() {}
func (c *complaints) Errorf(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}
func (c *complaints) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	panic(c)
}

const two = `name: two
duration: 1s
nodes: [A, B]
links: [A -> B]
applications: [{name: a, at: A, source: constant-rate, rate: 10/s}]
`

func TestWhatFailsTheTest(t *testing.T) {
	crash := scenariotest.With(scenario.Algorithm{Name: "crash", New: func(scenario.Env) (core.Algorithm, error) {
		return crasher{}, nil
	}})
	for _, c := range []struct {
		name, text, says string
		expect           string
	}{
		{"an expectation of the scenario", two + "expect: [sent(A) = 3]\n", "seed 0: sent(A) = 3: found", ""},
		{"one of the test", two, "sent(A) = 3: found", "sent(A) = 3"},
		{"one that makes no sense", two, "nothing called", "snet(A) = 3"},
		{"a mistake", "name: x\n", "is missing", ""},
		{"a panic", two + "algorithm: crash\n", "I cannot", ""},
	} {
		var got complaints
		func() {
			defer func() { _ = recover() }()
			r := scenariotest.RunText(&got, c.text, crash)
			if c.expect != "" {
				r.Expect(c.expect)
			}
		}()
		if len(got.all) == 0 || !strings.Contains(got.all[0], c.says) {
			t.Errorf("%s: %v", c.name, got.all)
		}
	}
}

type crasher struct{}

func (crasher) Bind(*core.Node)                {}
func (crasher) Process(*core.Msg) core.Verdict { panic("I cannot") }

func TestWatched(t *testing.T) {
	scenariotest.RunText(t, two, scenariotest.Watched(func(o *scenario.Options) { o.Order = sim.Shuffled })).Expect("received(B) = sent(A)")
}

// counter is an algorithm that counts what it is given.
type counter struct{ seen int }

func (c *counter) Bind(*core.Node) {}
func (c *counter) Process(*core.Msg) core.Verdict {
	c.seen++
	return core.Done
}

// A check of the whole overlay fails the test with its words, at a time or at the end.
func TestChecks(t *testing.T) {
	with := scenariotest.With(scenario.Algorithm{Name: "counter", New: func(scenario.Env) (core.Algorithm, error) { return &counter{}, nil }})
	const text = two + "algorithm: counter\n"
	looked := 0
	good := func(nodes map[string]core.Algorithm) error {
		if looked++; len(nodes) != 2 || nodes["A"].(*counter).seen == 0 {
			return fmt.Errorf("%v", nodes)
		}
		return nil
	}
	scenariotest.RunText(t, text, with, scenariotest.CheckAt(500*time.Millisecond, good), scenariotest.CheckEnd(good))
	if looked != 2 {
		t.Errorf("looked %d times", looked)
	}
	bad := func(map[string]core.Algorithm) error { return errors.New("the ring is open") }
	for at, opt := range map[string]scenariotest.Option{"at 500ms": scenariotest.CheckAt(500*time.Millisecond, bad), "at ": scenariotest.CheckEnd(bad)} {
		var got complaints
		scenariotest.RunText(&got, text, with, opt)
		if all := strings.Join(got.all, "\n"); !strings.Contains(all, "the ring is open") || !strings.Contains(all, at) {
			t.Errorf("%s: %s", at, all)
		}
	}
}
