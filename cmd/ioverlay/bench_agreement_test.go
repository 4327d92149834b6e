package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/console"
)

func TestBenchAgreement(t *testing.T) {
	dir := t.TempDir()
	r := inside("bench", "agreement", "--worlds", "sim", "--dags", "1", "--window", "5s", "--out", dir, "--format", "json")
	if r.Code != console.ExitOK || strings.Count(r.Out, "\n") < 30 {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
	for _, name := range []string{"agreement.jsonl", "agreement.svg"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r = inside("bench", "agreement", "--worlds", "sim", "--dags", "0", "--window", "5s"); !strings.Contains(r.Out, "sim is at most") {
		t.Errorf("%s%s", r.Out, r.Err)
	}
	if r = inside("bench", "agreement", "--worlds", "proc"); r.Code != console.ExitUsage || !strings.Contains(r.Err, "sim, live") {
		t.Errorf("exit code %d\n%s%s", r.Code, r.Out, r.Err)
	}
}
