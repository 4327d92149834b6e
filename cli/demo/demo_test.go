package demo

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

var program clitest.Run = func(args []string, s console.Streams) int {
	a := clitest.App(args, s)
	return a.Execute(a.Root(&cobra.Command{Use: a.Name}, Command(a)))
}

func TestPlanIsWorthLookingAt(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:7000")
	plan, err := Plan(scenario.Shipped(), 3, at)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Nodes) != 16 || len(plan.Observers) != 1 || plan.Observers[0] != at {
		t.Errorf("%d nodes that report to %v, want 16 to %v", len(plan.Nodes), plan.Observers, at)
	}
	for _, n := range plan.Nodes {
		if n.Place == nil || n.Group == "" {
			t.Errorf("%s has no place or no group: it would be missing on the map", n.Name)
		}
	}
}

func TestWrongFlags(t *testing.T) {
	for _, args := range [][]string{{"demo", "--poll", "1ms"}, {"demo", "--rounds", "-1"}, {"demo", "--http", "here"}, {"demo", "more"}} {
		if r := program.Inside(args...); r.Code != 2 {
			t.Errorf("%v: exit code %d, want 2; %s", args, r.Code, r.Err)
		}
	}
}

// The demo serves the page and what its nodes report, and Ctrl-C ends it without a complaint.
func TestDemo(t *testing.T) {
	cmd := clitest.Program(t, "demo", "--http", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // it has ended, if the test is well
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "page http://") {
		t.Fatalf("it says %q, want where the page is", lines.Text())
	}
	url := strings.TrimPrefix(lines.Text(), "page ")
	if page := get(t, url); !strings.Contains(page, `<div id="app">`) {
		t.Errorf("the page is %.200s", page)
	}
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		var meta struct{ Nodes int }
		if err := json.Unmarshal([]byte(get(t, url+"api/v1/meta")), &meta); err != nil {
			t.Fatal(err)
		}
		if meta.Nodes == 16 {
			break
		}
		if time.Since(begin) > 3*time.Minute {
			t.Fatalf("%d nodes, want 16", meta.Nodes)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it can write its last words
	if err := cmd.Wait(); err != nil {
		t.Errorf("interrupted, it ends with %v", err)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }() // read to its end or failed
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	return string(b)
}
