package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

// object is any line of results.
type object struct {
	Kind        string `json:"kind"`
	Pass        string `json:"pass"`
	Nodes       int    `json:"nodes"`
	Interrupted bool   `json:"interrupted"`
	Points      int    `json:"points"`
	line        json.RawMessage
}

func parseLines(t *testing.T, text string) []object {
	t.Helper()
	var objects []object
	for line := range strings.Lines(text) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		o.line = json.RawMessage(line)
		objects = append(objects, o)
	}
	return objects
}

// strictly decodes a line into the type that a reader of results would use.
func strictly(t *testing.T, line json.RawMessage, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

func TestBenchChainOfEveryKind(t *testing.T) {
	dir := t.TempDir()
	profile := filepath.Join(dir, "cpu.pprof")
	r := clitest.Finish(t, clitest.Program(t, "bench", "chain", "--nodes", "2,3", "--payload", "1000", "--duration", "30ms",
		"--rounds", "1", "--format", "json", "--out", filepath.Join(dir, "out"), "--cpuprofile", profile))
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	saved, err := os.ReadFile(filepath.Join(dir, "out", resultsName))
	if err != nil {
		t.Fatal(err)
	}
	if string(saved) != r.Out {
		t.Error("the file of results differs from what was printed")
	}
	objects := parseLines(t, r.Out)
	checkObjects(t, objects, []string{"tcp", "mem", "proc", "shm", "goroutine", "raw"}, []int{2, 3})
	for _, name := range []string{profile, filepath.Join(dir, "out", bench.ChartPerCPU), filepath.Join(dir, "out", bench.ChartPerWall)} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty: %v", name, err)
		}
		if !strings.Contains(r.Err, name) {
			t.Errorf("nobody was told of %s: %s", name, r.Err)
		}
	}
}

// checkObjects wants the environment first, the summary last, and between them each point of both passes once.
func checkObjects(t *testing.T, objects []object, kinds []string, nodes []int) {
	t.Helper()
	if want := 2 + 2*len(kinds)*len(nodes); len(objects) != want {
		t.Fatalf("%d objects, want %d", len(objects), want)
	}
	strictly(t, objects[0].line, new(bench.Env))
	strictly(t, objects[len(objects)-1].line, new(bench.Summary))
	if objects[0].Kind != bench.ObjectEnv || objects[len(objects)-1].Kind != bench.ObjectSummary {
		t.Errorf("first %q, last %q; want environment and summary", objects[0].Kind, objects[len(objects)-1].Kind)
	}
	type place struct {
		kind, pass string
		nodes      int
	}
	seen := make(map[place]int)
	for _, o := range objects[1 : len(objects)-1] {
		var p bench.Point
		strictly(t, o.line, &p)
		if p.Messages == 0 || p.Violations() != 0 || (p.Pass == bench.PassLatency) != (p.LatencyNS != nil) {
			t.Errorf("point %s", o.line)
		}
		seen[place{p.Kind, p.Pass, p.Nodes}]++
	}
	for _, kind := range kinds {
		for _, pass := range []string{bench.PassThroughput, bench.PassLatency} {
			for _, n := range nodes {
				if seen[place{kind, pass, n}] != 1 {
					t.Errorf("%s of %s at %d nodes: %d points, want 1", pass, kind, n, seen[place{kind, pass, n}])
				}
			}
		}
	}
}

func TestBenchChainPrintsTables(t *testing.T) {
	r := clitest.Finish(t, clitest.Program(t, "bench", "chain", "--nodes", "2,3", "--duration", "20ms", "--rounds", "1", "--latency-rounds", "0",
		"--links", "", "--out", t.TempDir()))
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	for _, want := range []string{"goroutine", "raw", "GB/CPU-s", "one switch costs", "48.4 MB/s"} {
		if !strings.Contains(r.Out, want) {
			t.Errorf("%q is missing in\n%s", want, r.Out)
		}
	}
}

func TestBenchChainFailsWhereItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := inside("bench", "chain", "--links", "", "--out", filepath.Join(file, "below"))
	if r.Code != console.ExitFailed || !strings.Contains(r.Err, "--out") {
		t.Errorf("%+v; want exit code %d and an error that names --out", r, console.ExitFailed)
	}
}

// Ctrl-C in the middle of a long point: what was measured is reported, and no child is left.
func TestBenchChainInterrupted(t *testing.T) {
	cmd := clitest.Program(t, "bench", "chain", "--nodes", "2", "--links", "", "--against", "raw", "--duration", "300ms",
		"--rounds", "1000", "--format", "json", "--out", t.TempDir())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var text strings.Builder
	for range 2 { // the environment and the first point
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(line)
	}
	children := childrenOf(t, cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	text.Write(rest)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != console.ExitInterrupted {
		t.Errorf("exit code %d, want %d: %s", cmd.ProcessState.ExitCode(), console.ExitInterrupted, errs.String())
	}
	objects := parseLines(t, text.String())
	last := objects[len(objects)-1]
	if last.Kind != bench.ObjectSummary || !last.Interrupted || last.Points != len(objects)-2 || last.Points < 1 {
		t.Errorf("the last of %d objects is %s; want a summary of an interrupted run", len(objects), last.line)
	}
	if !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("standard error does not say why it ended: %s", errs.String())
	}
	for _, pid := range children {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}
