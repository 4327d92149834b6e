package run

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
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
	file := clitest.Scenario(t, star)
	short, enough := 0, 0
	limits := []int{60, 75, 90, 98, 104, 110, 120, 135, 400}
	if testing.Short() {
		limits = []int{90, 110, 400}
	}
	for _, limit := range limits {
		cmd := clitest.Program(t, "run", file, "--world", "live", "--format", "json")
		limited := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)}, cmd.Args...)...)
		limited.Env = cmd.Env
		r := clitest.Finish(t, limited)
		if r.Code == console.ExitFailed {
			short++
			if !strings.Contains(r.Err, "descriptors") && !strings.Contains(r.Err, "too many open files") {
				t.Errorf("%d descriptors: %s", limit, r.Err)
			}
			continue
		}
		var report results.Report
		if err := json.Unmarshal([]byte(r.Out), &report); r.Code != console.ExitOK || err != nil {
			t.Errorf("%d descriptors: exit code %d, %v\n%s%s", limit, r.Code, err, r.Out, r.Err)
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

// With too few ports to connect from, a run says so and does not succeed. Ports are short between two nodes with a session
// for each lane; a network namespace has a range of its own.
func TestRunsOutOfPorts(t *testing.T) {
	var sessions strings.Builder
	for i := range 12 {
		fmt.Fprintf(&sessions, "  - {name: a%d, at: A, source: constant-rate, rate: 40/s, payload: 100B}\n", i)
	}
	file := clitest.Scenario(t, "name: ports\nduration: 300ms\nnodes: [A, B]\nlinks: [A -> B]\napplications:\n"+sessions.String())
	for _, c := range []struct {
		ports int
		code  int
	}{{8, console.ExitFailed}, {40, console.ExitOK}} {
		for _, world := range []string{"live", "proc"} {
			cmd := clitest.Program(t, "run", file, "--world", world, "--shm=false")
			within := exec.Command("unshare", append([]string{"-n", "sh", "-c", fmt.Sprintf(
				`ip link set lo up && echo 50000 %d >/proc/sys/net/ipv4/ip_local_port_range || exit 77; exec "$0" "$@"`, 50000+c.ports-1)}, cmd.Args...)...)
			within.Env = cmd.Env
			r := clitest.Finish(t, within)
			if r.Code == 77 || r.Code != c.code && strings.Contains(r.Err, "unshare") {
				t.Skipf("no network namespace of one's own here: %s", r.Err)
			}
			if r.Code != c.code || c.code == console.ExitFailed && !strings.Contains(r.Err, "ports at 1 of 2 nodes (A)") {
				t.Errorf("%d ports, world %s: exit code %d, want %d\n%s", c.ports, world, r.Code, c.code, r.Err)
			}
		}
	}
}
