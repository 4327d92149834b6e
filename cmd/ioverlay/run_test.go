package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	results "github.com/ioverlay/ioverlay/scenario/result"
)

// small is a scenario that takes next to no time.
const small = `name: small
duration: 300ms
nodes: [A..C]
links: [A -> B -> C]
applications: [{name: a, at: A, source: constant-rate, rate: 100 messages/s, payload: 100B, messages: 10}]
timeline: [{at: 200ms, kill: C}]
expect: [received(B) = 10]
`

// scenarioFile writes a scenario and returns its path.
func scenarioFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunExitCodes(t *testing.T) {
	good := scenarioFile(t, small)
	fails := scenarioFile(t, strings.Replace(small, "= 10]", "= 11]", 1))
	wrong := scenarioFile(t, strings.Replace(small, "300ms", "300", 1))
	for _, c := range []struct {
		args []string
		code int
		says string // on either output
	}{
		{[]string{"run", good}, exitOK, "received(B) = 10"},
		{[]string{"run", good, "--world", "live"}, exitOK, "world live"},
		{[]string{"run", good, "--check"}, exitOK, "3 nodes, 2 links, 1 applications, 2 steps, 1 expectations"},
		{[]string{"run", fails}, exitViolation, "FAILED"},
		{[]string{"run", wrong}, exitUsage, "s.yaml:2:11: a unit is missing"},
		{[]string{"run", wrong, "--check"}, exitUsage, "a unit is missing"},
		{[]string{"run", good + ".no"}, exitUsage, "no such file"},
		{[]string{"run", good, "--world", "moon"}, exitUsage, "sim, live or proc"},
		{[]string{"run", good, "--format", "xml"}, exitUsage, "table or json"},
		{[]string{"run", good, "--out", good}, exitFailed, "directory for results"},
		{[]string{"run"}, exitUsage, "arg"},
		{[]string{"schema"}, exitOK, `"iOverlay scenario"`},
		{[]string{"compare", t.TempDir(), t.TempDir()}, exitFailed, "ioverlay run --out"},
		{[]string{"sim", good, "--seeds", "1..x", "--until-fail"}, exitUsage, "1..10000"},
		{[]string{"sim", good, "--seeds", "1..3"}, exitUsage, "--until-fail"},
		{[]string{"sim", good, "--seeds", "1..3", "--until-fail"}, exitOK, "none fails"},
		{[]string{"sim", fails, "--seeds", "1..3", "--until-fail"}, exitViolation, "run it again with:"},
		{[]string{"sim", good, "--fault", "1s crash A"}, exitUsage, "--no-faults"},
		{[]string{"sim", good, "--no-faults", "--fault", "1s crush A"}, exitUsage, "crash, restart"},
		{[]string{"sim", good, "--no-faults", "--fault", "0s crash X"}, exitUsage, "X"},
		{[]string{"sim", good, "--no-faults", "--fault", "0s crash A"}, exitViolation, "FAILED"},
		{[]string{"sim", wrong, "--seeds", "1..3", "--until-fail"}, exitUsage, "a unit is missing"},
		{[]string{"bench", "agreement", "--worlds", "proc"}, exitUsage, "sim, live"},
	} {
		r := inside(c.args...)
		if r.code != c.code || !strings.Contains(r.out+r.err, c.says) {
			t.Errorf("%v: exit code %d, want %d with %q\n%s%s", c.args, r.code, c.code, c.says, r.out, r.err)
		}
	}
}

func TestRunWritesAndCompares(t *testing.T) {
	file, a, b := scenarioFile(t, small), t.TempDir(), t.TempDir()
	r := inside("run", file, "--out", a, "--format", "json", "--seed", "7")
	var report results.Report
	if err := json.Unmarshal([]byte(r.out), &report); r.code != exitOK || err != nil || report.Seed != 7 || !report.Held || len(report.Nodes) != 3 {
		t.Fatalf("%v, %+v, %s", err, report, r.err)
	}
	if r = inside("run", file, "--out", b, "--world", "live"); r.code != exitOK || !strings.Contains(r.out, "throughput-links.svg") {
		t.Fatalf("%s%s", r.out, r.err)
	}
	if r = inside("compare", a, b); r.code != exitOK || !strings.Contains(r.out, "A -> B") || !strings.Contains(r.out, "sim, seed 7") {
		t.Errorf("%s%s", r.out, r.err)
	}
	var c results.Comparison
	if r = inside("compare", a, b, "--format", "json"); json.Unmarshal([]byte(r.out), &c) != nil || len(c.Series) != 5 {
		t.Errorf("%s%s", r.out, r.err)
	}
}

// The proc world starts this program again for each node, as the real one does.
func TestRunWithAProcessANode(t *testing.T) {
	r := finish(t, program(t, "run", scenarioFile(t, small), "--world", "proc"))
	if r.code != exitOK || !strings.Contains(r.out, "world proc") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
}

func TestHuntForPrograms(t *testing.T) {
	for _, c := range []struct{ text, failure string }{{small, ""}, {strings.Replace(small, "= 10]", "= 11]", 1), "received(B) = 11: found"}} {
		r := inside("sim", scenarioFile(t, c.text), "--seeds", "1..3", "--until-fail", "--format", "json")
		var report huntReport
		if err := json.Unmarshal([]byte(r.out), &report); err != nil || (report.Failure != nil) != (c.failure != "") {
			t.Errorf("%v in %s", err, r.out)
			continue
		}
		if f := report.Failure; f != nil && (f.Seed != 1 || !strings.Contains(f.What, c.failure) || !strings.Contains(f.Command, "--seed 1")) {
			t.Errorf("%+v", f)
		}
	}
}

// The same seed gives the same trace, another one another.
func TestSimTraces(t *testing.T) {
	file, dir := scenarioFile(t, small), t.TempDir()
	hash := func(name, seed string, more ...string) string {
		r := inside(append([]string{"sim", file, "--seed", seed, "--trace", filepath.Join(dir, name)}, more...)...)
		_, h, ok := strings.Cut(r.err, "trace ")
		if r.code != exitOK || !ok {
			t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
		}
		return strings.TrimSpace(h)
	}
	one, again := hash("one", "1"), hash("again", "1")
	if one != again || one == hash("two", "2") {
		t.Errorf("the traces have the hashes %s and %s", one, again)
	}
	if r := inside("trace", "diff", filepath.Join(dir, "one"), filepath.Join(dir, "again")); r.code != exitOK {
		t.Errorf("%s%s", r.out, r.err)
	}
	if r := inside("trace", "show", filepath.Join(dir, "one"), "--kind", "fault"); !strings.Contains(r.out, "crash C") {
		t.Errorf("%s%s", r.out, r.err)
	}
}

func TestBenchAgreement(t *testing.T) {
	dir := t.TempDir()
	r := inside("bench", "agreement", "--worlds", "sim", "--dags", "1", "--window", "5s", "--out", dir, "--format", "json")
	if r.code != exitOK || strings.Count(r.out, "\n") < 30 {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	for _, name := range []string{"agreement.jsonl", "agreement.svg"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r = inside("bench", "agreement", "--worlds", "sim", "--dags", "0", "--window", "5s"); !strings.Contains(r.out, "sim is at most") {
		t.Errorf("%s%s", r.out, r.err)
	}
}
