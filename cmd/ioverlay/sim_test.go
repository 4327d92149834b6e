package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/scenario"
	results "github.com/ioverlay/ioverlay/scenario/result"
)

// impatient presses Ctrl-C when the program has made so many algorithms.
func impatient(cancel func(), after int64) *scenario.Registry {
	r := scenario.Shipped()
	var made atomic.Int64
	r.Add(scenario.Algorithm{Name: "impatient", New: func(scenario.Env) (core.Algorithm, error) {
		if made.Add(1) == after {
			cancel()
		}
		return &algos.Base{}, nil
	}})
	return r
}

// A hunt that is interrupted says how far it has come, and what it has found.
func TestInterruptedHunts(t *testing.T) {
	file := scenarioFile(t, strings.Replace(small, "nodes: [A..C]", "nodes: [A..B, {names: C, algorithm: impatient}]", 1))
	failing := scenarioFile(t, strings.NewReplacer("nodes: [A..C]", "nodes: [A..B, {names: C, algorithm: impatient}]", "= 10]", "= 11]").Replace(small))
	for _, c := range []struct {
		file  string
		after int64
		says  []string
	}{
		{file, 3, []string{"of 1000 seeds", "none of them fails"}},
		{failing, 3, []string{"seed 1 fails", "as it was found", "--duration 300ms", "before it was as small as it can be"}},
	} {
		for _, format := range []string{formatTable, formatJSON} {
			ctx, cancel := context.WithCancel(t.Context())
			var out strings.Builder
			a := &app{streams: streams{out: &out, err: io.Discard}, started: true}
			err := a.huntSeeds(ctx, simRunFlags{format: format, workers: 1}, c.file, impatient(cancel, c.after), 1, 1000)
			if code := a.exitCode(err); code != exitInterrupted {
				t.Errorf("exit code %d, %v", code, err)
			}
			if format == formatJSON {
				var r huntReport
				if err := json.Unmarshal([]byte(out.String()), &r); err != nil || r.Finished || r.Runs == 0 || (r.Failure != nil) != (c.file == failing) {
					t.Errorf("%v: %+v in %s", err, r, out.String())
				}
				continue
			}
			for _, says := range c.says {
				if !strings.Contains(out.String(), says) {
					t.Errorf("%q is not in\n%s", says, out.String())
				}
			}
		}
	}
}

// cancelling presses Ctrl-C at the first output.
type cancelling struct {
	strings.Builder
	cancel func()
}

func (c *cancelling) Write(p []byte) (int, error) { c.cancel(); return c.Builder.Write(p) }

// A simulation that is interrupted keeps its trace and what was measured until then.
func TestInterruptedSimulations(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &cancelling{cancel: cancel}
	long := strings.NewReplacer("300ms", "10h", ", messages: 10", "", "expect: [received(B) = 10]", "record: {every: 1s}").Replace(small)
	a := &app{streams: streams{out: out, err: io.Discard}}
	root := a.root()
	root.SetArgs([]string{"sim", scenarioFile(t, long), "--trace", "-"})
	err := root.ExecuteContext(ctx)
	if code := a.exitCode(err); code != exitInterrupted || !strings.Contains(out.String(), "Stopped at") || !strings.Contains(out.String(), "| A ") {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// A hunt reports the failure as it was found beside what it was made to.
func TestHuntsReportTheOriginal(t *testing.T) {
	file := scenarioFile(t, strings.Replace(small, "= 10]", "= 11]", 1))
	r := inside("sim", file, "--seeds", "3..5", "--until-fail")
	for _, says := range []string{"as it was found, with all 1 faults in 0.3s", "received(B) = 11: found 10", "--seed 3 --duration 300ms --no-faults --fault \"200ms crash C\""} {
		if r.code != exitViolation || !strings.Contains(r.out, says) {
			t.Errorf("exit code %d; %q is not in\n%s%s", r.code, says, r.out, r.err)
		}
	}
	if r = inside("sim", file, "--duration", "301ms"); r.code != exitUsage || !strings.Contains(r.err, "at most 300ms") {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	// What begins later than a shorter run is no reason to go on.
	r = inside("sim", scenarioFile(t, strings.Replace(small, "received(B) = 10", "throughput(B) > 0Bps between 50ms and 290ms", 1)), "--duration", "100ms", "--format", "json")
	var report results.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.DurationS != 0.1 || r.code != exitViolation || report.Expectations[0].Measured {
		t.Errorf("exit code %d, %v: %s", r.code, err, r.out)
	}
}

// A directory that cannot be written to is found before the run, not after it; and
// results say where they come from.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "file")
	if err := os.WriteFile(taken, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	long := scenarioFile(t, strings.Replace(small, "300ms", "100h", 1))
	if r := inside("run", long, "--world", "live", "--out", filepath.Join(taken, "out")); r.code != exitFailed || !strings.Contains(r.err, "directory for results") {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	file, out := scenarioFile(t, small), filepath.Join(dir, "out")
	if r := inside("run", file, "--seed", "9", "--out", out); r.code != exitOK {
		t.Fatal(r.err)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left", e.Name())
		}
	}
	text, err := os.ReadFile(filepath.Join(out, results.JSONName))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	var report results.Report
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &report); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	o := report.Origin
	if err != nil || report.Scenario != "small" || report.Seed != 9 || o.File != file || o.Version == "" || o.Host.Name != host || o.Host.Cores < 1 ||
		o.Started.IsZero() || strings.Join(o.Command, " ") != "ioverlay run "+file+" --seed 9 --out "+out {
		t.Errorf("%+v", report)
	}
}

// The kinds of cases of which a run would have lied: what each comes to.
func TestRunsThatMustNotSucceed(t *testing.T) {
	const base = `name: base
duration: 300ms
nodes: [A..C]
links: [A -> B -> C]
applications: [{name: s, at: A, source: constant-rate, rate: 50 messages/s, payload: 60B}]
`
	for _, c := range []struct {
		more string
		code int
		says string
	}{
		{"expect: [received(B) = received(C) / 0]", exitViolation, "a division by 0"},
		{"expect: [sent(B) / sent(C) = 1]", exitViolation, "a division by 0"},
		{"expect: [lost(A) / received(A) <= 1%]", exitViolation, "a division by 0"},
		{"expect: [throughput(A -> C) = 0Bps]", exitViolation, "A -> C never was there"},
		{"expect: [received(C -> B) = 0]", exitViolation, "C -> B never was there"},
		{"timeline: [{at: 100ms, cut: A -> C}]", exitUsage, ":6:31: there is no link A -> C"},
		{"timeline: [{at: 100ms, heal: B -> A}]", exitUsage, ":6:32: there is no link B -> A"},
		{"timeline: [{at: 100ms, set: {links: B -> C, rate: 0.1Bps}}]", exitUsage, ":6:51: 0.1Bps cannot be used"},
		{"bandwidth: {up: 0Mbps}", exitUsage, ":6:17: 0Bps cannot be used"},
		{"expect: [received(B) = 15, received(C) = 15, sent(A) = 15]", exitOK, "ok"},
	} {
		for _, world := range []string{"sim", "live"} {
			r := inside("run", scenarioFile(t, base+c.more+"\n"), "--world", world)
			if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
				t.Errorf("%s, %s: exit code %d, want %d with %q\n%s%s", world, c.more, r.code, c.code, c.says, r.out, r.err)
			}
		}
	}
}
