package trace

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/algos/relay"
	"github.com/ioverlay/ioverlay/apps"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core"
	"github.com/ioverlay/ioverlay/core/sim"
	"github.com/ioverlay/ioverlay/core/sim/trace"
)

// writeTrace runs three nodes, of which the last crashes at a time, and returns the
// trace's file.
func writeTrace(t *testing.T, crash time.Duration) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "run.trace"))
	if err != nil {
		t.Fatal(err)
	}
	tr := trace.NewWriter(file, trace.Options{About: [][2]string{{"seed", "7"}}, Sent: true})
	w := sim.New(sim.Options{Seed: 7, Watch: tr})
	for _, link := range [][2]string{{"a", "b"}, {"b", "c"}, {"c", ""}} {
		var to []core.NodeID
		if link[1] != "" {
			to = append(to, w.ID(link[1]))
		}
		w.AddNode(link[0], func() core.Algorithm { return relay.New(nil, to...) })
	}
	w.Node("a").Core().AddSource(1, apps.NewConstantRate(apps.Stream{App: 1, Payload: 100, Limit: 20}, 10))
	w.Schedule(sim.Fault{At: crash, Kind: sim.Crash, Nodes: []string{"c"}})
	if err := errors.Join(w.RunFor(3*time.Second), tr.Close(), w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func TestTraceShow(t *testing.T) {
	file := writeTrace(t, time.Second)
	for _, c := range []struct {
		name  string
		args  []string
		says  []string
		lines int // 0 if any number
	}{
		{"all", nil, []string{"seed=7", "fault", "1s crash c", "sha256 "}, 0},
		{"data of a link", []string{"--node", "c", "--from", "b", "--type", "data"}, []string{"#9, 100 bytes", "made by a"}, 10 + 3},
		{"the end of a link", []string{"--node", "b", "--type", "link-down", "--before", "1.05s"}, []string{"downstream: reset (c)"}, 1 + 3},
		{"kinds", []string{"--kind", "fault,ended"}, []string{"1s crash c", "ended"}, 2 + 3},
		{"a limit", []string{"--limit", "2"}, []string{"started"}, 2 + 2},
		{"times", []string{"--after", "1s", "--before", "1.05s", "--app", "1", "--kind", "sent"}, []string{"to b: 1 messages, 124 bytes"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inside(append([]string{"trace", "show", file}, c.args...)...)
			if r.Code != console.ExitOK {
				t.Fatalf("exit code %d: %s", r.Code, r.Err)
			}
			for _, part := range c.says {
				if !strings.Contains(r.Out, part) {
					t.Errorf("%q is not in\n%s", part, r.Out)
				}
			}
			if got := strings.Count(r.Out, "\n"); c.lines != 0 && got != c.lines {
				t.Errorf("%d lines, want %d:\n%s", got, c.lines, r.Out)
			}
		})
	}
}

func TestTraceShowJSON(t *testing.T) {
	r := inside("trace", "show", writeTrace(t, time.Second), "--format", "json", "--node", "c", "--type", "data")
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	count := 0
	for line := range strings.Lines(r.Out) {
		var rec struct {
			Kind string     `json:"kind"`
			Node trace.Peer `json:"node"`
			Seq  int        `json:"seq"`
			Size int        `json:"size"`
			Hash uint64     `json:"hash"`
		}
		if err := json.Unmarshal([]byte(line), &rec); err != nil {
			t.Fatal(err)
		}
		if rec.Kind != "message" || rec.Node.Name != "c" || rec.Seq != count || rec.Size != 100 || rec.Hash == 0 {
			t.Errorf("line %d is %s", count, line)
		}
		count++
	}
	if count != 10 {
		t.Errorf("%d records, want 10", count)
	}
}

func TestTraceDiff(t *testing.T) {
	one, same, other := writeTrace(t, time.Second), writeTrace(t, time.Second), writeTrace(t, 1500*time.Millisecond)
	if r := inside("trace", "diff", one, same); r.Code != console.ExitOK || !strings.Contains(r.Out, "the same: ") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Out, r.Err)
	}
	r := inside("trace", "diff", one, other, "--around", "2")
	if r.Code != console.ExitViolation || strings.Count(r.Out, "\n- ") != 3 || strings.Count(r.Out, "\n+ ") != 4 ||
		!strings.Contains(r.Out, "1s crash c") || !strings.Contains(r.Err, "differ") {
		t.Errorf("exit code %d, %s", r.Code, r.Out)
	}
	r = inside("trace", "diff", one, other, "--format", "json")
	var d trace.Difference
	if err := json.Unmarshal([]byte(strings.ReplaceAll(r.Out, `"kind":`, `"-":`)), &d); err != nil || d.Same || len(d.A) != 6 || d.A[0].Text != "1s crash c" {
		t.Errorf("exit code %d, %v: %s", r.Code, err, r.Out)
	}
}

func TestTraceErrors(t *testing.T) {
	file := writeTrace(t, time.Second)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.trace")
	if err := os.WriteFile(cut, good[:len(good)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"show", "no-such-file"}, console.ExitFailed, "no-such-file"},
		{[]string{"show", cut}, console.ExitFailed, "interrupted"},
		{[]string{"diff", file, cut}, console.ExitFailed, "interrupted"},
		{[]string{"show", file, "--type", "nonsense"}, console.ExitUsage, "--type"},
		{[]string{"show", file, "--type", "32768"}, console.ExitUsage, "--type"},
		{[]string{"show", file, "--kind", "nonsense"}, console.ExitUsage, "--kind"},
		{[]string{"show", file, "--app", "-1"}, console.ExitUsage, "--app"},
		{[]string{"show", file, "--format", "xml"}, console.ExitUsage, "--format"},
		{[]string{"diff", file, file, "--around", "-1"}, console.ExitUsage, "--around"},
		{[]string{"diff", file}, console.ExitUsage, "accepts 2"},
	} {
		if r := inside(append([]string{"trace"}, c.args...)...); r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("%v: exit code %d, %q", c.args, r.Code, r.Err)
		}
	}
}
