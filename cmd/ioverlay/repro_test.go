package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench/library"
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
	if len(objects) != 15 || objects[0].Kind != "env" || objects[14].Kind != "fig4" {
		t.Errorf("%d objects, want the environment and 14 nodes:\n%s", len(objects), r.Out)
	}
	for _, name := range []string{resultsName, "fig4.svg"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	again := inside("repro", "fig4", "--format", "json", "--out", t.TempDir())
	if objects := parseLines(t, again.Out); string(objects[14].line) != lastLine(r.Out) {
		t.Errorf("another run gives another result:\n%s\n%s", objects[14].line, lastLine(r.Out))
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
	if strings.Count(r.Out, "helper") != 5 || !strings.Contains(r.Out, "source") {
		t.Errorf("the table:\n%s", r.Out)
	}
}

func TestReproTopologies(t *testing.T) {
	r := inside("repro", "topologies", "--count", "1", "--warmup", "5s", "--duration", "5s", "--out", t.TempDir())
	if r.Code != console.ExitOK || !strings.Contains(r.Out, "butterfly") || !strings.Contains(r.Out, "dag-1") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
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
		{"repro", "fig4", "--world", "moon"}, {"repro", "fig4", "--duration", "1ms"}, {"repro", "topologies", "--world", "proc"},
		{"repro", "topologies", "--count", "1000"}, {"repro", "topologies", "--family", "ring"}, {"repro", "topologies", "--loss", "60%"},
		{"repro", "topologies", "--loss", "some"}, {"repro", "topologies", "--crash-every", "9s", "--loss", "1%"}, {"repro", "topologies", "--crash-every", "-1s"},
		{"repro", "topologies", "--crash-every", "9s", "--world", "live"}, {"repro", "topologies", "--crash-every", "5s", "--down-for", "5s"}, {"bench", "coding", "--relay", "4"}, {"bench", "coding", "--relay", "40,4"},
		{"bench", "codes", "--codes", "raptorq"}, {"bench", "codes", "--k", "1"}, {"bench", "codes", "--size", "65"}, {"bench", "codes", "--loss", "0.3"},
		{"bench", "codes", "--trials", "0"}, {"bench", "codes", "--rounds", "0"}, {"bench", "codes", "--k", ""},
		{"repro", "library", "--overlays", "napster"}, {"repro", "library", "--nodes", "3"}, {"bench", "coding", "--links", "fax"}, {"bench", "coding", "--k", "1"},
	} {
		if r := inside(args...); r.Code != console.ExitUsage {
			t.Errorf("%v: exit code %d: %s", args, r.Code, r.Err)
		}
	}
}
