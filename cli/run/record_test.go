package run

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/record/recording"
)

func readRecording(t *testing.T, name string) *recording.Reader {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunsAreRecorded(t *testing.T) {
	file, dir := clitest.Scenario(t, clitest.Small), t.TempDir()
	for _, args := range [][]string{
		{"run", file}, {"sim", file}, {"sim", file, "--record-transfers"}, {"run", file, "--world", "live"}, {"run", file, "--world", "proc"},
	} {
		out := filepath.Join(dir, strings.ReplaceAll(filepath.Base(strings.Join(args, "-")), "/", "-")+".rec")
		args := append(args, "--record", out)
		// As a program of its own, since nodes of the proc world are children that run it again.
		if r := clitest.Finish(t, clitest.Program(t, args...)); r.Code != console.ExitOK {
			t.Errorf("%q: %+v", args, r)
			continue
		}
		r := readRecording(t, out)
		m, err := r.At(r.End().Ended)
		if err != nil {
			t.Fatal(err)
		}
		if nodes, links := m.Len(); nodes != 3 || links < 2 {
			t.Errorf("%q: %d nodes and %d links", args, nodes, links)
		}
		if ok, _ := r.Complete(); !ok || !strings.Contains(r.Meta().Scenario, "nodes: [A..C]") || len(r.End().Expectations) == 0 {
			t.Errorf("%q: complete %v, %+v, %+v", args, ok, r.Meta(), r.End())
		}
	}
}

func TestRecordingsThatCannotBe(t *testing.T) {
	file := clitest.Scenario(t, clitest.Small)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"sim", file, "--record-transfers"}, console.ExitUsage, "only together with --record"},
		{[]string{"run", file, "--world", "live", "--record", "x", "--record-transfers"}, console.ExitUsage, "only in virtual time"},
		{[]string{"sim", file, "--seeds", "1..2", "--until-fail", "--record", "x"}, console.ExitUsage, "record the run that the hunt finds"},
		{[]string{"sim", file, "--record", filepath.Join(t.TempDir(), "no", "x")}, console.ExitFailed, "create the recording"},
	} {
		if r := inside(c.args...); r.Code != c.code || !strings.Contains(r.Err, c.says) {
			t.Errorf("%q: %+v", c.args, r)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	// A disk that is full: the run is reported, and its exit code says that the recording is not whole.
	if r := inside("sim", file, "--record", "/dev/full"); r.Code != console.ExitFailed || !strings.Contains(r.Err, "no space left") {
		t.Errorf("a full disk: %+v", r)
	}
}
