package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench/library"
	"github.com/ioverlay/ioverlay/bench/repro"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestReproFig4InVirtualTime(t *testing.T) {
	dir := t.TempDir()
	r := inside("repro", "fig4", "--format", "json", "--out", dir)
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	objects := parseLines(t, r.Out)
	kinds := make(map[string][]object)
	for _, o := range objects {
		kinds[o.Kind] = append(kinds[o.Kind], o)
	}
	if objects[0].Kind != "env" || objects[1].Kind != "reproduction" || len(kinds["fig4"]) != 14 || len(kinds["comparison"]) != 13 {
		t.Errorf("%d objects, want the environment, the run, 14 nodes and 13 comparisons:\n%s", len(objects), r.Out)
	}
	for _, name := range []string{resultsName, "fig4.svg", "fig4.png"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	again := inside("repro", "fig4", "--format", "json", "--out", t.TempDir())
	if objects := parseLines(t, again.Out); string(objects[15].line) != string(kinds["fig4"][13].line) || lastLine(again.Out) != lastLine(r.Out) {
		t.Errorf("another run gives another result:\n%s\n%s", objects[15].line, kinds["fig4"][13].line)
	}
}

// All figures that are asked for, in one directory, and the page of them; the page can be made again from there, and
// a world that cannot measure a figure says so.
func TestReproAll(t *testing.T) {
	dir := t.TempDir()
	r := inside("repro", "all", "--figures", "fig3,fig4,fig5,table3", "--world", "sim", "--out", dir)
	if r.Code != console.ExitOK || !strings.Contains(r.Err, "fig3 is not measured in world sim") {
		t.Fatalf("exit code %d: %s%s", r.Code, r.Out, r.Err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Fig. 4: network coding", ";base64,", "ns-aware: degree of A", "in virtual time a switch takes no time", "ioverlay repro table3 --world sim"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	again := filepath.Join(dir, "again.html")
	if r := inside("repro", "report", "--from", dir, "--html", again); r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	if text, err := os.ReadFile(again); err != nil || string(text) != string(page) {
		t.Errorf("the page made again is another, or %v", err)
	}
	if r := inside("repro", "report", "--from", t.TempDir(), "--html", again); r.Code != console.ExitUsage {
		t.Errorf("a directory without results: exit code %d", r.Code)
	}
}

// Sessions of one's own are run, and not compared with the paper.
func TestReproOtherSessions(t *testing.T) {
	r := inside("repro", "table3", "--bandwidths", "S=100,A=300,B=300,C=50", "--order", "C,A,B", "--out", t.TempDir(), "--format", "json")
	if r.Code != console.ExitOK || strings.Contains(r.Out, "degree of") || !strings.Contains(r.Out, `"parent":"A"`) {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
}

func lastLine(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1] + "\n"
}

// A process a node: all start, decode what was sent, and end. Rates are not looked at; the
// window is too short for them.
func TestReproFig4WithProcesses(t *testing.T) {
	r := clitest.Finish(t, clitest.Program(t, "repro", "fig4", "--world", "proc", "--warmup", "500ms", "--duration", "1s", "--out", t.TempDir()))
	if r.Code != console.ExitOK && r.Code != console.ExitViolation {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	if strings.Count(r.Out, "a helper, receives") != 4 || !strings.Contains(r.Out, "coded: node G receives") {
		t.Errorf("the table:\n%s", r.Out)
	}
}

func TestReproTopologies(t *testing.T) {
	r := inside("repro", "topologies", "--count", "1", "--warmup", "5s", "--duration", "5s", "--out", t.TempDir())
	if r.Code != console.ExitOK || !strings.Contains(r.Out, "butterfly") || !strings.Contains(r.Out, "dag-1") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
}

// Every way of every case is a point; nothing is wrong, and where nothing is given up all is delivered, whatever links lose.
func TestReproDelay(t *testing.T) {
	dir := t.TempDir()
	r := inside("repro", "delay", "--warmup", "5s", "--duration", "5s", "--format", "json", "--out", dir)
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	points := make(map[string]int)
	for line := range strings.Lines(r.Out) {
		var p repro.DelayPoint
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if p.Kind != "delay" {
			continue
		}
		points[p.Way]++
		complete := p.Way != "window, no feedback" && (p.Way != "routed" || p.Case == "butterfly")
		if p.Wrong != 0 || complete && p.Delivered != 1 || p.Delivered <= 0 || p.P50 <= 0 || p.P50 > p.P95 || p.P95 > p.P99 || p.P99 > p.Longest {
			t.Errorf("%s", line)
		}
	}
	for _, w := range repro.DelayWays() {
		if points[w.Name] != len(repro.DelayCases()) {
			t.Errorf("%d points of %s", points[w.Name], w.Name)
		}
	}
	if picture, err := os.ReadFile(filepath.Join(dir, "delay.svg")); err != nil || !strings.Contains(string(picture), "window, no feedback") {
		t.Errorf("a chart of %d bytes, %v", len(picture), err)
	}
	if r := inside("repro", "delay", "--duration", "0s"); r.Code != console.ExitUsage {
		t.Errorf("no window: exit code %d: %s", r.Code, r.Err)
	}
}

// The library's claims are rows for programs, and a claim that does not hold has an exit code.
func TestReproLibrary(t *testing.T) {
	dir := t.TempDir()
	r := inside("repro", "library", "--overlays", "plumtree", "--nodes", "100", "--format", "json", "--out", dir)
	if r.Code != console.ExitOK && r.Code != console.ExitViolation {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	var row library.Row
	found, held := 0, true
	for line := range strings.Lines(r.Out) {
		if json.Unmarshal([]byte(line), &row) == nil && row.Overlay == "plumtree" {
			found, held = found+1, held && row.Held
		}
	}
	if found < 3 || held != (r.Code == console.ExitOK) {
		t.Errorf("%d rows, all held: %v, exit code %d\n%s%s", found, held, r.Code, r.Out, r.Err)
	}
}

func TestBenchCoding(t *testing.T) {
	dir := t.TempDir()
	r := inside("bench", "coding", "--k", "8", "--size", "1000", "--relay", "4,5", "--rounds", "1", "--warmup", "5ms", "--duration", "30ms", "--out", dir)
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	for _, name := range []string{"kernel", "library", "mem-forward", "mem-recode", "tcp-forward", "tcp-recode"} {
		if !strings.Contains(r.Out, name) {
			t.Errorf("no line for %s:\n%s", name, r.Out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "coding.svg")); err != nil {
		t.Error(err)
	}
}

// Codes are compared in one table, and rows for programs.
func TestBenchCodes(t *testing.T) {
	dir := t.TempDir()
	r := inside("bench", "codes", "--k", "4", "--size", "64", "--trials", "5", "--rounds", "1", "--out", dir)
	rows, err := os.ReadFile(filepath.Join(dir, "results.jsonl"))
	if r.Code != console.ExitOK || err != nil || !strings.Contains(r.Out, "perpetual") || strings.Count(string(rows), `"kind":"code"`) != 6 {
		t.Errorf("exit code %d, %v\n%s%s", r.Code, err, r.Out, r.Err)
	}
}

func TestReproUsage(t *testing.T) {
	for _, args := range [][]string{
		{"repro", "fig4", "--world", "moon"}, {"repro", "fig4", "--duration", "1ms"}, {"repro", "fig3", "--world", "sim"}, {"repro", "all", "--figures", "fig1"}, {"repro", "all", "--figures", "fig3", "--world", "sim"}, {"repro", "all", "--world", "moon"},
		{"repro", "fig6", "--joins", "81"}, {"repro", "fig7", "--policies", "best"}, {"repro", "fig7", "--nodes", "1"}, {"repro", "fig8", "--seeds", "-1"}, {"repro", "table3", "--order", "X"}, {"repro", "report"}, {"repro", "topologies", "--world", "proc"},
		{"repro", "topologies", "--count", "1000"}, {"repro", "topologies", "--family", "ring"}, {"repro", "topologies", "--loss", "60%"},
		{"repro", "topologies", "--loss", "some"}, {"repro", "topologies", "--crash-every", "9s", "--loss", "1%"}, {"repro", "topologies", "--crash-every", "-1s"},
		{"repro", "topologies", "--crash-every", "9s", "--world", "live"}, {"repro", "topologies", "--crash-every", "5s", "--down-for", "5s"}, {"bench", "coding", "--relay", "4"}, {"bench", "coding", "--relay", "40,4"},
		{"bench", "codes", "--codes", "raptorq"}, {"bench", "codes", "--k", "1"}, {"bench", "codes", "--size", "65"}, {"bench", "codes", "--loss", "0.3"},
		{"bench", "codes", "--trials", "0"}, {"bench", "codes", "--rounds", "0"}, {"bench", "codes", "--k", ""},
		{"repro", "library", "--overlays", "napster"}, {"repro", "library", "--nodes", "3"}, {"repro", "library", "--seeds", "0"}, {"bench", "coding", "--links", "fax"}, {"bench", "coding", "--k", "1"},
	} {
		if r := inside(args...); r.Code != console.ExitUsage {
			t.Errorf("%v: exit code %d: %s", args, r.Code, r.Err)
		}
	}
}
