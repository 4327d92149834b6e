package run

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ioverlay/ioverlay/cli/clitest"
	"github.com/ioverlay/ioverlay/cli/console"
	"github.com/ioverlay/ioverlay/scenario"
)

// hangs are the calls from which it does not return, with what is said of them.
var hangs = map[string]string{
	"new":           "node A, which was asked to be made (New), has not returned",
	"bind":          "node A, which was given no message (Bind, ",
	"started":       "node A, which was given a message of type started, has not returned",
	"world-up":      "node A, which was given a message of type world-up, has not returned",
	"broken-source": "node A, which was given a message of type broken-source, has not returned",
	"stopping":      "node A, which was given a message of type stopping, has not returned",
}

// hangingScenario has B die, so that A is told of the end of what B sends. Its samples are far apart.
func hangingScenario(t *testing.T, at string) string {
	return clitest.Scenario(t, fmt.Sprintf(`name: hanging
duration: 4s
record: {every: 20s}
nodes: [A, {names: B, algorithm: relay}]
algorithm: hanging-%s
links: [B -> A]
applications: [{name: a, at: B, source: constant-rate, rate: 10 messages/s, payload: 10B}]
timeline: [{at: 500ms, kill: B}]
`, at))
}

// An algorithm that does not return is given up in every world, whichever call it is, with its node and place.
func TestHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts worlds and waits for the watchdog")
	}
	check := func(t *testing.T, file, world string, says ...string) {
		t.Helper()
		r := impureProgram(t, "run", file, "--world", world, "--hang-after", "1500ms")
		if r.Code != console.ExitFailed {
			t.Errorf("exit code %d, want %d", r.Code, console.ExitFailed)
		}
		for _, part := range append(says, scenario.ErrHung.Error()) {
			if !strings.Contains(r.Err, part) {
				t.Errorf("%q is not in\n%s", part, r.Err)
			}
		}
	}
	for world, places := range map[string][]string{
		"sim": slices.Collect(maps.Keys(hangs)), "live": {"new", "bind", "stopping"}, "proc": {"new", "bind", "broken-source", "stopping"},
	} {
		t.Run("loop "+world, func(t *testing.T) {
			check(t, impureScenario(t, "loop"), world, "node A, which was given a message of type timer, has not returned", "check_test.go", "(*impure).Process")
		})
		for _, at := range places {
			t.Run(at+" "+world, func(t *testing.T) {
				check(t, hangingScenario(t, at), world, hangs[at], "hanging.go", "(*hanging).hang")
			})
		}
	}
	t.Run("sleep sim", func(t *testing.T) {
		check(t, impureScenario(t, "sleep"), "sim", "node A, which was given a message of type timer, has not returned for 1.5s at 1s", "time.Sleep", "(*impure).Process")
	})
}

// Whoever reads a trace from standard output may take its time: no algorithm is to blame for that.
func TestSlowReadersAreNoHang(t *testing.T) {
	if testing.Short() {
		t.Skip("waits longer than the watchdog")
	}
	cmd := clitest.Program(t, "sim", clitest.Scenario(t, strings.NewReplacer("100 messages/s", "10000 messages/s", "messages: 10}", "messages: 3000}", "= 10", "> 10").Replace(clitest.Small)),
		"--trace", "-", "--hang-after", "1500ms", "--format", "json")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // what it has to say is more than the pipe takes
	n, err := io.Copy(io.Discard, out)
	if waitErr := cmd.Wait(); err != nil || waitErr != nil || n < 100_000 {
		t.Errorf("%d bytes, %v, %v: %s", n, err, waitErr, errs.String())
	}
}

// A hunt takes a node that does not return for a failure like others: it is made small, and can be run again.
func TestHuntsFindHangs(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the watchdog again and again")
	}
	text, err := os.ReadFile(hangingScenario(t, "broken-source"))
	if err != nil {
		t.Fatal(err)
	}
	path := clitest.Scenario(t, strings.Replace(string(text), "timeline: [", "timeline: [{at: 100ms, slow: {nodes: B, per-message: 1ms}}, {at: 200ms, slow: {nodes: B, per-message: 2ms}}, {at: 1s, slow: {nodes: A, per-message: 1ms}}, ", 1))
	r := impureProgram(t, "sim", path, "--seeds", "1..3", "--until-fail", "--hang-after", "1500ms", "--format", "json")
	var found huntReport
	if err := json.Unmarshal([]byte(r.Out), &found); err != nil || r.Code != console.ExitViolation || found.Failure == nil {
		t.Fatalf("exit code %d, %v\n%s%s", r.Code, err, r.Out, r.Err)
	}
	f := found.Failure
	if !slices.Equal(f.Faults, []string{"500ms crash B"}) || len(f.Original.Faults) != 4 || f.DurationS > 1 || f.Seed != 1 || !strings.Contains(f.What, hangs["broken-source"]) {
		t.Errorf("%+v", f)
	}
	again := strings.Fields(strings.ReplaceAll(f.Command, `"500ms crash B"`, "500ms_crash_B"))[1:]
	for i := range again {
		again[i] = strings.ReplaceAll(again[i], "_", " ")
	}
	if r := impureProgram(t, again...); r.Code != console.ExitFailed || !strings.Contains(r.Err, hangs["broken-source"]) {
		t.Errorf("%q: exit code %d\n%s", again, r.Code, r.Err)
	}
}
