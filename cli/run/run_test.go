package run

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	results "github.com/ioverlay/ioverlay/scenario/result"
)

func TestRunExitCodes(t *testing.T) {
	good := clitest.Scenario(t, clitest.Small)
	fails := clitest.Scenario(t, strings.Replace(clitest.Small, "= 10]", "= 11]", 1))
	wrong := clitest.Scenario(t, strings.Replace(clitest.Small, "300ms", "300", 1))
	for _, c := range []struct {
		args []string
		code int
		says string // on either output
	}{
		{[]string{"run", good}, console.ExitOK, "received(B) = 10"},
		{[]string{"run", good, "--world", "live"}, console.ExitOK, "world live"},
		{[]string{"run", good, "--check"}, console.ExitOK, "3 nodes, 2 links, 1 applications, 2 steps, 1 expectations"},
		{[]string{"run", fails}, console.ExitViolation, "FAILED"},
		{[]string{"run", wrong}, console.ExitUsage, "s.yaml:2:11: a unit is missing"},
		{[]string{"run", wrong, "--check"}, console.ExitUsage, "a unit is missing"},
		{[]string{"run", good + ".no"}, console.ExitUsage, "no such file"},
		{[]string{"run", good, "--world", "moon"}, console.ExitUsage, "sim, live or proc"},
		{[]string{"run", good, "--format", "xml"}, console.ExitUsage, "table or json"},
		{[]string{"run", good, "--out", good}, console.ExitFailed, "directory for results"},
		{[]string{"run"}, console.ExitUsage, "arg"},
		{[]string{"schema"}, console.ExitOK, `"iOverlay scenario"`},
		{[]string{"compare", t.TempDir(), t.TempDir()}, console.ExitFailed, "ioverlay run --out"},
		{[]string{"sim", good, "--seeds", "1..x", "--until-fail"}, console.ExitUsage, "1..10000"},
		{[]string{"sim", good, "--seeds", "1..3"}, console.ExitUsage, "--until-fail"},
		{[]string{"sim", good, "--seeds", "1..3", "--until-fail"}, console.ExitOK, "none fails"},
		{[]string{"sim", fails, "--seeds", "1..3", "--until-fail"}, console.ExitViolation, "run it again with:"},
		{[]string{"sim", good, "--fault", "1s crash A"}, console.ExitUsage, "--no-faults"},
		{[]string{"sim", good, "--no-faults", "--fault", "1s crush A"}, console.ExitUsage, "crash, restart"},
		{[]string{"sim", good, "--no-faults", "--fault", "0s crash X"}, console.ExitUsage, "X"},
		{[]string{"sim", good, "--no-faults", "--fault", "0s crash A"}, console.ExitViolation, "FAILED"},
		{[]string{"sim", wrong, "--seeds", "1..3", "--until-fail"}, console.ExitUsage, "a unit is missing"},
	} {
		r := inside(c.args...)
		if r.Code != c.code || !strings.Contains(r.Out+r.Err, c.says) {
			t.Errorf("%v: exit code %d, want %d with %q\n%s%s", c.args, r.Code, c.code, c.says, r.Out, r.Err)
		}
	}
}

func TestRunWritesAndCompares(t *testing.T) {
	file, a, b := clitest.Scenario(t, clitest.Small), t.TempDir(), t.TempDir()
	r := inside("run", file, "--out", a, "--format", "json", "--seed", "7")
	var report results.Report
	if err := json.Unmarshal([]byte(r.Out), &report); r.Code != console.ExitOK || err != nil || report.Seed != 7 || !report.Held || len(report.Nodes) != 3 {
		t.Fatalf("%v, %+v, %s", err, report, r.Err)
	}
	if r = inside("run", file, "--out", b, "--world", "live"); r.Code != console.ExitOK || !strings.Contains(r.Out, "throughput-links.svg") {
		t.Fatalf("%s%s", r.Out, r.Err)
	}
	if r = inside("compare", a, b); r.Code != console.ExitOK || !strings.Contains(r.Out, "A -> B") || !strings.Contains(r.Out, "sim, seed 7") {
		t.Errorf("%s%s", r.Out, r.Err)
	}
	var c results.Comparison
	if r = inside("compare", a, b, "--format", "json"); json.Unmarshal([]byte(r.Out), &c) != nil || len(c.Series) != 5 {
		t.Errorf("%s%s", r.Out, r.Err)
	}
}

// The proc world starts this program again for each node, as the real one does.
func TestRunWithAProcessANode(t *testing.T) {
	r := clitest.Finish(t, clitest.Program(t, "run", clitest.Scenario(t, clitest.Small), "--world", "proc"))
	if r.Code != console.ExitOK || !strings.Contains(r.Out, "world proc") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
}

func TestHuntForPrograms(t *testing.T) {
	for _, c := range []struct{ text, failure string }{{clitest.Small, ""}, {strings.Replace(clitest.Small, "= 10]", "= 11]", 1), "received(B) = 11: found"}} {
		r := inside("sim", clitest.Scenario(t, c.text), "--seeds", "1..3", "--until-fail", "--format", "json")
		var report huntReport
		if err := json.Unmarshal([]byte(r.Out), &report); err != nil || (report.Failure != nil) != (c.failure != "") {
			t.Errorf("%v in %s", err, r.Out)
			continue
		}
		if f := report.Failure; f != nil && (f.Seed != 1 || !strings.Contains(f.What, c.failure) || !strings.Contains(f.Command, "--seed 1")) {
			t.Errorf("%+v", f)
		}
	}
}

// The same seed gives the same trace, another one another.
func TestSimTraces(t *testing.T) {
	file, dir := clitest.Scenario(t, clitest.Small), t.TempDir()
	hash := func(name, seed string, more ...string) string {
		r := inside(append([]string{"sim", file, "--seed", seed, "--trace", filepath.Join(dir, name)}, more...)...)
		_, h, ok := strings.Cut(r.Err, "trace ")
		if r.Code != console.ExitOK || !ok {
			t.Fatalf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
		}
		return strings.TrimSpace(h)
	}
	one, again := hash("one", "1"), hash("again", "1")
	if one != again || one == hash("two", "2") {
		t.Errorf("the traces have the hashes %s and %s", one, again)
	}
	if r := inside("trace", "diff", filepath.Join(dir, "one"), filepath.Join(dir, "again")); r.Code != console.ExitOK {
		t.Errorf("%s%s", r.Out, r.Err)
	}
	if r := inside("trace", "show", filepath.Join(dir, "one"), "--kind", "fault"); !strings.Contains(r.Out, "crash C") {
		t.Errorf("%s%s", r.Out, r.Err)
	}
}

// Ctrl-C ends a run in real time: its exit code says so, and what was measured until then is
// on standard output and in files that can be read.
func TestInterruptedRunsKeepWhatTheyMeasured(t *testing.T) {
	file := clitest.Scenario(t, `name: long
duration: 60s
record: {every: 100ms}
nodes: [A..C]
links: [A -> B -> C]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B}]
`)
	for _, w := range []string{"live", "proc"} {
		t.Run(w, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			out := t.TempDir()
			// A machine with much to do may take long to start the nodes: then there is nothing to report yet.
			for wait := time.Second; stdout.Len() == 0 && wait < time.Minute; wait *= 2 {
				cmd := clitest.Program(t, "run", file, "--world", w, "--out", out, "--format", "json")
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(wait)
				if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait() // it is the exit code that counts
				if code := cmd.ProcessState.ExitCode(); code != console.ExitInterrupted {
					t.Fatalf("exit code %d, want %d: %s%s", code, console.ExitInterrupted, stdout.String(), stderr.String())
				}
			}
			var report results.Report
			if err := json.Unmarshal(stdout.Bytes(), &report); err != nil || !report.Stopped || report.DurationS <= 0 || report.DurationS >= 60 {
				t.Fatalf("%v: %+v", err, report)
			}
			text, err := os.ReadFile(filepath.Join(out, "results.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			for _, line := range lines {
				if !json.Valid([]byte(line)) {
					t.Fatalf("a line of the results is no JSON: %s", line)
				}
			}
			if last := lines[len(lines)-1]; len(lines) < 3 || !strings.Contains(last, `"kind":"summary"`) {
				t.Errorf("%d lines, the last %s", len(lines), last)
			}
		})
	}
}
