package experiment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/cli/run"
	"github.com/ioverlay/ioverlay/experiment"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// program has the commands of this package, and what makes processes of nodes.
var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	if os.Getenv(withStuck) != "" {
		register(a.Registry)
	}
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a), Child(a), run.Child(a)))
}

const small = `name: small
scenario: |
  name: two
  duration: 500ms
  nodes: [A, B]
  links: [A -> B]
  applications: [{name: s, at: A, source: constant-rate, rate: ${rate}, payload: 100B}]
  expect: ["sent(A) <= 15"]
factors: {rate: [20/s, RATE]}
seeds: 1..2
measures: {arrived: distinct(B)}
`

func file(t *testing.T, rate string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(small, "RATE", rate, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// measuring is that experiment with another measure.
func measuring(t *testing.T, measure string) string {
	t.Helper()
	path := file(t, "30/s")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.Replace(string(text), "arrived: distinct(B)", "arrived: "+measure, 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodesAndOutput(t *testing.T) {
	good, bad, out := file(t, "30/s"), file(t, "60/s"), t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{good, "--check"}, 0, "1 factors, 2 combinations, 2 seeds, 1 measures: 4 runs"},
		{[]string{good, "--out", out, "--no-charts"}, 0, "4 of 4 runs"},
		{[]string{good, "--out", out, "--seeds", "1..3", "--no-charts"}, 0, "6 of 6 runs, world sim, 4 of them by earlier calls"},
		{[]string{bad, "--out", t.TempDir(), "--no-charts"}, 1, "sent(A) <= 15: found 30"},
		{[]string{measuring(t, "lost() / received(A)"), "--out", t.TempDir(), "--no-charts"}, 1, "the measure arrived has no value in any run ("},
		{[]string{measuring(t, "{of: lost() / received(A), optional: true}"), "--out", t.TempDir(), "--no-charts"}, 0, "4 values are missing"},
		{[]string{measuring(t, "{of: distinct(B), optional: perhaps}"), "--check"}, 2, `"perhaps" is not allowed here`},
		{[]string{file(t, "fast"), "--check"}, 2, `small.yaml:7:`},
		{[]string{good, "--world", "dream"}, 2, "--world"},
		{[]string{good, "--seeds", "2..1"}, 2, "--seeds"},
		{[]string{"compare", out, out}, 0, "no difference seen"},
		{[]string{"compare", out, t.TempDir()}, 2, experiment.BundleName},
	} {
		r := program.Inside(append([]string{"experiment"}, c.args...)...)
		if r.Code != c.code || !strings.Contains(r.Out+r.Err, c.says) {
			t.Errorf("%v: exit code %d, want %d with %q\n%s%s", c.args, r.Code, c.code, c.says, r.Out, r.Err)
		}
	}
}

func TestJSON(t *testing.T) {
	out := t.TempDir()
	r := program.Inside("experiment", file(t, "30/s"), "--out", out, "--no-charts", "--format", "json")
	var a experiment.Analysis
	if err := json.Unmarshal([]byte(r.Out), &a); err != nil || a.Runs != 4 || len(a.Cells) != 2 || a.Cells[1].Mean != 15 {
		t.Errorf("%v\n%s", err, r.Out)
	}
	r = program.Inside("experiment", "compare", out, out, "--format", "json")
	var d experiment.Differences
	if err := json.Unmarshal([]byte(r.Out), &d); err != nil || len(d.Rows) != 2 {
		t.Errorf("%v\n%s", err, r.Out)
	}
}

// The other worlds run the same file, one run after another.
func TestRealTime(t *testing.T) {
	if testing.Short() {
		t.Skip("processes take a while")
	}
	for _, world := range []string{"live", "proc"} {
		// In a process of its own: the nodes are processes of the same program, not of these tests.
		r := clitest.Finish(t, clitest.Program(t, "experiment", file(t, "30/s"), "--out", t.TempDir(), "--no-charts", "--world", world, "--seeds", "1"))
		if r.Code != 0 || !strings.Contains(r.Out, "2 of 2 runs, world "+world) {
			t.Errorf("%s: exit code %d\n%s%s", world, r.Code, r.Out, r.Err)
		}
	}
}
