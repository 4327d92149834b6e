package main

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/bench/failures"
	"github.com/ioverlay/ioverlay/cli/clitest"
)

// Each kind of failure is noticed, by real processes, or is skipped with a reason.
// How fast is what the benchmark is for.
func TestBenchFailures(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	r := clitest.Finish(t, clitest.Program(t, "bench", "failures", "--trials", "1", "--stall-timeout", "200ms", "--fail-timeout", "500ms", "--format", "json"))
	if r.Code != 0 {
		t.Fatalf("exit code %d: %s", r.Code, r.Err)
	}
	noticed := map[string]string{"kill-down": "link-down", "kill-up": "link-down", "domino": "broken-source",
		"stop": "link-stalled", "cut": "link-down", "stop-cut": "link-down", "loss": "nothing"}
	seen := map[string]bool{}
	for s := bufio.NewScanner(strings.NewReader(r.Out)); s.Scan(); {
		var sum failures.Summary
		if err := json.Unmarshal(s.Bytes(), &sum); err != nil || sum.Object != "summary" {
			continue
		}
		seen[sum.Kind] = true
		if sum.Skipped == "" && (sum.Trials != 1 || sum.Noticed != noticed[sum.Kind]) {
			t.Errorf("%+v", sum)
		}
		if sum.Skipped != "" && sum.Kind != "cut" && sum.Kind != "stop-cut" && sum.Kind != "loss" {
			t.Errorf("%s was skipped: %s", sum.Kind, sum.Skipped)
		}
	}
	for _, k := range failures.Kinds() {
		if !seen[k] {
			t.Errorf("no summary of %s in:\n%s", k, r.Out)
		}
	}
}

func TestBenchFailuresUsage(t *testing.T) {
	for _, args := range [][]string{{"--trials", "0"}, {"--kinds", "meteor"}, {"--fail-timeout", "0"}, {"--format", "xml"}} {
		if r := inside(append([]string{"bench", "failures"}, args...)...); r.Code != 2 {
			t.Errorf("%q: exit code %d", args, r.Code)
		}
	}
}
