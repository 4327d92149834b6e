package run

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/algos"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
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
	file := clitest.Scenario(t, strings.Replace(clitest.Small, "nodes: [A..C]", "nodes: [A..B, {names: C, algorithm: impatient}]", 1))
	failing := clitest.Scenario(t, strings.NewReplacer("nodes: [A..C]", "nodes: [A..B, {names: C, algorithm: impatient}]", "= 10]", "= 11]").Replace(clitest.Small))
	for _, c := range []struct {
		file  string
		after int64
		says  []string
	}{
		{file, 3, []string{"of 1000 seeds", "none of them fails"}},
		{failing, 3, []string{"seed 1 fails", "as it was found", "--duration 300ms", "before it was as small as it can be"}},
	} {
		for _, format := range []string{console.FormatTable, console.FormatJSON} {
			ctx, cancel := context.WithCancel(t.Context())
			var out strings.Builder
			a := &app{&console.App{Streams: console.Streams{Out: &out, Err: io.Discard}, Started: true, Registry: impatient(cancel, c.after)}}
			err := a.huntSeeds(ctx, simRunFlags{format: format, workers: 1}, c.file, 1, 1000)
			if code := a.ExitCode(err); code != console.ExitInterrupted {
				t.Errorf("exit code %d, %v", code, err)
			}
			if format == console.FormatJSON {
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
	long := strings.NewReplacer("300ms", "10h", ", messages: 10", "", "expect: [received(B) = 10]", "record: {every: 1s}").Replace(clitest.Small)
	a := clitest.App(nil, console.Streams{Out: out, Err: io.Discard})
	root := a.Root(&cobra.Command{Use: a.Name}, Sim(a))
	root.SetArgs([]string{"sim", clitest.Scenario(t, long), "--trace", "-"})
	err := root.ExecuteContext(ctx)
	if code := a.ExitCode(err); code != console.ExitInterrupted || !strings.Contains(out.String(), "Stopped at") || !strings.Contains(out.String(), "| A ") {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// A hunt reports the failure as it was found beside what it was made to.
func TestHuntsReportTheOriginal(t *testing.T) {
	file := clitest.Scenario(t, strings.Replace(clitest.Small, "= 10]", "= 11]", 1))
	r := inside("sim", file, "--seeds", "3..5", "--until-fail")
	for _, says := range []string{"as it was found, with all 1 faults in 0.3s", "received(B) = 11: found 10", "--seed 3 --duration 300ms --no-faults --fault \"200ms crash C\""} {
		if r.Code != console.ExitViolation || !strings.Contains(r.Out, says) {
			t.Errorf("exit code %d; %q is not in\n%s%s", r.Code, says, r.Out, r.Err)
		}
	}
	if r = inside("sim", file, "--duration", "301ms"); r.Code != console.ExitUsage || !strings.Contains(r.Err, "at most 300ms") {
		t.Errorf("exit code %d: %s", r.Code, r.Err)
	}
	// What begins later than a shorter run is no reason to go on.
	r = inside("sim", clitest.Scenario(t, strings.Replace(clitest.Small, "received(B) = 10", "throughput(B) > 0Bps between 50ms and 290ms", 1)), "--duration", "100ms", "--format", "json")
	var report results.Report
	if err := json.Unmarshal([]byte(r.Out), &report); err != nil || report.DurationS != 0.1 || r.Code != console.ExitViolation || report.Expectations[0].Measured {
		t.Errorf("exit code %d, %v: %s", r.Code, err, r.Out)
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
	long := clitest.Scenario(t, strings.Replace(clitest.Small, "300ms", "100h", 1))
	if r := inside("run", long, "--world", "live", "--out", filepath.Join(taken, "out")); r.Code != console.ExitFailed || !strings.Contains(r.Err, "directory for results") {
		t.Errorf("exit code %d: %s", r.Code, r.Err)
	}
	file, out := clitest.Scenario(t, clitest.Small), filepath.Join(dir, "out")
	if r := inside("run", file, "--seed", "9", "--out", out); r.Code != console.ExitOK {
		t.Fatal(r.Err)
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
		{"expect: [received(B) = received(C) / 0]", console.ExitViolation, "a division by 0"},
		{"expect: [sent(B) / sent(C) = 1]", console.ExitViolation, "a division by 0"},
		{"expect: [lost(A) / received(A) <= 1%]", console.ExitViolation, "a division by 0"},
		{"expect: [throughput(A -> C) = 0Bps]", console.ExitViolation, "A -> C never was there"},
		{"expect: [received(C -> B) = 0]", console.ExitViolation, "C -> B never was there"},
		{"timeline: [{at: 100ms, cut: A -> C}]", console.ExitUsage, ":6:31: there is no link A -> C"},
		{"timeline: [{at: 100ms, heal: B -> A}]", console.ExitUsage, ":6:32: there is no link B -> A"},
		{"timeline: [{at: 100ms, set: {links: B -> C, rate: 0.1Bps}}]", console.ExitUsage, ":6:51: 0.1Bps cannot be used"},
		{"bandwidth: {up: 0Mbps}", console.ExitUsage, ":6:17: 0Bps cannot be used"},
		{"expect: [received(B) = 15, received(C) = 15, sent(A) = 15]", console.ExitOK, "ok"},
	} {
		for _, world := range []string{"sim", "live"} {
			r := inside("run", clitest.Scenario(t, base+c.more+"\n"), "--world", world)
			if r.Code != c.code || !strings.Contains(r.Out+r.Err, c.says) {
				t.Errorf("%s, %s: exit code %d, want %d with %q\n%s%s", world, c.more, r.Code, c.code, c.says, r.Out, r.Err)
			}
		}
	}
}

// A hunt that is interrupted says how far it came; the first runs of a plan with so many seeds are over at once.
func TestHuntReportOfAnInterruptedHunt(t *testing.T) {
	for _, format := range []string{console.FormatTable, console.FormatJSON} {
		var out strings.Builder
		a := &app{&console.App{Streams: console.Streams{Out: &out}}}
		report := newHuntReport(1, 1000, nil, nil)
		report.Runs = 17
		if err := a.printHunt(simRunFlags{format: format}, report, nil); err != nil {
			t.Fatal(err)
		}
		if format == console.FormatTable && !strings.Contains(out.String(), "17 of 1000 seeds") {
			t.Errorf("%s", out.String())
		}
		var r huntReport
		if format == console.FormatJSON && (json.Unmarshal([]byte(out.String()), &r) != nil || r.Runs != 17 || r.Finished) {
			t.Errorf("%s", out.String())
		}
	}
}

// Another algorithm than the file's is run with what is given of its parameters, and hunts say so when they say how to
// run a case again.
func TestAnotherAlgorithm(t *testing.T) {
	file := clitest.Scenario(t, strings.Replace(clitest.Small, "received(B) = 10", "received(C) = 10", 1))
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"run FILE", console.ExitOK, "received(C) = 10"},
		{"run FILE --algorithm gossip --param probability=100%", console.ExitOK, "received(C) = 10"},
		{"run FILE --algorithm gossip --param probability=0", console.ExitViolation, "FAILED"},
		{"sim FILE --algorithm gossip --param probability=0%", console.ExitViolation, "FAILED"},
		{"sim FILE --algorithm gossip --param probability=0 --seeds 1..3 --until-fail", console.ExitViolation, "ioverlay sim FILE --algorithm gossip --param \"probability=0\" --seed 1 "},
		{"run FILE --algorithm gosip", console.ExitUsage, "chord, cyclon, gossip, hyparview, mesh, plumtree, relay, rlnc, rlnc-window, sflow, swim or tree"},
		{"sim FILE --algorithm gosip --seeds 1..3 --until-fail", console.ExitUsage, "chord, cyclon, gossip, hyparview, mesh, plumtree, relay, rlnc, rlnc-window, sflow, swim or tree"},
		{"run FILE --algorithm gossip --param q=1", console.ExitUsage, `no parameter "q"`},
		{"run FILE --algorithm gossip --param probability=2", console.ExitUsage, "from 0 to 1"},
		{"run FILE --algorithm gossip --param p", console.ExitUsage, "NAME=VALUE"},
		{"run FILE --param p=1", console.ExitUsage, "together with --algorithm"},
	} {
		r := inside(strings.Fields(strings.ReplaceAll(c.args, "FILE", file))...)
		if says := strings.ReplaceAll(c.says, "FILE", file); r.Code != c.code || !strings.Contains(r.Out+r.Err, says) {
			t.Errorf("%s: exit code %d, want %d with %q\n%s%s", c.args, r.Code, c.code, says, r.Out, r.Err)
		}
	}
}
