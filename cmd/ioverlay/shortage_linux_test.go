package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	results "github.com/ioverlay/ioverlay/scenario/result"
)

// With too few descriptors, for dialing, for accepting or for starting, a run says so and
// does not succeed; with enough of them every link carries everything. There is nothing
// between.
func TestRunsOutOfDescriptors(t *testing.T) {
	const star = `name: star
duration: 500ms
nodes: [hub, n1..n40]
links: [{star: {center: hub, leaves: n1..n40}}]
applications: [{name: a, at: hub, source: constant-rate, rate: 40/s, payload: 100B}]
`
	file := scenarioFile(t, star)
	short, enough := 0, 0
	limits := []int{60, 75, 90, 98, 104, 110, 120, 135, 400}
	if testing.Short() {
		limits = []int{90, 110, 400}
	}
	for _, limit := range limits {
		cmd := program(t, "run", file, "--world", "live", "--format", "json")
		limited := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)}, cmd.Args...)...)
		limited.Env = cmd.Env
		r := finish(t, limited)
		if r.code == exitFailed {
			short++
			if !strings.Contains(r.err, "descriptors") && !strings.Contains(r.err, "too many open files") {
				t.Errorf("%d descriptors: %s", limit, r.err)
			}
			continue
		}
		var report results.Report
		if err := json.Unmarshal([]byte(r.out), &report); r.code != exitOK || err != nil {
			t.Errorf("%d descriptors: exit code %d, %v\n%s%s", limit, r.code, err, r.out, r.err)
			continue
		}
		enough++
		for _, l := range report.Links {
			if l.Received != report.Nodes[0].Sent {
				t.Errorf("%d descriptors: %s has %d of %d messages, and the run succeeded", limit, l.Name, l.Received, report.Nodes[0].Sent)
			}
		}
	}
	if short == 0 || enough == 0 {
		t.Errorf("%d runs were short and %d were not", short, enough)
	}
}
