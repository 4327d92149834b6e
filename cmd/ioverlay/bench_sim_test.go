package main

import (
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench"
	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
)

func TestBenchSim(t *testing.T) {
	r := clitest.Finish(t, clitest.Program(t, "bench", "sim", "--loads", strings.Join(bench.SimLoads(), ","), "--nodes", "20,50", "--messages", "2000", "--rounds", "1", "--format", "json"))
	if r.Code != console.ExitOK {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	objects := parseLines(t, r.Out)
	if len(objects) != 2*len(bench.SimLoads()) {
		t.Fatalf("%d results:\n%s", len(objects), r.Out)
	}
	links := map[string]int{"gossip": 4 * 20, "scenario": 4 * 20, "tree": 19, "chain": 19, "sources": 19}
	for _, o := range objects {
		var s bench.SimResult
		strictly(t, o.line, &s)
		if s.Kind != "sim" || s.Messages < 2000 || s.Bytes < s.Messages*24 || s.VirtualSeconds <= 0 || s.RSSPeak <= 0 || s.Round != 1 {
			t.Errorf("got %+v", s)
		}
		if s.Nodes == 20 && s.Links != links[s.Load] {
			t.Errorf("%d links of 20 nodes under %s, want %d", s.Links, s.Load, links[s.Load])
		}
	}
	r = clitest.Finish(t, clitest.Program(t, "bench", "sim", "--nodes", "20", "--loads", "tree", "--messages", "1000", "--rounds", "2"))
	if r.Code != console.ExitOK || !strings.Contains(r.Out, "| tree") {
		t.Errorf("exit code %d: %s%s", r.Code, r.Out, r.Err)
	}
}

func TestBenchSimUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--nodes", "1"}, {"--nodes", "many"}, {"--nodes", ""}, {"--loads", "nothing"}, {"--messages", "0"}, {"--rounds", "0"}, {"--format", "xml"},
	} {
		r := inside(append([]string{"bench", "sim"}, args...)...)
		if r.Code != console.ExitUsage || !strings.Contains(r.Err, args[0]) {
			t.Errorf("%v: exit code %d, %q", args, r.Code, r.Err)
		}
	}
}
