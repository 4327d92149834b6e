package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/wire"
	"github.com/ioverlay/ioverlay/experiment"
	"github.com/ioverlay/ioverlay/scenario"
)

// withStuck is the environment variable that gives the program, and its children, what register adds.
const withStuck = "IOVERLAY_TEST_STUCK"

// stuck does at its start what should be nobody's but its own run's: "hangs" does not return, "exits" ends the
// process, "prints" writes to standard output, and "looks" counts in its gauge the runs beside it that hang.
type stuck struct {
	algos.Base
	how string
}

func (s *stuck) Process(m *core.Msg) core.Verdict {
	if m.Type() == wire.TypeStarted {
		switch s.how {
		case "hangs":
			for s.how != "" {
				s.how = "hangs"
			}
		case "exits":
			fmt.Fprintln(os.Stderr, "I have had enough")
			os.Exit(0)
		case "prints":
			fmt.Println("hello")
		}
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		s.Node.Gauge("beside").Set(float64(bytes.Count(stacks, []byte("(*stuck).Process(")) - 1))
	}
	return s.Base.Process(m)
}

func register(r *scenario.Registry) {
	for _, how := range []string{"hangs", "exits", "prints", "looks"} {
		r.Add(scenario.Algorithm{Name: "stuck-" + how, New: func(scenario.Env) (core.Algorithm, error) { return &stuck{how: how}, nil }})
	}
}

const spoiling = `name: spoiling
scenario: |
  name: one
  duration: 100ms
  nodes: [A]
  links: []
  algorithm: stuck-${how}
  applications: []
factors: {how: [hangs, exits, prints, looks]}
seeds: 1..2
measures: {beside: "metric(beside, A)"}
`

// What an algorithm does to the process that it runs in is done to its own run only.
func TestRunsDoNotSpoilOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the watchdog")
	}
	path := filepath.Join(t.TempDir(), "x.yaml")
	if err := os.WriteFile(path, []byte(spoiling), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, world := range []string{"sim", "live"} {
		cmd := clitest.Program(t, "experiment", path, "--out", t.TempDir(), "--no-charts", "--world", world, "--workers", "1", "--hang-after", "600ms", "--format", "json")
		cmd.Env = append(cmd.Env, withStuck+"=1")
		r := clitest.Finish(t, cmd)
		var a experiment.Analysis
		if err := json.Unmarshal([]byte(r.Out), &a); err != nil || r.Code != 1 || a.Runs != 8 || a.Failed != 4 {
			t.Fatalf("%s: %v, exit code %d\n%s\n%s", world, err, r.Code, r.Out, r.Err)
		}
		for _, c := range a.Cells {
			switch how := c.Levels["how"]; {
			case (how == "hangs" || how == "exits") && c.Failed != 2:
				t.Errorf("%s: %+v", world, c)
			case (how == "prints" || how == "looks") && (c.N != 2 || c.Max != 0):
				t.Errorf("%s: a run of %s had others beside it that hang: %+v", world, how, c)
			}
		}
		if strings.Contains(r.Out, "hello") {
			t.Errorf("%s: %s", world, r.Out)
		}
	}
}
