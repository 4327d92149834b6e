package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/bench/gfbench"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/coding/gf"
)

func TestBenchGF(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	best := gf.Best().String()
	r := inside("bench", "gf", "--level", best, "--sizes", "100", "--rounds", "1", "--sample", "100us", "--format", "json", "--out", dir)
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	saved, err := os.ReadFile(filepath.Join(dir, resultsName))
	if err != nil || string(saved) != r.Out {
		t.Errorf("the file of results differs from what was printed: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, gfbench.ChartName)); err != nil || info.Size() == 0 || !strings.Contains(r.Err, gfbench.ChartName) {
		t.Errorf("the chart is missing, empty or not told of: %v, %s", err, r.Err)
	}
	objects := parseLines(t, r.Out)
	operations := len(gfbench.Operations())
	if len(objects) != operations+2 {
		t.Fatalf("%d objects of %d operations", len(objects), operations)
	}
	strictly(t, objects[0].line, new(bench.Env))
	for _, o := range objects[1 : operations+1] {
		var p gfbench.Point
		strictly(t, o.line, &p)
		if p.Level != best || p.Size != 100 {
			t.Errorf("point %s", o.line)
		}
	}
	var s gfbench.Summary
	strictly(t, objects[operations+1].line, &s)
	if len(s.Lines) != operations {
		t.Errorf("summary %+v", s)
	}
}

func TestBenchGFPrintsATable(t *testing.T) {
	r := inside("bench", "gf", "--level", "generic", "--sizes", "64", "--rounds", "1", "--sample", "100us", "--out", t.TempDir())
	if r.Code != console.ExitOK || !strings.Contains(r.Out, "one coded packet of 32") || !strings.Contains(r.Out, "Targets reached") {
		t.Errorf("exit code %d, %s\n%s", r.Code, r.Err, r.Out)
	}
	if !strings.Contains(r.Err, resultsName) {
		t.Errorf("nobody was told of the results: %s", r.Err)
	}
}
