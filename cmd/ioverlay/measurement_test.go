package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestUnknownCommands(t *testing.T) {
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"bench", "chian"}, []string{`"chian"`, "ioverlay bench", "did you mean chain?", `See "ioverlay bench --help"`}},
		{[]string{"bench", "chian", "--nodes", "2"}, []string{"unknown"}},
		{[]string{"bench", "nothing-like-it"}, []string{`unknown command "nothing-like-it" for "ioverlay bench"`}},
		{[]string{"bench", "chain", "chain"}, []string{"chain"}},
		{[]string{"repro", "fig44"}, []string{"did you mean fig3, fig4, fig5, fig6, fig7, fig8 or fig9?"}},
		{[]string{"perf", "swich"}, []string{"did you mean switch?"}},
		{[]string{"trace", "shwo"}, []string{"did you mean show?"}},
		{[]string{"trace", "dif"}, []string{"diff"}},
		{[]string{"bnech"}, []string{"bench"}},
		{[]string{"help", "bench", "chian"}, []string{"did you mean chain?"}},
		{[]string{"help", "bnech"}, []string{"did you mean bench?"}},
	} {
		r := inside(c.args...)
		if r.Code != console.ExitUsage || r.Out != "" {
			t.Errorf("%v: exit code %d, output %q; want %d, none", c.args, r.Code, r.Out, console.ExitUsage)
		}
		for _, want := range c.says {
			if !strings.Contains(r.Err, want) {
				t.Errorf("%v: %q does not say %q", c.args, r.Err, want)
			}
		}
	}
	for _, args := range [][]string{{"bench"}, {"repro"}, {"perf"}, {"trace"}, {"help"}, {"help", "bench"}, {"help", "bench", "chain"}, {"bench", "--help"}} {
		if r := inside(args...); r.Code != console.ExitOK || !strings.Contains(r.Out, "Usage") {
			t.Errorf("%v: exit code %d, %s%s", args, r.Code, r.Out, r.Err)
		}
	}
}

// A directory that cannot be written is an error before anything is measured: each of these would take an hour.
func TestOutIsTriedFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := clitest.Scenario(t, strings.ReplaceAll(clitest.Small, "300ms", "1h"))
	commands := [][]string{
		{"bench", "chain", "--duration", "1m", "--rounds", "100"},
		{"bench", "gf", "--rounds", "1000", "--sample", "1s"},
		{"bench", "coding", "--rounds", "1000", "--duration", "1m"},
		{"bench", "emulation", "--window", "1h"},
		{"bench", "failures", "--trials", "1000000"},
		{"bench", "probes", "--trials", "1000000"},
		{"bench", "agreement", "--window", "1h"},
		{"bench", "sim", "--messages", "1000000000000"},
		{"bench", "idle", "--nodes", "2", "--duration", "1h"},
		{"bench", "footprint", "--connections", "1", "--duration", "1h"},
		{"repro", "fig4", "--world", "live", "--duration", "1h"},
		{"repro", "topologies", "--world", "live", "--duration", "1h"},
		{"perf", "switch", "--nodes", "2", "--duration", "1h"},
		{"run", long, "--world", "live"},
	}
	for _, args := range commands {
		for _, dir := range []string{file, filepath.Join(file, "below")} {
			r := inside(append(args, "--out", dir)...)
			if r.Code != console.ExitFailed || !strings.Contains(r.Err, "--out") || !strings.Contains(r.Err, dir) {
				t.Errorf("%v: exit code %d, %s", args, r.Code, r.Err)
			}
		}
	}
	profile := filepath.Join(file, "cpu.pprof")
	if r := inside("bench", "chain", "--rounds", "100", "--out", t.TempDir(), "--cpuprofile", profile); r.Code != console.ExitFailed || !strings.Contains(r.Err, "--cpuprofile") {
		t.Errorf("exit code %d, %s", r.Code, r.Err)
	}
}

// What was measured before Ctrl-C is reported after it. Each command is interrupted when it has told of so many objects.
func TestInterruptedCommandsReportWhatTheyHave(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many commands")
	}
	for _, c := range []struct {
		args  []string
		until int      // objects
		also  string   // of the results, a sum of what was measured; "" for none
		files []string // beside results
	}{
		{[]string{"bench", "gf", "--level", "generic", "--sizes", "100", "--sample", "10ms", "--rounds", "1000"}, 2, `"kind":"summary"`, []string{resultsName}},
		{[]string{"bench", "coding", "--k", "8", "--size", "100", "--links", "mem", "--warmup", "1ms", "--duration", "50ms", "--rounds", "1000"}, 2,
			`"kind":"coding-summary"`, []string{resultsName, "coding.svg"}},
		{[]string{"bench", "failures", "--kinds", "kill-down", "--trials", "10000"}, 2, `"object":"summary"`,
			[]string{"failures.jsonl", "failures.txt", "failures.svg"}},
		{[]string{"bench", "probes", "--links", "mem", "--trials", "10000"}, 2, `"object":"row"`, []string{"probes.jsonl", "probes.txt"}},
		{[]string{"bench", "agreement", "--worlds", "sim", "--dags", "10000", "--window", "20s"}, 2, "", []string{"agreement.jsonl", "agreement.svg"}},
		{[]string{"bench", "sim", "--nodes", "20", "--messages", "1000", "--rounds", "100"}, 1, "", []string{resultsName}},
		{[]string{"bench", "idle", "--nodes", "2", "--links", strings.Repeat("mem,", 100), "--duration", "10ms"}, 1, "", []string{resultsName}},
		{[]string{"bench", "attack", "--silent", "20", "--rate", "100", "--duration", "1s"}, 2, `"kind":"attack"`, []string{resultsName}},
		{[]string{"repro", "fig7", "--nodes", "8", "--seeds", "5000"}, 3, `"kind":"tree"`, []string{resultsName, "fig7-stress.svg"}},
		{[]string{"repro", "fig4", "--duration", "10m"}, 3, "", []string{resultsName, "fig4.svg"}},
		{[]string{"repro", "delay", "--duration", "10m"}, 3, `"kind":"delay"`, []string{resultsName}},
		{[]string{"repro", "topologies", "--count", "100", "--warmup", "5s", "--duration", "5m"}, 2, "", []string{resultsName, "topologies.svg"}},
	} {
		t.Run(strings.Join(c.args[:2], " "), func(t *testing.T) {
			dir := t.TempDir()
			out, errs, code := interrupt(t, c.until, append(c.args, "--format", "json", "--out", dir)...)
			if code != console.ExitInterrupted || !strings.Contains(errs, "ioverlay: interrupted") || strings.Contains(errs, "\r") {
				t.Errorf("exit code %d: %s", code, errs)
			}
			if !strings.Contains(out, c.also) || strings.Count(out, "\n") < c.until {
				t.Errorf("no %s in\n%s", c.also, out)
			}
			for i, name := range c.files {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || len(text) == 0 || !strings.Contains(errs, name) {
					t.Errorf("%s: %d bytes, %v; told %s", name, len(text), err, errs)
				}
				if i == 0 && string(text) != out {
					t.Errorf("%s differs from what was printed", name)
				}
			}
		})
	}
}

// Ctrl-C in the middle of all figures: those before are whole, the one that it was at has what was measured, and the page has both.
func TestAllFiguresInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("measures a figure")
	}
	dir := t.TempDir()
	alone := clitest.Finish(t, clitest.Program(t, "repro", "fig4", "--format", "json", "--out", filepath.Join(dir, "alone")))
	if alone.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", alone.Code, alone.Err)
	}
	all := filepath.Join(dir, "all")
	out, errs, code := interrupt(t, strings.Count(alone.Out, "\n")+3, "repro", "all", "--figures", "fig4,fig7", "--world", "sim", "--seeds", "5000", "--format", "json", "--out", all)
	if code != console.ExitInterrupted || !strings.Contains(errs, "ioverlay: interrupted") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	printed := ""
	for _, folder := range []string{"fig4-sim", "fig7-sim"} {
		text, err := os.ReadFile(filepath.Join(all, folder, resultsName))
		if err != nil {
			t.Error(err)
		}
		printed += string(text)
	}
	if printed != out || !strings.Contains(out, `"kind":"tree"`) {
		t.Errorf("kept %d bytes, printed %d", len(printed), len(out))
	}
	page, err := os.ReadFile(filepath.Join(all, "report.html"))
	if n := strings.Count(string(page), "<h3>World sim: "); err != nil || n != 2 {
		t.Errorf("the page has %d results in %d bytes, %v", n, len(page), err)
	}
}

// interrupt runs a command until it has printed so many lines, and then presses Ctrl-C.
func interrupt(t *testing.T, lines int, args ...string) (out, errs string, code int) {
	t.Helper()
	cmd := clitest.Program(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(pipe)
	var text strings.Builder
	for range lines {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%v: %s%s, %v", err, text.String(), line, cmd.Wait())
		}
		text.WriteString(line)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	text.Write(rest)
	_ = cmd.Wait() // it is the exit code that counts
	return text.String(), stderr.String(), cmd.ProcessState.ExitCode()
}
