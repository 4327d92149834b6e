package trace

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/core/sim/trace"
)

// The way of a message is a tree with times; who crashed before it came is told of.
func TestFollow(t *testing.T) {
	file := writeTrace(t, time.Second)
	r := inside("trace", "show", file, "--follow", "1:5")
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	want := []string{
		"seed=7",
		"",
		"application 1, data #5, 100 bytes, made by a",
		"nodes reached: 2, hops at most: 2, last after: 200µs, slowest hop: 100µs, duplicates: 0, nodes of its stream without it: 0",
		"node        at       hop    total",
		"── a        500ms    0s     0s",
		"   └─ b     500.1ms  100µs  100µs",
		"      └─ c  500.2ms  100µs  200µs",
	}
	if got := strings.TrimRight(r.Out, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if r := inside("trace", "show", file, "--follow", "1:15"); !strings.Contains(r.Out, "not delivered to c, which was down") || !strings.Contains(r.Out, "nodes reached: 1, hops at most: 1") {
		t.Errorf("exit code %d: %s", r.Code, r.Out)
	}
	r = inside("trace", "show", file, "--follow", "1:5", "--maker", "a", "--format", "json")
	var w trace.Way
	if err := json.Unmarshal([]byte(r.Out), &w); err != nil || w.Reached != 2 || len(w.Arrivals) != 3 || w.Arrivals[2].Node.Name != "c" || w.Arrivals[2].Total != 200*time.Microsecond {
		t.Errorf("%v: %s", err, r.Out)
	}
}

func TestGraph(t *testing.T) {
	file := writeTrace(t, time.Second)
	out := filepath.Join(t.TempDir(), "overlay.svg")
	if r := inside("trace", "graph", file, "--at", "1.5s", "--out", out); r.Code != console.ExitOK || r.Out != "" {
		t.Fatalf("exit code %d: %s%s", r.Code, r.Out, r.Err)
	}
	if svg, err := os.ReadFile(out); err != nil || !strings.HasPrefix(string(svg), "<svg") || !strings.Contains(string(svg), "c, ended at 1s") {
		t.Errorf("%v: %s", err, svg)
	}
	if r := inside("trace", "graph", file, "--at", "900ms", "--app", "1", "--type", "data"); !strings.Contains(r.Out, "digraph") || !strings.Contains(r.Out, `n0 -> n1 [penwidth=6.00, label="1.24 KBps", tooltip="9 messages`) {
		t.Errorf("exit code %d: %s", r.Code, r.Out)
	}
	r := inside("trace", "graph", file, "--at", "1.5s", "--format", "json")
	var g struct {
		Nodes []struct{ Name, State string }
		Links []struct{ From, To, Messages int }
	}
	if err := json.Unmarshal([]byte(r.Out), &g); err != nil || len(g.Nodes) != 3 || g.Nodes[2].State != "down" || len(g.Links) == 0 {
		t.Errorf("%v: %s", err, r.Out)
	}
}

func TestWayErrors(t *testing.T) {
	file := writeTrace(t, time.Second)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"show", file, "--follow", "1"}, console.ExitUsage, "such as 1:17"},
		{[]string{"show", file, "--follow", "1:x"}, console.ExitUsage, "such as 1:17"},
		{[]string{"show", file, "--follow", "1:5", "--node", "b"}, console.ExitUsage, "--maker says whose"},
		{[]string{"show", file, "--follow", "1:5", "--type", "data,timer"}, console.ExitUsage, "one type"},
		{[]string{"show", file, "--maker", "b"}, console.ExitUsage, "together with --follow"},
		{[]string{"show", file, "--follow", "1:500"}, console.ExitFailed, "no message 1:500"},
		{[]string{"show", file, "--follow", "1:5", "--maker", "b"}, console.ExitFailed, "made by b"},
		{[]string{"graph", file}, console.ExitUsage, "--at"},
		{[]string{"graph", file, "--at", "-1s"}, console.ExitUsage, "--at"},
		{[]string{"graph", file, "--at", "1s", "--window", "0s"}, console.ExitUsage, "--window"},
		{[]string{"graph", file, "--at", "1s", "--format", "png"}, console.ExitUsage, "--format"},
		{[]string{"graph", file, "--at", "1s", "--app", "x"}, console.ExitUsage, "--app"},
		{[]string{"graph", file, "--at", "1h"}, console.ExitFailed, "the trace ends at"},
		{[]string{"graph", file, "--at", "1s", "--out", "/no/such/directory/x.svg"}, console.ExitFailed, "--out"},
		{[]string{"graph", "no-such-file", "--at", "1s"}, console.ExitFailed, "no-such-file"},
	} {
		if r := inside(append([]string{"trace"}, c.args...)...); r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("%v: exit code %d, %q", c.args, r.Code, r.Err)
		}
	}
}
